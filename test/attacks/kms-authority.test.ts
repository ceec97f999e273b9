import { createPrivateKey, createPublicKey } from 'node:crypto';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { signClientCertificate, signRootCertificate, signSubordinateCertificate } from '../../pki/certificate-signing';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { readCertificate } from '../../pki/pem';
import type { Signer } from '../../pki/signer';
import { Sandbox } from '../../sandbox';
import { createSigner, LocalSigner } from '../pki/local-signer';
import { type Credentials, HOST, request, sendRaw } from './attacked-mesh';
import { attacks } from './attacks';
import { askAuthorizer, authorizerEvent, invoke, requestCertificate } from './calls';
import { authorityOf, ISSUER_NAME, insider, kmsMesh, publishedLists, readParameter, writeParameter } from './kms-mesh';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(kmsMesh());
  await sandbox.advance(0);
  const mesh = awsMesh(HOST, sandboxAccess(sandbox));
  await revokeCertificates({ ...mesh, now: () => sandbox.now }, 'social', { kind: 'all' }, 'KEY_COMPROMISE');
  await sandbox.advance(0);
});
afterAll(() => sandbox?.close());

const signal = AbortSignal.timeout(600_000);
const DAY = 86_400_000;
const validity = (days: number) => ({
  notBefore: new Date(sandbox.now.getTime() - 3_600_000),
  notAfter: new Date(sandbox.now.getTime() + days * DAY),
});

/** An authority of the attacker's own, with a key and a name. */
interface Impostor {
  readonly signer: Signer;
  readonly certificate: string;
}

async function impostor(commonName = 'Attacker Root'): Promise<Impostor> {
  const signer = await createSigner();
  return {
    signer,
    certificate: await signRootCertificate({ subject: { commonName }, ...validity(3650) }, signer, signal),
  };
}

/** A certificate of the attacker for the key of the issuing authority. */
async function crossCertificate({ signer, certificate }: Impostor, subject = ISSUER_NAME): Promise<string> {
  const { publicKey } = readCertificate(authorityOf(sandbox, 'issuing').certificate);
  const issuer = readCertificate(certificate);
  return signSubordinateCertificate({ issuer, subject, publicKey, pathLength: 1, ...validity(365) }, signer, signal);
}

/** A certificate of the client mail. */
async function mailBy(signer: Signer, issuer: string): Promise<Pick<Credentials, 'certificate' | 'privateKey'>> {
  const key = await generatePrivateKey('EC_prime256v1');
  const names = { commonName: 'mail', spiffeId: `spiffe://${HOST}/mail`, dnsNames: [] };
  const certificate = await signClientCertificate(
    { issuer: readCertificate(issuer), ...names, publicKey: createPublicKey(key), ...validity(1) },
    signer,
    signal,
  );
  return { certificate, privateKey: privateKeyPem(key) };
}

const statusWith = async (credentials: Credentials) =>
  (await sendRaw(sandbox, request('/schedule'), { credentials })).status;

test('a certificate that an insider signs with the key, past the registry, is refused as unknown', async () => {
  const { certificate: issuer } = authorityOf(sandbox, 'issuing');
  const mail = await mailBy(insider(sandbox), issuer);
  expect(await statusWith({ ...mail, certificateChain: issuer })).toBe(403);
  expect(await askAuthorizer(sandbox, authorizerEvent(sandbox, mail.certificate))).toBe('CERTIFICATE_UNKNOWN');
});

/** Each makes what the attacker connects with. */
attacks<() => Promise<Credentials>>(
  'chains that end below an authority in KMS',
  [
    [
      'with the certificate of a client as issuer',
      async () => {
        const secret = await sandbox.clientSecret('social');
        const key = createPrivateKey(secret.privateKey);
        const signer = new LocalSigner(key, 'SHA256WITHECDSA');
        // Its copy for an authority, with which the attacker signs what names the client as its issuer.
        const copy = await signRootCertificate({ subject: { commonName: 'social' }, ...validity(2) }, signer, signal);
        return { ...(await mailBy(signer, copy)), certificateChain: secret.certificate + secret.certificateChain };
      },
    ],
    [
      'with an authority below that an insider signs',
      async () => {
        const attacker = await impostor();
        const below = await createSigner();
        // The issuing authority may have none below it, so a certificate that allows one takes its place.
        const issuer = readCertificate(await crossCertificate(attacker));
        const certificate = await signSubordinateCertificate(
          { issuer, subject: { commonName: 'Below' }, publicKey: below.publicKey, pathLength: 0, ...validity(30) },
          insider(sandbox),
          signal,
        );
        const { certificate: issuing } = authorityOf(sandbox, 'issuing');
        return { ...(await mailBy(below, certificate)), certificateChain: certificate + issuing };
      },
    ],
    [
      'with the name of the issuing authority and another key',
      async () => {
        const { signer, certificate } = await impostor(ISSUER_NAME.commonName);
        return { ...(await mailBy(signer, certificate)), certificateChain: certificate };
      },
    ],
    [
      "with the issuing authority below an attacker's root, and a key of the attacker",
      async () => {
        const attacker = await impostor();
        const mail = await mailBy(attacker.signer, attacker.certificate);
        return { ...mail, certificateChain: (await crossCertificate(attacker)) + attacker.certificate };
      },
    ],
  ],
  async (credentials) => {
    const answer = await sendRaw(sandbox, request('/schedule'), { credentials: await credentials() });
    expect(answer).toMatchObject({ status: undefined, seen: [] });
  },
);

