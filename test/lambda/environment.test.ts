import {
  authorityOrdersIn,
  EnvironmentError,
  gatewayIn,
  memoryTimesIn,
  otherAccountsIn,
  registryTableIn,
  revocationListAddressIn,
  revocationListsIn,
  stacksIn,
  trustDomainIn,
} from '../../lambda/environment';

test('a function finds its trust domain and its registry in its environment', () => {
  const environment = { TRUST_DOMAIN: 'mesh.example.com', REGISTRY_TABLE: 'mtls-mesh.mesh.example.com' };

  expect(trustDomainIn(environment)).toBe('mesh.example.com');
  expect(registryTableIn(environment)).toBe('mtls-mesh.mesh.example.com');
});

test.each([{}, { TRUST_DOMAIN: '' }, { TRUST_DOMAIN: 'Mesh' }, { TRUST_DOMAIN: 'a/b' }])(
  'a function does not start with %j',
  (environment) => {
    expect(() => trustDomainIn(environment)).toThrow(EnvironmentError);
  },
);

test.each([{}, { REGISTRY_TABLE: '' }, { REGISTRY_TABLE: 'ab' }, { REGISTRY_TABLE: 'a/b/c' }])(
  'a function does not start without a registry: %j',
  (environment) => {
    expect(() => registryTableIn(environment)).toThrow(/^environment variable REGISTRY_TABLE must be/);
  },
);

test('the authorizer finds its times in its environment, or uses the usual ones', () => {
  const environment = { REVOCATION_DELAY_SECONDS: '0', OUTAGE_TOLERANCE_SECONDS: '3600' };

  expect(memoryTimesIn(environment)).toEqual({ revocationDelay: 0, outageTolerance: 3_600_000 });
  expect(memoryTimesIn({})).toEqual({ revocationDelay: 5_000, outageTolerance: 60_000 });
});

test.each(['', '-1', '1.5', '1e2', ' 5', '0x5', '301', '9999999999', 'NaN', 'Infinity'])(
  'the authorizer does not start with a revocation delay of %j',
  (seconds) => {
    expect(() => memoryTimesIn({ REVOCATION_DELAY_SECONDS: seconds })).toThrow(
      `environment variable REVOCATION_DELAY_SECONDS must be whole seconds, at most 300, got ${JSON.stringify(seconds)}`,
    );
  },
);

test('the authorizer does not start with an outage tolerance of more than an hour', () => {
  expect(() => memoryTimesIn({ OUTAGE_TOLERANCE_SECONDS: '3601' })).toThrow(EnvironmentError);
});

const GATEWAY = {
  GATEWAY_DOMAIN_NAME: 'mesh.example.com',
  TRUSTSTORE_BUCKET: 'mesh-truststore-1x2y3z',
  TRUSTSTORE_KEY: 'mesh/truststore.pem',
  TRUSTSTORE_VERSION: '3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY',
};

test('a function finds its gateway, or that there is none', () => {
  expect(gatewayIn(GATEWAY)).toEqual({
    domainName: 'mesh.example.com',
    truststore: {
      bucket: 'mesh-truststore-1x2y3z',
      key: 'mesh/truststore.pem',
      versionId: '3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY',
    },
  });
  expect(gatewayIn({ TRUST_DOMAIN: 'mesh.example.com' })).toBeUndefined();
});

test.each<[keyof typeof GATEWAY, string | undefined]>([
  ['GATEWAY_DOMAIN_NAME', undefined],
  ['GATEWAY_DOMAIN_NAME', ''],
  ['GATEWAY_DOMAIN_NAME', 'mesh.example.com:8443'],
  ['GATEWAY_DOMAIN_NAME', 'mesh.example.com/path'],
  ['GATEWAY_DOMAIN_NAME', 'user@mesh.example.com'],
  ['GATEWAY_DOMAIN_NAME', 'mesh.example.com\n'],
  ['TRUSTSTORE_BUCKET', undefined],
  ['TRUSTSTORE_BUCKET', 'evil.example.com/'],
  ['TRUSTSTORE_BUCKET', '-bucket'],
  ['TRUSTSTORE_KEY', undefined],
  ['TRUSTSTORE_KEY', ''],
  ['TRUSTSTORE_KEY', '../other-bucket/truststore.pem'],
  ['TRUSTSTORE_KEY', 'a/./b'],
  ['TRUSTSTORE_KEY', 'a/../b'],
  ['TRUSTSTORE_KEY', 'truststore.pem?versionId=1'],
  ['TRUSTSTORE_KEY', 'a'.repeat(1025)],
  ['TRUSTSTORE_VERSION', undefined],
  ['TRUSTSTORE_VERSION', ''],
  ['TRUSTSTORE_VERSION', 'null'],
  ['TRUSTSTORE_VERSION', 'a&acl'],
])('a function does not start with a gateway whose %s is %j', (variable, value) => {
  const start = () => gatewayIn({ ...GATEWAY, [variable]: value });

  expect(start).toThrow(EnvironmentError);
  expect(start).toThrow(`environment variable ${variable} must`);
});

