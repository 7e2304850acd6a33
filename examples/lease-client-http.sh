#!/bin/sh
# Takes a lease by HTTP, checks that the reply is from the gateway that granted it, and prints the configuration of the
# tunnel for wg-quick(8), which lacks PrivateKey. While openssl runs, users of this machine can read the secret of the
# lease in its arguments.
#
# Usage: lease-client-http.sh URL DOMAIN PUBLIC-KEY <FILE        FILE has what the operator gave you: ID-TOKEN
set -eu
url=$1 domain=$2 key=$3
sign() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | base64 | tr '+/' '-_' | tr -d '='; }
find() { printf %s "$reply" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
ticket=$(tr '[:upper:]' '[:lower:]' | tr -cd 'a-z2-7')
token=${ticket#????????}
id=${ticket%"$token"}
secret=$(printf 'wgkex token v1\0%s' "$token" | sha256sum | head -c 64)
nonce=$(head -c 6 /dev/urandom | base64 | tr '+/' '-_')
proof=$(printf '%s\n' 'wgkex lease 1' "$domain" "$key" "$nonce" | sign)
[ "${#secret} ${#proof}" = "64 43" ] || exit
reply=$(printf '{"domain":"%s","public_key":"%s","proof":"%s"}' "$domain" "$key" "$id.$nonce.$proof" |
  curl --silent --show-error --max-time 20 --data @- "$url/api/v1/lease")
[ "$(find Message)" = OK ] || { echo "refused: $(find code)" >&2 && exit 1; }
said=$(printf '%s\n' 'wgkex reply 1' "$key" "$nonce" "$(find config)" | sign)
[ "$(find proof)" = "$said" ] || { echo 'not from the gateway' >&2 && exit 1; }
find config | base64 -d