/** Changes the parameter of the issuing authority. What it says of the order stays, so that it passes for the one of before. */
attacks<(kept: Kept) => Promise<string> | string>(
  'forged SSM parameters of an authority in KMS',
  [
    ['no text', () => ' '],
    ['something else', () => '[]'],
    ['8 KB of something else', () => 'A'.repeat(8192)],
    ['no certificate', (kept) => JSON.stringify({ ...kept, certificateChain: '' })],
    ['a chain that is none', (kept) => JSON.stringify({ ...kept, certificateChain: 'x'.repeat(5_000) })],
    [
      'the chain of another authority, its root',
      async (kept) => {
        const root = await readParameter(sandbox, authorityOf(sandbox, 'root').parameterName);
        return JSON.stringify({ ...JSON.parse(root), order: kept.order });
      },
    ],
    [
      "an attacker's chain",
      async (kept) => JSON.stringify({ ...kept, certificateChain: (await impostor()).certificate }),
    ],
    [
      "an attacker's chain with the name of the authority",
      async (kept) => {
        const { certificate } = await impostor(ISSUER_NAME.commonName);
        return JSON.stringify({ ...kept, certificateChain: certificate });
      },
    ],
    [
      "the authority's key and name below an attacker's root",
      async (kept) => {
        const attacker = await impostor();
        const certificateChain = (await crossCertificate(attacker)) + attacker.certificate;
        return JSON.stringify({ ...kept, certificateChain });
      },
    ],
    [
      "the authority's key with another name below an attacker's root",
      async (kept) => {
        const attacker = await impostor();
        const certificateChain = (await crossCertificate(attacker, { commonName: 'Other' })) + attacker.certificate;
        return JSON.stringify({ ...kept, certificateChain });
      },
    ],
    [
      "the authority's own certificate, and an attacker's root above",
      async (kept) => {
        const { certificate } = authorityOf(sandbox, 'issuing');
        return JSON.stringify({ ...kept, certificateChain: certificate + (await impostor()).certificate });
      },
    ],
    ['no list of the root', (kept) => JSON.stringify({ ...kept, revocationLists: '' })],
    ['something else in place of the list of the root', (kept) => JSON.stringify({ ...kept, revocationLists: 'x' })],
  ],
  async (forge) => {
    const { parameterName, certificate } = authorityOf(sandbox, 'issuing');
    const kept = await readParameter(sandbox, parameterName);
    const [listBefore] = await publishedLists(sandbox);
    const forged = await forge(JSON.parse(kept));
    await writeParameter(sandbox, parameterName, forged);
    try {
      // Longer than the issuer goes by what it has read.
      await sandbox.advance(61_000);
      await assertNoForeignChain();
      await invoke(sandbox, '/RevocationLists/Publisher', {}).catch(() => undefined);
      const [list] = await publishedLists(sandbox);
      list?.verify(readCertificate(certificate));
      expect(list?.entries).toEqual(listBefore?.entries);
      await invoke(sandbox, '/Maker/Handler', {}).catch(() => undefined);
      expect(await readParameter(sandbox, parameterName)).toBe(kept);
    } finally {
      await writeParameter(sandbox, parameterName, kept);
    }
  },
);

interface Kept {
  readonly certificateChain: string;
  readonly revocationLists: string;
  readonly order: string;
}

/** A request for a certificate fails, or is answered with the chain that the mesh trusts. */
async function assertNoForeignChain(): Promise<void> {
  const certificateSigningRequest = createCertificateSigningRequest(await generatePrivateKey('EC_prime256v1'), 'own');
  const { status, document } = await requestCertificate(sandbox, { clientName: 'own', certificateSigningRequest });
  const { certificateChain } = await sandbox.clientSecret('mail');
  if (status === 200) expect(document.certificateChain).toBe(certificateChain);
  else expect([status, Object.keys(document)]).toEqual([500, ['message']]);
}