const STACK = 'arn:aws:cloudformation:eu-central-1:111122223333:stack';
const OWN_STACK = `${STACK}/Mesh/11111111-2222-3333-4444-555555555555`;

test('the maker of authorities finds what to make in its environment', () => {
  const orders = [{ certificateAuthorityArn: 'arn', issuerKeyArn: 'arn', signingAlgorithm: 'SHA256WITHECDSA' }];
  expect(authorityOrdersIn({ AUTHORITY_ORDERS: JSON.stringify(orders) })).toEqual(orders);
});

test.each([undefined, '', '{}', '[', 'null', '"[]"'])('the maker of authorities does not start with %j', (text) => {
  expect(() => authorityOrdersIn({ AUTHORITY_ORDERS: text })).toThrow(
    'environment variable AUTHORITY_ORDERS must be a JSON list',
  );
});

test('the publisher of revocation lists finds its authorities, its bucket, and the validity of lists', () => {
  const LISTING_AUTHORITIES = JSON.stringify([{ certificateAuthorityArn: 'arn', signingAlgorithm: 'SHA256WITHECDSA' }]);
  const environment = { LISTING_AUTHORITIES, REVOCATION_LISTS_BUCKET: 'lists', REVOCATION_LISTS_HOURS: '24' };
  expect(revocationListsIn(environment)).toEqual({
    authorities: JSON.parse(LISTING_AUTHORITIES),
    bucket: 'lists',
    validityHours: 24,
  });
  for (const change of [
    { REVOCATION_LISTS_HOURS: '0' },
    { REVOCATION_LISTS_BUCKET: '' },
    { LISTING_AUTHORITIES: '{}' },
  ]) {
    expect(() => revocationListsIn({ ...environment, ...change })).toThrow(EnvironmentError);
  }
});

test('an issuer may find an address of revocation lists', () => {
  const addressIn = (address?: string) => revocationListAddressIn({ REVOCATION_LIST_ADDRESS: address });
  expect(addressIn(undefined)).toBeUndefined();
  expect(addressIn('http://crl.example.com')).toBe('http://crl.example.com');
  for (const address of ['', 'https://crl.example.com', 'http://crl.example.com/', 'http://a b', 'http://x\n']) {
    expect(() => addressIn(address)).toThrow('must be an http URL');
  }
});

test('a function finds the stacks that it serves', () => {
  const stacks = stacksIn({ STACKS: `${OWN_STACK},Mail,Groups-Nested-*,444455556666/Social` });

  for (const name of ['Mail', 'Groups-Nested-1ABC']) {
    expect(() => stacks.assertListed(`${STACK}/${name}/99999999-2222-3333-4444-555555555555`)).not.toThrow();
  }
  expect(() => stacks.assertListed(`${STACK}/Social/99999999-2222-3333-4444-555555555555`)).toThrow('Social');
});

test.each([
  undefined,
  '',
  '*',
  'Mesh',
  `${STACK}/*`,
  `${OWN_STACK},`,
  `${OWN_STACK},*`,
  `${OWN_STACK},M*`,
  `${OWN_STACK},-*`,
  `${OWN_STACK},Mail/*`,
  `${OWN_STACK},Mail Social`,
  `${OWN_STACK},${'M'.repeat(129)}`,
  `${OWN_STACK},${OWN_STACK}`,
])('a function serves no stacks with %j', (stacks) => {
  expect(() => stacksIn({ STACKS: stacks })).toThrow(/^environment variable STACKS must be the ARN/);
});

test('a function finds the other accounts in its environment', () => {
  expect(otherAccountsIn({})).toEqual([]);
  expect(otherAccountsIn({ OTHER_ACCOUNTS: '444455556666,777788889999' })).toEqual(['444455556666', '777788889999']);
});

test.each(['', '*', '4444', '444455556666,', '444455556666, 777788889999'])(
  'a function does not start with the other accounts %j',
  (accounts) => {
    expect(() => otherAccountsIn({ OTHER_ACCOUNTS: accounts })).toThrow(
      /^environment variable OTHER_ACCOUNTS must be an account ID/,
    );
  },
);

test.each(['/Social', '*/Social', '4444/Social', '444455556666/', '444455556666/*', '1/444455556666/Social'])(
  'a function does not start with the stacks %s of another account',
  (listed) => {
    expect(() => stacksIn({ STACKS: `${OWN_STACK},${listed}` })).toThrow(
      /^environment variable STACKS must be the ARN/,
    );
  },
);
