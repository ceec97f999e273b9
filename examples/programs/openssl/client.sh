#!/bin/sh
# Calls the mesh with openssl, once for each path on standard input, and prints a line with the status and the body. Good for
# a look at the handshake. Use a client of HTTP for the rest.
#
#     echo /schedule/events | sh client.sh
set -eu

address=mesh.example.com:443
host=${address%:*}

# openssl opens the file twice, for the certificate and for the key. In a rotation, these can be of two generations.
bundle=$(mktemp)
trap 'rm -f "$bundle"' EXIT

while read -r path; do
  cat /etc/mtls-mesh/mail/bundle.pem >"$bundle"
  # In TLS 1.3, the handshake of the client ends before the server refuses it. Only an answer tells.
  printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" |
    openssl s_client -connect "$address" -servername "$host" -verify_hostname "$host" -verify_return_error \
      -cert "$bundle" -key "$bundle" -cert_chain /etc/mtls-mesh/mail/chain.pem -quiet -verify_quiet 2>&1 |
    tr -d '\r' |
    awk '!status && /^HTTP\/1\.[01] / { status = $2; next }
         !status { errors = errors " " $0 }
         inBody { body = body $0 }
         status && /^$/ { inBody = 1 }
         END { print status ? status " " body : "failed:" errors }'
done
