import { createPublicKey, type KeyObject } from 'node:crypto';
import type { CertificateDocument } from '../../mesh/certificate-document';
import {
  CertificateDocumentError,
  composeCertificateDocument,
  verifyCertificateDocument,
} from '../../mesh/certificate-document';
import { generatePrivateKey } from '../../pki/keys';
import { PemError } from '../../pki/pem';
import {
  type Authority,
  createClient,
  createRoot,
  createServer,
  createSubordinate,
  days,
  type EndEntity,
} from '../pki/authorities';

const now = new Date();
const spiffeId = 'spiffe://example.com/mail';
let root: Authority;
let subordinate: Authority;
let client: EndEntity;
let document: CertificateDocument;

beforeAll(async () => {
  root = await createRoot('Root');
  subordinate = await createSubordinate(root, 'Issuer');
  client = await createClient(subordinate, 'mail');
  document = composeCertificateDocument(client.pem, subordinate.pem + root.pem);
});

test('a document describes its certificate, and can be used', () => {
  expect(document).toEqual({
    certificate: client.pem,
    certificateChain: subordinate.pem + root.pem,
    serialNumber: client.certificate.serialNumber,
    notBefore: new Date(client.certificate.validFrom).toISOString(),
    notAfter: new Date(client.certificate.validTo).toISOString(),
    fingerprint: client.certificate.fingerprint256,
  });
  expect(verify()).not.toThrow();
});

test('PEM texts without a final line feed are joined all the same', () => {
  const chain = `${subordinate.pem.trimEnd()}\r\n${root.pem.trimEnd()}`;
  expect(composeCertificateDocument(client.pem.trimEnd(), chain)).toEqual(document);
});

test.each([
  ['no certificate', () => composeCertificateDocument('hello', root.pem)],
  ['two certificates', () => composeCertificateDocument(client.pem + client.pem, root.pem)],
  ['no chain', () => composeCertificateDocument(client.pem, '')],
])('%s is no document', (_name, compose) => {
  expect(compose).toThrow(PemError);
});

function verify(changes: Partial<CertificateDocument> = {}, at = now, publicKey?: KeyObject): () => void {
  const holder = { spiffeId, publicKey: publicKey ?? createPublicKey(client.privateKey) };
  return () => verifyCertificateDocument({ ...document, ...changes }, holder, at);
}

describe('a certificate cannot be used', () => {
  test('with the key of another', async () => {
    const other = createPublicKey(await generatePrivateKey('EC_prime256v1'));
    expect(verify({}, now, other)).toThrow("the certificate's key is not the client's");
  });

  test('after expiry or before its time', () => {
    expect(verify({}, new Date(now.getTime() + days(8)))).toThrow('the certificate "CN=mail" expired at');
    expect(verify({}, new Date(now.getTime() - days(8)))).toThrow('the certificate "CN=mail" is not valid before');
  });

  test('with a chain that is broken, incomplete or of somebody else', async () => {
    const other = await createRoot('Other');
    expect(verify({ certificateChain: 'hello' })).toThrow('"certificateChain" cannot be read');
    expect(verify({ certificateChain: subordinate.pem })).toThrow(CertificateDocumentError);
    expect(verify({ certificateChain: other.pem })).toThrow('was not issued by "O=Example, CN=Other"');
  });

  test('with two certificates, or none, where its own should be', () => {
    expect(verify({ certificate: client.pem + subordinate.pem })).toThrow('there must be exactly one certificate');
    expect(verify({ certificate: 'hello' })).toThrow('"certificate" cannot be read');
  });

  test('when it is a server’s', async () => {
    const { pem } = await createServer(subordinate, 'mesh.example.com');
    expect(verify({ certificate: pem })).toThrow('not an end-entity certificate for TLS clients');
  });

  test('when it is of another identity', async () => {
    const { pem } = await createClient(subordinate, 'social');
    expect(verify({ certificate: pem })).toThrow(
      "the certificate's SPIFFE ID (spiffe://example.com/social) is not the client's",
    );
  });

  test.each(['serialNumber', 'notBefore', 'notAfter', 'fingerprint'] as const)('with another %s', (field) => {
    expect(verify({ [field]: 'other' })).toThrow(`"${field}" does not match the certificate`);
  });
});
