import fc from 'fast-check';
import { bucketNameProblem, objectKeyProblem, objectVersionProblem } from '../../mesh/aws-names';
import {
  clientNameFromSecretArn,
  clientNameFromSpiffeId,
  clientNameProblem,
  clientSpiffeIdProblem,
  dnsNameProblem,
  isInTrustDomain,
  LONGEST_CLIENT_SPIFFE_ID,
  registryTableName,
  secretName,
  spiffeId,
  trustDomainProblem,
} from '../../mesh/names';
import { isSpiffeId } from '../../pki/certificate-fields';

const clientName = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
const trustDomain = fc.stringMatching(/^[a-z0-9_-]{1,50}\.[a-z0-9_-]{1,50}$/);

test.each(['a', 'mail', 'mail-2', 'a'.repeat(63)])('%s is a client name', (name) => {
  expect(clientNameProblem(name)).toBeUndefined();
});

test.each(['', 'Mail', '2mail', '-mail', 'mail-', 'ma il', 'ma.il', 'ma/il', 'mail\n', 'mäil', 'a'.repeat(64)])(
  '%j is no client name',
  (name) => {
    expect(clientNameProblem(name)).toMatch(/^must /);
  },
);

test.each(['example.com', 'prod.mesh', 'a_b-c.1'])('%s is a trust domain', (name) => {
  expect(trustDomainProblem(name)).toBeUndefined();
});

test.each([
  'prod',
  '.',
  'prod.',
  '.prod',
  '..',
  '',
  'Example.com',
  'example.com/',
  'example.com:443',
  'ex ample',
  'example.com\n',
  'a'.repeat(256),
])('%j is no trust domain', (name) => {
  expect(trustDomainProblem(name)).toMatch(/^must /);
});

test.each(['example.com', 'a', '1.example.com', `${'a'.repeat(63)}.example.com`])('%s is a DNS name', (name) => {
  expect(dnsNameProblem(name)).toBeUndefined();
});

test.each([
  '',
  '*.example.com',
  '.example.com',
  'example..com',
  'example.com.',
  'a_b.example.com',
  `${'a'.repeat(64)}.com`,
])('%j is no DNS name', (name) => {
  expect(dnsNameProblem(name)).toMatch(/^must /);
});

test('a client is found in its SPIFFE ID, and only in its own trust domain', () => {
  fc.assert(
    fc.property(clientName, trustDomain, trustDomain, (name, own, other) => {
      const id = spiffeId(own, name);
      expect(clientNameFromSpiffeId(id, own)).toBe(name);
      expect(clientNameFromSpiffeId(id, other)).toBe(own === other ? name : undefined);
    }),
  );
});

test('only what is exactly a SPIFFE ID of ours names a client', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('spiffe://example.com/', 'spiffe://example.com', ''), (text, prefix) => {
      const name = clientNameFromSpiffeId(prefix + text, 'example.com');
      expect(name === undefined || spiffeId('example.com', name) === prefix + text).toBe(true);
    }),
  );
});

test.each([
  'spiffe://example.com/mail/x',
  'spiffe://example.com/',
  'SPIFFE://example.com/mail',
  'spiffe://example.com.evil/mail',
])('%s names no client', (id) => {
  expect(clientNameFromSpiffeId(id, 'example.com')).toBeUndefined();
});

test('two clients never share a secret', () => {
  fc.assert(
    fc.property(trustDomain, clientName, trustDomain, clientName, (domain, name, otherDomain, otherName) => {
      const same = domain === otherDomain && name === otherName;
      expect(secretName(domain, name) === secretName(otherDomain, otherName)).toBe(same);
    }),
  );
});

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:';

test('a client is found by the ARN of its secret, and only in its own trust domain', () => {
  fc.assert(
    fc.property(clientName, trustDomain, trustDomain, (name, own, other) => {
      const arn = `${SECRET}${secretName(own, name)}-aB3xYz`;
      expect(clientNameFromSecretArn(arn, own)).toBe(name);
      expect(clientNameFromSecretArn(arn, other)).toBe(own === other ? name : undefined);
    }),
  );
});

