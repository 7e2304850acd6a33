# shellcheck shell=bash
# bash completion of wgkex(8)

_wgkex() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local config=/etc/wgkex/wgkex.toml command='' words='--config --json --help --version' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --config) config=${COMP_WORDS[++index]} ;;
      --html | --sort | --interval | --variant | --vni | --reason | --note | --name | --host | --days | --until | --email | --order)
        ((index++))
        ;;
      -*) ;;
      *)
        case $command in
          '') command=${COMP_WORDS[index]} ;;
          lease) command="lease ${COMP_WORDS[index]}" ;;
        esac
        ;;
    esac
  done
  case $previous in
    --config | --html)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --interval | --vni | --reason | --note | --name | --host | --days | --until | --email | --order) return ;;
    --sort) words='key handshake traffic address' ;;
    --variant) words='eui64 ffmuc gluon' ;;
    *) case $command in
      '') words+=' status check peers watch show derive exchange fleet import-ffmuc name add remove block unblock static release adopt lease' ;;
      status) words+=' --html' ;;
      check) words+=' --fix --yes' ;;
      peers) words+=" --alive --idle --stale --pending --static --name --sort --mesh $(_wgkex_domains "$config")" ;;
      watch) words+=" --alive --idle --stale --pending --static --name --sort --interval $(_wgkex_domains "$config")" ;;
      derive) words+=' --variant --vni' ;;
      exchange) words+=" --quiet-success --http --v2 $(_wgkex_domains "$config")" ;;
      fleet) words+=' drain undrain' ;;
      import-ffmuc)
        words+=' --host'
        [[ $word != */* ]] || words+=" $(compgen -f -- "$word")"
        ;;
      name) words+=' --dry-run --remove' ;;
      add) words+=" --dry-run --name $(_wgkex_domains "$config")" ;;
      remove | release) words+=" --dry-run $(_wgkex_domains "$config")" ;;
      block) words+=' --dry-run --name --reason --fleet' ;;
      unblock) words+=' --dry-run' ;;
      static) words+=' --dry-run --name --note add remove' ;;
      adopt) words+=" --yes $(_wgkex_domains "$config")" ;;
      lease) words+=' grant list show extend release rotate revoke export import backup restore' ;;
      'lease grant') words+=" --dry-run --days --until --email --note --order $(_wgkex_domains "$config")" ;;
      'lease list') words+=" --expired --unbound $(_wgkex_domains "$config")" ;;
      'lease extend') words+=' --dry-run --days --until' ;;
      'lease release') words+=' --dry-run --lost' ;;
      'lease rotate' | 'lease revoke') words+=' --dry-run' ;;
      'lease export') words+=" $(_wgkex_domains "$config")" ;;
      'lease import' | 'lease backup' | 'lease restore')
        words+=' --dry-run'
        [[ $command != 'lease restore' ]] || words+=' --yes'
        [[ $word != */* ]] || words+=" $(compgen -f -- "$word")"
        ;;
    esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

_wgkex_domains() {
  sed -n 's/^[[:blank:]]*\[domains\.\([a-z0-9_-]*\)\].*/\1/p' "$1" 2>/dev/null
}

complete -F _wgkex wgkex
