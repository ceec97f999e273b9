#!/bin/sh
# Calls the mesh with curl, once for each path on standard input, and prints a line with the status and the body.
#
#     echo /schedule/events | sh client.sh
set -eu

mesh=https://mesh.example.com

# curl opens the file twice, for the certificate and for the key. In a rotation, these can be of two generations.
bundle=$(mktemp)
body=$(mktemp)
trap 'rm -f "$bundle" "$body"' EXIT

while read -r path; do
  cat /etc/mtls-mesh/mail/bundle.pem >"$bundle"
  if status=$(curl --silent --show-error --max-time 10 --cert "$bundle" --output "$body" --write-out '%{http_code}' "$mesh$path" 2>&1); then
    printf '%s %s\n' "$status" "$(cat "$body")"
  else
    printf 'failed: %s\n' "$status"
  fi
done
