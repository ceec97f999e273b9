#!/bin/sh
# Gives the client's key and certificate to Chromium, for the user who runs this. Run it again after each rotation, and
# start the browser again: until then, it goes on with the certificate that it has.
set -eu

keystore=/etc/mtls-mesh/mail/keystore.p12
password=/etc/mtls-mesh/password
nickname=mail # the name in the key store

directory=$HOME/.pki/nssdb
database=sql:$directory
mkdir -p "$directory"
[ -e "$directory/cert9.db" ] || certutil -N -d "$database" --empty-password
# Without the old one, the browser has only one certificate to choose.
certutil -F -d "$database" -n "$nickname" 2>/dev/null || true
pk12util -d "$database" -i "$keystore" -w "$password"
