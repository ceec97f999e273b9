import { X509Certificate } from 'node:crypto';
import { notAfterOf, notBeforeOf } from '../../pki/certificate-fields';
import { assertValidAt, ChainError, verifyChain, verifyTrust } from '../../pki/chain';
import {
  type Authority,
  createClient,
  createPlain,
  createRoot,
  createSubordinate,
  days,
  type EndEntity,
  validFor,
} from './authorities';

const now = new Date();
let root: Authority;
let subordinate: Authority;
let client: EndEntity;
beforeAll(async () => {
  root = await createRoot('Root');
  subordinate = await createSubordinate(root, 'Issuer');
  client = await createClient(subordinate, 'mail');
});

test('a chain that goes from issuer to issuer up to its root verifies', async () => {
  const ofRoot = await createClient(root, 'mail');
  verifyChain(client.certificate, [subordinate.certificate, root.certificate], now);
  verifyChain(ofRoot.certificate, [root.certificate], now);
});

test('RSA authorities verify, and may certify ECDSA keys', async () => {
  const rsaRoot = await createRoot('Root', { keyAlgorithm: 'RSA_2048' });
  const ofRsa = await createClient(rsaRoot, 'mail');
  verifyChain(ofRsa.certificate, [rsaRoot.certificate], now);
});

test('a chain needs an authority', () => {
  expect(() => verifyChain(client.certificate, [], now)).toThrow('the chain has no certificate authority');
});

test('a chain ends in a root', () => {
  expect(() => verifyChain(client.certificate, [subordinate.certificate], now)).toThrow(
    '"O=Example, CN=Issuer" was not issued by "O=Example, CN=Issuer": issuer and subject differ',
  );
});

test('a chain stands in order and skips nobody', () => {
  expect(() => verifyChain(client.certificate, [root.certificate, subordinate.certificate], now)).toThrow(ChainError);
  expect(() => verifyChain(client.certificate, [root.certificate], now)).toThrow(
    '"CN=mail" was not issued by "O=Example, CN=Root": issuer and subject differ',
  );
});

test('a chain ends at its root', async () => {
  const other = await createRoot('Other');
  expect(() =>
    verifyChain(client.certificate, [subordinate.certificate, root.certificate, other.certificate], now),
  ).toThrow('"O=Example, CN=Root" was not issued by "O=Example, CN=Other"');
});

test('an authority that copies the name of another did not issue its certificates', async () => {
  const impostor = await createRoot('Root');
  expect(() => verifyChain(client.certificate, [subordinate.certificate, impostor.certificate], now)).toThrow(
    ChainError,
  );
});

test('a certificate with a signature that was tampered with was not issued', async () => {
  const der = Buffer.from(client.certificate.raw);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const tampered = new X509Certificate(der);
  expect(tampered.checkIssued(subordinate.certificate)).toBe(true);

  const chain = [subordinate.certificate, root.certificate];
  expect(() => verifyChain(tampered, chain, now)).toThrow(
    '"CN=mail" was not issued by "O=Example, CN=Issuer": the signature does not verify',
  );
  expect(() => verifyTrust(tampered, chain, now)).toThrow(ChainError);
});

test('a certificate is valid from the second of its beginning to that of its end', async () => {
  const { certificate: issued } = await createClient(await createRoot('Root', root), 'mail', {
    validity: { notBefore: new Date(now.getTime() - 1000), notAfter: new Date(now.getTime() + days(1)) },
  });
  const [from, to] = [notBeforeOf(issued), notAfterOf(issued)];
  for (const at of [from, to]) verifyChain(issued, [root.certificate], at);
  expect(() => verifyChain(issued, [root.certificate], new Date(from.getTime() - 1))).toThrow('is not valid before');
  expect(() => verifyChain(issued, [root.certificate], new Date(to.getTime() + 1))).toThrow('expired at');
});

test('an authority is trusted from the second of its beginning to that of its end', async () => {
  const authority = await createRoot('Root', { validity: validFor(1) });
  const { certificate } = await createClient(authority, 'mail');
  const [from, to] = [notBeforeOf(authority.certificate), notAfterOf(authority.certificate)];
  const trust = (at: Date) => () => verifyTrust(certificate, [authority.certificate], at);
  for (const at of [from, to]) trust(at)();
  for (const at of [new Date(from.getTime() - 1), new Date(to.getTime() + 1)]) expect(trust(at)).toThrow(ChainError);
});

test('an end-entity certificate issues nothing', async () => {
  const byClient = await createClient({ ...client, signingAlgorithm: 'SHA256WITHECDSA' }, 'social');
  const authorities = [client.certificate, subordinate.certificate, root.certificate];
  expect(() => verifyChain(byClient.certificate, authorities, now)).toThrow(
    `the certificate "CN=mail" is not a CA certificate`,
  );
});

test('every certificate must be valid at the time', async () => {
  const shortLived = await createSubordinate(root, 'Issuer', { validity: validFor(1) });
  const ofShortLived = await createClient(shortLived, 'mail', { validity: validFor(7) });
  const chain = [shortLived.certificate, root.certificate];
  const at = (offset: number) => () => verifyChain(ofShortLived.certificate, chain, new Date(now.getTime() + offset));
  at(0)();
  expect(at(days(2))).toThrow(/^the certificate "O=Example, CN=Issuer" expired at \d{4}-/);
  expect(at(days(8))).toThrow(/^the certificate "CN=mail" expired at /);
  expect(at(-days(1))).toThrow(/^the certificate "CN=mail" is not valid before /);
});

