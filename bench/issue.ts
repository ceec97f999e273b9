import { X509Certificate } from 'node:crypto';
import { composeCertificateDocument } from '../mesh/certificate-document';
import type { ClientSecret } from '../mesh/client-secret';
import { createCertificateSigningRequest } from '../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem } from '../pki/keys';
import { elapsed, type Measurement, median, milliseconds } from './measure';

const CLIENTS = 300;

/**
 * The computations of the issuer for one client: key, signing request and the secret's body.
 * @param issued a certificate and its chain as the authority issued them
 */
export async function issue(issued: ClientSecret): Promise<Measurement> {
  const { clientName, spiffeId, certificate, certificateChain } = issued;
  const times: number[] = [];
  for (let client = 0; client < CLIENTS; client += 1) {
    const time = await elapsed(async () => {
      const privateKey = await generatePrivateKey('EC_prime256v1');
      createCertificateSigningRequest(privateKey, clientName);
      const document = composeCertificateDocument(certificate, certificateChain);
      JSON.stringify({
        clientName,
        spiffeId,
        ...document,
        privateKey: privateKeyPem(privateKey),
        keyAlgorithm: 'EC_prime256v1',
      } satisfies ClientSecret);
    });
    times.push(time);
  }
  const time = median(times.slice(CLIENTS / 10));
  return {
    what: 'key, signing request and secret body for one client',
    measured: milliseconds(time),
    floor: `parsing one certificate ${milliseconds(await parsing(certificate))}`,
    budget: '≤ 2 ms',
    within: time <= 2,
  };
}

async function parsing(certificate: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < CLIENTS; i += 1) times.push(await elapsed(() => new X509Certificate(certificate)));
  return median(times);
}
