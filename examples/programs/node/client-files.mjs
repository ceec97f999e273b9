/** The client's key and certificate, for every program in this directory. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** One file has the key, the certificate, and the chain, and is replaced as one. Two files can be of two generations. */
const BUNDLE = '/etc/mtls-mesh/mail/bundle.pem';

let current;

/** The options of TLS. The same object until the certificate is rotated. */
export function tlsOptions() {
  try {
    const bundle = readFileSync(BUNDLE, 'utf8');
    if (bundle !== current?.key) {
      const options = { key: bundle, cert: bundle };
      createSecureContext(options); // Throws unless the key belongs to the certificate.
      current = options;
    }
  } catch (error) {
    if (current === undefined) throw error;
    console.error(`the client goes on with its certificate: ${error.message}`);
  }
  return current;
}