describe('trust', () => {
  const certificatesOf = (...authorities: readonly Authority[]) => authorities.map(({ certificate }) => certificate);

  test('is there when all authorities up to a root are among those given, in any order and among others', async () => {
    const other = await createRoot('Other');
    verifyTrust(client.certificate, certificatesOf(root, other, subordinate), now);
    verifyTrust((await createClient(root, 'mail')).certificate, certificatesOf(root), now);
  });

  test('counts an authority by its name and key, so that one that was issued again is as good', async () => {
    const { privateKey } = subordinate;
    const again = await createSubordinate(root, 'Issuer', { privateKey, validity: validFor(30) });
    const rootAgain = await createRoot('Root', { privateKey: root.privateKey });
    verifyTrust(client.certificate, certificatesOf(again, rootAgain), now);
  });

  test('takes whichever way leads to a root, past dead ends and circles', async () => {
    const [otherRoot, foreignRoot] = await Promise.all([createRoot('Other'), createRoot('Foreign')]);
    const { privateKey } = subordinate;
    const dead = await createSubordinate(foreignRoot, 'Issuer', { privateKey });
    const alive = await createSubordinate(otherRoot, 'Issuer', { privateKey });
    const circle = await createSubordinate({ ...subordinate, certificate: dead.certificate }, 'Issuer', { privateKey });
    verifyTrust(client.certificate, certificatesOf(circle, dead, alive, otherRoot), now);
  });

  test.each<[string, () => Promise<readonly Authority[]>, string]>([
    ['nobody', async () => [], '"CN=mail" was issued by "O=Example, CN=Issuer"'],
    ['the root alone', async () => [root], '"CN=mail" was issued by "O=Example, CN=Issuer"'],
    ['no root', async () => [subordinate], '"O=Example, CN=Issuer" was issued by "O=Example, CN=Root"'],
    [
      'authorities of the same names and other keys',
      async () => {
        const namesake = await createRoot('Root');
        return [namesake, await createSubordinate(namesake, 'Issuer')];
      },
      '"CN=mail" was issued by "O=Example, CN=Issuer"',
    ],
    [
      'an authority that has expired',
      async () => {
        const validity = { notBefore: new Date(Date.now() - days(2)), notAfter: new Date(Date.now() - days(1)) };
        return [root, await createSubordinate(root, 'Issuer', { privateKey: subordinate.privateKey, validity })];
      },
      '"CN=mail" was issued by "O=Example, CN=Issuer"',
    ],
    [
      'authorities in a circle',
      async () => {
        const { privateKey } = subordinate;
        return [await createSubordinate({ ...root, privateKey, certificate: subordinate.certificate }, 'Issuer', {})];
      },
      '"CN=mail" was issued by "O=Example, CN=Issuer"',
    ],
  ])('is refused with %s', async (_case, authorities, reason) => {
    const given = certificatesOf(...(await authorities()));
    const trust = () => verifyTrust(client.certificate, given, now);
    expect(trust).toThrow(ChainError);
    expect(trust).toThrow(`${reason}, which is missing or not valid`);
  });

  test('is refused to a certificate that signed itself, though it stands among the authorities', async () => {
    const self = await createClient({ ...client, pem: '', signingAlgorithm: 'SHA256WITHECDSA' }, 'mail');
    expect(() => verifyTrust(self.certificate, [self.certificate, client.certificate], now)).toThrow(ChainError);
  });

  test('ends in a circle of authorities that certify each other and no root', async () => {
    const [a, b] = await Promise.all([createRoot('A'), createRoot('B')]);
    const aByB = await createSubordinate(b, 'A', { privateKey: a.privateKey });
    const bByA = await createSubordinate(a, 'B', { privateKey: b.privateKey });
    const ofA = await createClient(a, 'mail');
    expect(() => verifyTrust(ofA.certificate, certificatesOf(aByB, bByA), now)).toThrow(ChainError);
  });

  test('never leads through a certificate that is not an authority’s, even with the right name and key', async () => {
    const plain = await createPlain(root, 'Issuer', subordinate.privateKey);
    expect(client.certificate.checkIssued(plain.certificate)).toBe(true);
    expect(client.certificate.verify(plain.certificate.publicKey)).toBe(true);
    expect(() => verifyTrust(client.certificate, [plain.certificate, root.certificate], now)).toThrow(ChainError);
  });
});

test.each([
  ['notBefore', 'is not valid before a time that cannot be read'],
  ['notAfter', 'expired at a time that cannot be read'],
] as const)('a certificate whose %s can’t be parsed is not valid at any time', (field, problem) => {
  const raw = Buffer.from(client.certificate.raw);
  const first = raw.indexOf(Buffer.from('170d', 'hex'));
  raw.write('ZZ', first + 2 + (field === 'notBefore' ? 0 : 15), 'latin1');
  const spoilt = new X509Certificate(raw);

  for (const at of [now, new Date(0), new Date(8.64e15)]) {
    if (field === 'notAfter' && at < now) continue;
    expect(() => assertValidAt(spoilt, at)).toThrow(problem);
  }
});