test.each([
  `${SECRET}example.com/mail`,
  `${SECRET}example.com/mail-abc`,
  `${SECRET}example.com/mail-AbCdE!`,
  `${SECRET}example.com/mail/x-AbCdEf`,
  `${SECRET}example.com/-AbCdEf`,
  `${SECRET}mail-AbCdEf`,
  `x${SECRET}example.com/mail-AbCdEf`,
  'arn:aws:s3:eu-central-1:111122223333:secret:example.com/mail-AbCdEf',
])('%s is no client’s secret', (arn) => {
  expect(clientNameFromSecretArn(arn, 'example.com')).toBeUndefined();
});

test('every trust domain that leaves room for a client has a table name that DynamoDB accepts', () => {
  const longest = 'd'.repeat(LONGEST_CLIENT_SPIFFE_ID - spiffeId('', 'c').length);

  for (const domain of ['d', 'mesh_1.example.com', longest]) {
    expect(registryTableName(domain)).toMatch(/^[a-zA-Z0-9_.-]{3,255}$/);
  }
});

test.each([
  ['spiffe://partner.example.com/billing', true],
  ['spiffe://partner.example.com/ns/prod/sa/billing', true],
  ['spiffe://partner.example.com/Billing.v2_x-y', true],
  ['spiffe://partner.example.com', false],
  ['spiffe://partner.example.com/', false],
  ['spiffe://partner.example.com/a//b', false],
  ['spiffe://partner.example.com/a/..', false],
  ['SPIFFE://partner.example.com/a', false],
  ['spiffe://user@partner.example.com/a', false],
  ['spiffe://partner.example.com/a?b', false],
  ['spiffe://partner.example.com/a\n', false],
])('%j is the SPIFFE ID of a workload: %s', (id, expected) => {
  expect(isSpiffeId(id)).toBe(expected);
});

test.each([
  ['spiffe://mesh.example.com/mail', true],
  ['spiffe://mesh.example.com/no/client', true],
  ['spiffe://mesh.example.com', false],
  ['spiffe://mesh.example.com.partner.example/mail', false],
  ['spiffe://partner.example/mesh.example.com/mail', false],
])('%s is of our trust domain: %s', (id, expected) => {
  expect(isInTrustDomain(id, 'mesh.example.com')).toBe(expected);
});

test('a client’s SPIFFE ID has as many characters as ACM PCA has room for', () => {
  const label = 'x'.repeat(61);
  const trustDomain = `${label}.${label}.${label}`;
  const room = LONGEST_CLIENT_SPIFFE_ID - spiffeId(trustDomain, '').length;

  expect(clientSpiffeIdProblem(spiffeId(trustDomain, 'm'.repeat(room)))).toBeUndefined();
  expect(clientSpiffeIdProblem(spiffeId(trustDomain, 'm'.repeat(room + 1)))).toBe('must have at most 253 characters');
});

test.each(['partners', 'a.b-c', '1'.repeat(63)])('%s is the name of a bucket', (name) => {
  expect(bucketNameProblem(name)).toBeUndefined();
});

test.each(['', 'ab', 'Partners', 'a/b', '-ab', 'ab\n', 'a'.repeat(64)])('%j is no name of a bucket', (name) => {
  expect(bucketNameProblem(name)).toMatch(/^must /);
});

test.each(['a', 'roots/partner.pem', 'a..b/...', '/a/', 'a'.repeat(1024)])('%s is the key of an object', (key) => {
  expect(objectKeyProblem(key)).toBeUndefined();
});

test.each(['', '*', 'a?', 'a b', 'ä', '%2e', '..', '.', 'a/../b', './a', 'a/..', 'a\n', 'a'.repeat(1025)])(
  '%j is no key of an object that is read',
  (key) => {
    expect(objectKeyProblem(key)).toMatch(/^must /);
  },
);

test.each(['L4kqtJlcpXroDTDmpUMLUo', '3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY', 'a.b_c-~', 'x'.repeat(1024)])(
  '%j may be the version of an object',
  (version) => {
    expect(objectVersionProblem(version)).toBeUndefined();
  },
);

test.each(['null', '', 'a b', 'a\n', 'ä', 'x'.repeat(1025)])(
  '%j is no version of an object that never changes',
  (version) => {
    expect(objectVersionProblem(version)).toMatch(/^must be /);
  },
);
