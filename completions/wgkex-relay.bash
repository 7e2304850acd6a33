# shellcheck shell=bash
# bash completion of wgkex-relay(8)

_wgkex_relay() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  case $previous in
    --listen | --to | --connections | --connections-per-source | --exempt | --metrics) return ;;
    --log-addresses) words='full prefix none' ;;
    *) case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
      *' server '*) words='--listen --to --connections --connections-per-source --exempt --metrics --log-addresses --help' ;;
      *' client '*) words='--listen --to --metrics --log-addresses --help' ;;
      *) words='server client --help --version' ;;
    esac ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _wgkex_relay wgkex-relay
