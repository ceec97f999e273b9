import { spawnSync } from 'node:child_process';
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signClientCertificate, signRootCertificate } from '../pki/certificate-signing';
import { randomSerialNumber } from '../pki/certificate-values';
import { generatePrivateKey, privateKeyPem } from '../pki/keys';
import { type RevocationListEntry, signRevocationList } from '../pki/revocation-list';
import { readRevocationList } from '../pki/revocation-list-reader';
import { days, validFor } from '../test/pki/authorities';
import { LocalSigner } from '../test/pki/local-signer';
import { elapsed, type Measurement, median, milliseconds, paired } from './measure';

const { signal } = new AbortController();
const CERTIFICATES = 500;
const REVOKED = 100_000;
const LISTS = 5;

interface Authority {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
  readonly signer: LocalSigner;
}

/** What the functions compute for an authority whose key is in KMS, without the network. */
export async function signing(): Promise<readonly Measurement[]> {
  const privateKey = await generatePrivateKey('EC_prime256v1');
  const signer = new LocalSigner(privateKey, 'SHA256WITHECDSA');
  const pem = await signRootCertificate({ subject: { commonName: 'Root' }, ...validFor(3650) }, signer, signal);
  const authority = { certificate: new X509Certificate(pem), privateKey, signer };
  return [await clientCertificate(authority), ...(await revocationList(authority))];
}

/** A certificate on P-256, compared with the hash and the signature that every certificate needs. */
async function clientCertificate({ certificate: issuer, signer }: Authority): Promise<Measurement> {
  const publicKey = createPublicKey(await generatePrivateKey('EC_prime256v1'));
  const client = { commonName: 'mail', spiffeId: 'spiffe://mesh.example.com/mail', dnsNames: ['mail.example.com'] };
  const content = Buffer.alloc(500);
  const { measured, floor, ratio } = await paired(
    CERTIFICATES,
    () => elapsed(() => signClientCertificate({ issuer, publicKey, ...client, ...validFor(7) }, signer, signal)),
    () => elapsed(() => signer.sign(createHash('sha256').update(content).digest())),
  );
  return {
    what: 'client certificate of an authority in KMS, without the network',
    measured: `${milliseconds(measured)}, ${ratio.toFixed(1)}×`,
    floor: `hash and signature ${milliseconds(floor)}`,
    budget: '≤ 1 ms',
    within: measured <= 1,
  };
}

/** The size of a long list, and the times to sign and to read it, compared with `openssl ca -gencrl`. */
async function revocationList(authority: Authority): Promise<readonly Measurement[]> {
  const entries: readonly RevocationListEntry[] = Array.from({ length: REVOKED }, () => ({
    serialNumber: randomSerialNumber(),
    revokedAt: new Date(),
    reason: 'KEY_COMPROMISE',
  }));
  const updates = { thisUpdate: new Date(), nextUpdate: new Date(Date.now() + days(7)) };
  const sign = () =>
    signRevocationList({ issuer: authority.certificate, number: 1n, ...updates, entries }, authority.signer, signal);
  const list = await sign();
  const openssl = signWithOpenssl(authority, entries);
  const name = `a revocation list of ${REVOKED.toLocaleString('en')} certificates`;

  const times = async (work: () => unknown) => {
    const all: number[] = [];
    for (let run = 0; run < LISTS; run += 1) all.push(await elapsed(work));
    return median(all);
  };
  const besideOpenssl = (what: string, time: number): Measurement => ({
    what: `${what} ${name}`,
    measured: `${milliseconds(time)}${openssl ? `, ${(time / openssl.time).toFixed(2)}×` : ''}`,
    floor: openssl ? `openssl signs in ${milliseconds(openssl.time)}` : 'openssl is not installed',
    budget: '≤ 1× openssl',
    within: openssl === undefined || time <= openssl.time,
  });
  return [
    {
      what: `size of ${name}`,
      measured: `${(list.length / 1e6).toFixed(2)} MB`,
      ...(openssl && { floor: `openssl ${(openssl.size / 1e6).toFixed(2)} MB` }),
      budget: '≤ 5 MB',
      within: list.length <= 5e6,
    },
    besideOpenssl('signing', await times(sign)),
    besideOpenssl('reading', await times(() => readRevocationList(list))),
  ];
}

/** `YYMMDDHHMMSSZ` */
const utcTime = (time: Date): string => `${time.toISOString().slice(2, 19).replace(/\D/g, '')}Z`;

/** The same list by OpenSSL, from its text database. Undefined if it isn't installed. */
function signWithOpenssl(
  { certificate, privateKey }: Authority,
  entries: readonly RevocationListEntry[],
): { readonly time: number; readonly size: number } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'revocation-list-'));
  const path = (name: string) => join(directory, name);
  try {
    writeFileSync(path('key.pem'), privateKeyPem(privateKey));
    writeFileSync(path('root.pem'), certificate.toString());
    writeFileSync(path('number'), '01\n');
    const expiry = utcTime(new Date(Date.now() + days(7)));
    const rows = entries.map(({ serialNumber, revokedAt }) =>
      ['R', expiry, `${utcTime(revokedAt)},keyCompromise`, serialNumber, 'unknown', `/CN=${serialNumber}\n`].join('\t'),
    );
    writeFileSync(path('index'), rows.join(''));
    writeFileSync(
      path('config'),
      `[ca]\ndefault_ca=mesh\n[mesh]\ndatabase=${path('index')}\ncrlnumber=${path('number')}\ndefault_md=sha256\n` +
        'crl_extensions=list\n[list]\nauthorityKeyIdentifier=keyid\n',
    );
    const options = ['-keyfile', path('key.pem'), '-cert', path('root.pem'), '-crldays', '7', '-out', path('pem')];
    const start = performance.now();
    const { status, error, stderr } = spawnSync('openssl', ['ca', '-gencrl', '-config', path('config'), ...options]);
    const time = performance.now() - start;
    if (error) return undefined;
    if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
    const body = statSync(path('pem')).size - '-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n'.length;
    // Four characters of base64 are three octets, and a line has 64 of them.
    return { time, size: (body * 64 * 3) / (65 * 4) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
