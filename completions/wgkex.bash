# shellcheck shell=bash
# bash completion of wgkex(8)

_wgkex() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local config=/etc/wgkex/wgkex.toml command='' words='--config --json --help --version' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --config) config=${COMP_WORDS[++index]} ;;
      --html | --sort | --interval | --variant | --vni | --reason | --note | --name | --host) ((index++)) ;;
      -*) ;;
      *) command=${command:-${COMP_WORDS[index]}} ;;
    esac
  done
  case $previous in
    --config | --html)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --interval | --vni | --reason | --note | --name | --host) return ;;
    --sort) words='key handshake traffic address' ;;
    --variant) words='eui64 ffmuc gluon' ;;
    *) case $command in
      '') words+=' status check peers watch show derive exchange fleet import-ffmuc name add remove block unblock static release adopt' ;;
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
    esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

_wgkex_domains() {
  sed -n 's/^[[:blank:]]*\[domains\.\([a-z0-9_-]*\)\].*/\1/p' "$1" 2>/dev/null
}

complete -F _wgkex wgkex
