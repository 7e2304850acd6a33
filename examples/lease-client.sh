#!/bin/sh
# Takes a lease by three lines, checks that the reply is from the gateway that granted it, and prints the configuration of
# the tunnel for wg-quick(8), which lacks PrivateKey. While openssl runs, users of this machine can read the secret of the
# lease in its arguments.
#
# Usage: lease-client.sh HOST DOMAIN PUBLIC-KEY <FILE        FILE has what the operator gave you: ID-TOKEN
set -euf
host=$1 domain=$2 key=$3
sign() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | base64 | tr '+/' '-_' | tr -d '='; }
ticket=$(tr '[:upper:]' '[:lower:]' | tr -cd 'a-z2-7')
token=${ticket#????????}
id=${ticket%"$token"}
secret=$(printf 'wgkex token v1\0%s' "$token" | sha256sum | head -c 64)
nonce=$(head -c 6 /dev/urandom | base64 | tr '+/' '-_')
proof=$(printf '%s\n' 'wgkex lease 1' "$domain" "$key" "$nonce" | sign)
[ "${#secret} ${#proof}" = "64 43" ] || exit
reply=$(printf '%s\n' "$domain" "$key" "$id.$nonce.$proof" | nc -w 20 "$host" 10012)
# shellcheck disable=SC2086 # three words
set -- $reply '' '' ''
[ "$1" = OK ] || { echo "refused: $reply" >&2 && exit 1; }
[ "$3" = "$(printf '%s\n' 'wgkex reply 1' "$key" "$nonce" "$2" | sign)" ] || { echo 'not from the gateway' >&2 && exit 1; }
printf %s "$2" | base64 -d
