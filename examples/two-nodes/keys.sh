#!/bin/bash
# Makes a key pair for each node in keys/, and from templates/ its wg0.conf. Keys that are there stay; delete the
# directory to get new ones.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

# The program of this machine, if it has one; else that of the image.
run_wg() {
  if command -v wg >/dev/null; then wg "$@"; else docker run --rm --interactive --network none wgkex-two-nodes wg "$@"; fi
}

for node in node-a node-b; do
  mkdir -p "keys/$node"
  key=keys/$node/private.key
  if [ ! -s "$key" ]; then
    run_wg genkey >"$key.new"
    mv "$key.new" "$key"
  fi
  run_wg pubkey <"$key" >"keys/$node/public.key"
done

# Writes the wg0.conf of node $1, whose peer is node $2. Without another program, as arguments are public.
render() {
  local text
  text=$(<"templates/$1.conf")
  text=${text/@PRIVATE_KEY@/$(<"keys/$1/private.key")}
  text=${text/@PEER_PUBLIC_KEY@/$(<"keys/$2/public.key")}
  printf '%s\n' "$text" >"keys/$1/wg0.conf"
}
render node-a node-b
render node-b node-a
chmod 0600 keys/node-?/*
