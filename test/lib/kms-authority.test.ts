import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CertificateAuthority, KeyAlgorithm, MeshIntegration, SigningAlgorithm } from '../../lib';
import { newIssuer, newMesh, newStack, resourcesOf } from './mesh-stack';

const KEY = 'AWS::KMS::Key';
const AUTHORITY = 'Custom::MtlsCertificateAuthority';
const FUNCTION = 'AWS::Lambda::Function';

function ofType(stack: Stack, type: string) {
  return Object.entries(resourcesOf(stack))
    .filter(([, resource]) => resource.Type === type)
    .map(([logicalId, resource]) => ({ logicalId, ...resource }));
}

/** What the function that makes authorities is told to make: the text of its variable. */
function orders(stack: Stack): string {
  const maker = ofType(stack, FUNCTION).find(({ Properties }) =>
    /KMS keys sign/.test(String(Properties['Description'])),
  );
  return JSON.stringify(maker?.Properties['Environment']);
}

const RSA_ALGORITHMS = ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'];

describe('a root with its key in KMS', () => {
  test.each([
    [KeyAlgorithm.EC_PRIME256V1, 'ECC_NIST_P256', 'ECDSA_SHA_256'],
    [KeyAlgorithm.EC_SECP384R1, 'ECC_NIST_P384', 'ECDSA_SHA_384'],
    [KeyAlgorithm.RSA_2048, 'RSA_2048', RSA_ALGORITHMS],
    [KeyAlgorithm.RSA_3072, 'RSA_3072', RSA_ALGORITHMS],
    [KeyAlgorithm.RSA_4096, 'RSA_4096', RSA_ALGORITHMS],
  ])('of %s has the key %s, and nobody may sign with another algorithm than %s', (keyAlgorithm, KeySpec, algorithm) => {
    const stack = newStack();
    newIssuer(stack, undefined, CertificateAuthority.kmsRoot(stack, 'Authority', { keyAlgorithm }));

    const [key] = ofType(stack, KEY);
    expect(key?.Properties).toMatchObject({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
    const policy = key?.Properties['KeyPolicy'] as { Statement: { Action: string; Condition?: object }[] } | undefined;
    const signing = (policy?.Statement ?? []).filter(({ Action }) => Action === 'kms:Sign');
    expect(signing).toHaveLength(3);
    const StringEquals = { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': algorithm };
    for (const { Condition } of signing) expect(Condition).toEqual({ StringEquals });
  });

  test('is made once, in the order that stands in the environment of the function', () => {
    const stack = newStack();
    CertificateAuthority.kmsRoot(stack, 'Authority', {
      subject: { commonName: 'Example Root', country: 'DE' },
      validity: Duration.days(100),
    });

    const [made] = ofType(stack, AUTHORITY);
    const [key] = ofType(stack, KEY);
    const keyArn = { 'Fn::GetAtt': [key?.logicalId, 'Arn'] };
    expect(made?.Properties).toMatchObject({
      CertificateAuthorityArn: keyArn,
      IssuerKeyArn: keyArn,
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { commonName: 'Example Root', country: 'DE' },
      ValidityDays: '100',
    });
    expect(orders(stack)).toContain(String.raw`\"commonName\":\"Example Root\"`);
  });

  test.each([
    [{}, 'RetainExceptOnCreate', 'Retain'],
    [{ removalPolicy: RemovalPolicy.RETAIN }, 'Retain', 'Retain'],
    [{ removalPolicy: RemovalPolicy.DESTROY }, 'Delete', 'Delete'],
  ])('with %j: key and certificate: %s', (props, DeletionPolicy, UpdateReplacePolicy) => {
    const stack = newStack();
    CertificateAuthority.kmsRoot(stack, 'Authority', props);
    for (const type of [KEY, AUTHORITY]) {
      expect(ofType(stack, type)).toEqual([expect.objectContaining({ DeletionPolicy, UpdateReplacePolicy })]);
    }
  });

  test.each([
    [
      { keyAlgorithm: KeyAlgorithm.EC_SECP384R1, signingAlgorithm: SigningAlgorithm.SHA256WITHECDSA },
      'SHA384WITHECDSA',
    ],
    [{ signingAlgorithm: SigningAlgorithm.SHA512WITHECDSA }, 'SHA256WITHECDSA'],
  ])('refuses %j, because KMS signs with %s', (props, algorithm) => {
    expect(() => CertificateAuthority.kmsRoot(newStack(), 'Authority', props)).toThrow(
      `Test/Authority: signingAlgorithm must be ${algorithm}`,
    );
  });

  test('in another stack than its issuer lets policies of the account decide, and warns of that', () => {
    const app = new App();
    const authorityStack = new Stack(app, 'Authorities');
    const authority = CertificateAuthority.kmsRoot(authorityStack, 'Authority');
    const stack = new Stack(app, 'Mesh');
    newMesh(stack, { certificateAuthority: authority });

    const [key] = ofType(authorityStack, KEY);
    const policy = JSON.stringify(key?.Properties['KeyPolicy']);
    expect(policy).toContain('{"Action":"kms:Sign","Condition":{"StringEquals":{"kms:MessageType":"DIGEST"');
    Annotations.fromStack(authorityStack).hasWarning(
      '/Authorities/Authority/Key',
      Match.stringLikeRegexp('create the certificate authority in the stack of the issuer'),
    );
  });
});

describe('a subordinate with its key in KMS', () => {
  test('is signed by the key of its root, and waits for the certificate of that', () => {
    const stack = newStack();
    CertificateAuthority.kmsSubordinate(stack, 'Authority', { root: { keyAlgorithm: KeyAlgorithm.RSA_4096 } });

    const [root, subordinate] = ofType(stack, AUTHORITY).sort((a) => (a.logicalId.includes('Root') ? -1 : 1));
    expect(subordinate?.Properties).toMatchObject({
      IssuerKeyArn: root?.Properties['CertificateAuthorityArn'],
      SigningAlgorithm: 'SHA256WITHRSA',
      ValidityDays: '1825',
      IssuerCertificate: { 'Fn::GetAtt': [root?.logicalId, 'Certificate'] },
    });
    expect(ofType(stack, FUNCTION)).toHaveLength(1);
  });

  test('must not outlive its root', () => {
    const create = () =>
      CertificateAuthority.kmsSubordinate(newStack(), 'Authority', {
        validity: Duration.days(100),
        root: { validity: Duration.days(100) },
      });
    expect(create).toThrow(
      "Test/Authority: validity must be shorter than the root's validity (100 days), got 100 days",
    );
    const defaults = { root: { validity: Duration.days(100) } };
    expect(() => CertificateAuthority.kmsSubordinate(newStack(), 'Authority', defaults)).toThrow(
      "Test/Authority: validity must be shorter than the root's validity (100 days), got the default of 1825 days",
    );
  });
});

describe('a second subordinate below a root', () => {
  test('is signed by the same key, and the root is there and paid once', () => {
    const stack = newStack();
    const signedBy = CertificateAuthority.kmsRoot(stack, 'Root');
    const [first, second] = [
      CertificateAuthority.kmsSubordinate(stack, 'Issuer2027', { signedBy }),
      CertificateAuthority.shortLivedSubordinateOfKmsRoot(stack, 'Issuer2028', { signedBy }),
    ];
    newMesh(stack, { certificateAuthority: first, certificateAuthoritySuccessors: [second] });

    const made = ofType(stack, AUTHORITY);
    expect(made).toHaveLength(3);
    expect(new Set(made.map(({ Properties }) => JSON.stringify(Properties['IssuerKeyArn']))).size).toBe(1);
    expect(ofType(stack, KEY)).toHaveLength(2);
    Annotations.fromStack(stack).hasInfo(
      '/Test/Mesh/Issuer',
      Match.stringLikeRegexp('about \\$52 a month \\(\\$1 for the KMS key of a root, \\$1 for .*, \\$50 for .*\\)'),
    );
    expect(Annotations.fromStack(stack).findInfo('*', Match.stringLikeRegexp('a month'))).toHaveLength(1);
  });

  test.each([
    [
      'another kind of authority',
      CertificateAuthority.shortLivedRoot,
      {},
      'must be an authority of CertificateAuthority.kmsRoot',
    ],
    ['a subordinate', CertificateAuthority.kmsSubordinate, {}, 'must be an authority of CertificateAuthority.kmsRoot'],
    ['options of another root', CertificateAuthority.kmsRoot, { root: {} }, 'must not be set with signedBy'],
  ])('is refused with %s', (_what, create, options, rule) => {
    const stack = newStack();
    const signedBy = create(stack, 'Root');
    expect(() => CertificateAuthority.kmsSubordinate(stack, 'Issuer', { ...options, signedBy })).toThrow(rule);
  });

  test('is refused in another stack than the root', () => {
    const app = new App();
    const signedBy = CertificateAuthority.kmsRoot(new Stack(app, 'Root'), 'Authority');
    const create = () => CertificateAuthority.kmsSubordinate(new Stack(app, 'Mesh'), 'Issuer', { signedBy });
    expect(create).toThrow('Mesh/Issuer: signedBy must be in the same stack, got Root/Authority');
  });
});

test('a subordinate in ACM PCA is activated with the certificate that the KMS root signs', () => {
  const stack = newStack();
  CertificateAuthority.shortLivedSubordinateOfKmsRoot(stack, 'Authority');

  const [root, made] = ofType(stack, AUTHORITY).sort((a) => (a.logicalId.includes('Root') ? -1 : 1));
  const [authority] = ofType(stack, 'AWS::ACMPCA::CertificateAuthority');
  const [activation] = ofType(stack, 'AWS::ACMPCA::CertificateAuthorityActivation');
  expect(authority?.Properties).toMatchObject({ Type: 'SUBORDINATE', UsageMode: 'SHORT_LIVED_CERTIFICATE' });
  expect(made?.Properties).not.toHaveProperty('Subject');
  expect(activation?.Properties).toEqual({
    CertificateAuthorityArn: { 'Fn::GetAtt': [authority?.logicalId, 'Arn'] },
    Certificate: { 'Fn::GetAtt': [made?.logicalId, 'Certificate'] },
    CertificateChain: { 'Fn::GetAtt': [root?.logicalId, 'Certificate'] },
  });
});

describe('the monthly price', () => {
  test.each([
    [CertificateAuthority.kmsRoot, 'about $1 a month ($1 for the KMS key of a root)'],
    [
      CertificateAuthority.kmsSubordinate,
      'about $2 a month ($1 for the KMS key of a root, $1 for the KMS key of a subordinate)',
    ],
    [
      CertificateAuthority.shortLivedSubordinateOfKmsRoot,
      'about $51 a month ($1 for the KMS key of a root, $50 for a short-lived subordinate)',
    ],
  ])('of %p', (create, price) => {
    const stack = newStack();
    create(stack, 'Authority');
    Annotations.fromStack(stack).hasInfo('/Test/Authority', Match.stringLikeRegexp(price.replace(/[$().]/g, '\\$&')));
  });

  test('of a mesh with 20 clients counts their secrets and certificates, and the authority once', () => {
    const stack = newStack();
    const mesh = newMesh(stack, { certificateAuthority: CertificateAuthority.kmsRoot(stack, 'Authority') });
    for (let number = 1; number <= 20; number++) mesh.addClient(`client-${number}`);
    mesh.addClient('external', { ownKey: true });
    const given = { gatewaySecret: Secret.fromSecretNameV2(stack, 'Given', 'given') };
    mesh.addService('users', { integration: MeshIntegration.http('https://users.example.com') });
    mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com', given) });

    const prices = Annotations.fromStack(stack).findInfo('*', Match.stringLikeRegexp('a month'));
    expect(prices.map(({ entry }) => entry.data)).toEqual([
      expect.stringContaining(
        'the mesh costs about $9.40 a month ($1 for the KMS key of a root, $8.40 for 21 secrets)',
      ),
    ]);
  });

  test('of the default mesh counts the price of its certificates', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    for (let number = 1; number <= 20; number++) mesh.addClient(`client-${number}`);

    Annotations.fromStack(stack).hasInfo(
      '/Test/Mesh/Issuer',
      Match.stringLikeRegexp(
        'about \\$70 a month \\(\\$50 for a short-lived root, \\$12 for 200 certificates, \\$8 for 20 secrets\\)',
      ),
    );
  });
});
