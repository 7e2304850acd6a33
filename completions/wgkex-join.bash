# shellcheck shell=bash
# bash completion of wgkex-join(8)

# The tunnels of this machine.
_wgkex_join_names() {
  local file
  for file in /etc/wgkex-client/*.toml; do
    [[ ! -e $file ]] || basename "$file" .toml
  done
}

_wgkex_join() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=
  local setup='--gateway --domain --token-file --all-traffic --no-all-traffic --proxy-only --no-proxy-only --over-tcp --sample --no-start --new-key --help'
  COMPREPLY=()
  case $previous in
    --gateway | --domain | --sample) return ;;
    --over-tcp) words='auto always never' ;;
    --token-file | --output)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    *) case $COMP_CWORD:${COMP_WORDS[1]} in
      1:*) words="status doctor down up export leave run $(_wgkex_join_names) $setup --version" ;;
      *:status | *:doctor) words="$(_wgkex_join_names) --json --help" ;;
      *:export) words="$(_wgkex_join_names) --output --qr --help" ;;
      *:down | *:up | *:leave | *:run) words="$(_wgkex_join_names) --help" ;;
      *) words=$setup ;;
    esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _wgkex_join wgkex-join
