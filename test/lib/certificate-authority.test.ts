import { Duration, Lazy, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  CertificateAuthority,
  type CertificateAuthorityProps,
  KeyAlgorithm,
  SigningAlgorithm,
  type SubordinateCertificateAuthorityProps,
} from '../../lib';
import { KEY_ALGORITHMS } from '../../pki/keys';
import { SIGNING_ALGORITHMS } from '../../pki/signature';
import { createRoot } from '../pki/authorities';
import { dependenciesOf, newStack, onlyResource, resourcesOf } from './mesh-stack';

const CA = 'AWS::ACMPCA::CertificateAuthority';
const CERTIFICATE = 'AWS::ACMPCA::Certificate';
const ACTIVATION = 'AWS::ACMPCA::CertificateAuthorityActivation';
const PCA_TYPES = [CA, CERTIFICATE, ACTIVATION];

function literally(text: string) {
  return Match.stringLikeRegexp(text.replace(/[$().]/g, '\\$&'));
}

function template(name: string) {
  return { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:acm-pca:::template/${name}`]] };
}

test('the algorithms that can be chosen are those that the functions know', () => {
  expect(Object.values(KeyAlgorithm).sort()).toEqual([...KEY_ALGORITHMS].sort());
  expect(Object.values(SigningAlgorithm).sort()).toEqual([...SIGNING_ALGORITHMS].sort());
});

describe('a short-lived root', () => {
  test('signs itself for ten years, and is activated with its own certificate', () => {
    const stack = newStack();
    CertificateAuthority.shortLivedRoot(stack, 'Authority');

    const authority = onlyResource(stack, CA);
    const certificate = onlyResource(stack, CERTIFICATE);
    expect(authority.Properties).toEqual({
      Type: 'ROOT',
      UsageMode: 'SHORT_LIVED_CERTIFICATE',
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { CommonName: expect.stringMatching(/^Test Authority [0-9A-F]{8}$/) },
    });
    expect(certificate.Properties).toEqual({
      CertificateAuthorityArn: { 'Fn::GetAtt': [authority.logicalId, 'Arn'] },
      CertificateSigningRequest: { 'Fn::GetAtt': [authority.logicalId, 'CertificateSigningRequest'] },
      SigningAlgorithm: 'SHA256WITHECDSA',
      TemplateArn: template('RootCACertificate/V1'),
      Validity: { Type: 'DAYS', Value: 3650 },
    });
    expect(onlyResource(stack, ACTIVATION).Properties).toEqual({
      CertificateAuthorityArn: { 'Fn::GetAtt': [authority.logicalId, 'Arn'] },
      Certificate: { 'Fn::GetAtt': [certificate.logicalId, 'Certificate'] },
    });
  });

  test('is known by its activation, so that whatever uses it waits until it is active', () => {
    const stack = newStack();
    const authority = CertificateAuthority.shortLivedRoot(stack, 'Authority');

    const arn = stack.resolve(authority.certificateAuthorityArn);
    const chain = stack.resolve(authority.certificateChain);

    const { logicalId } = onlyResource(stack, ACTIVATION);
    expect(arn).toEqual({ Ref: logicalId });
    expect(chain).toEqual({ 'Fn::GetAtt': [logicalId, 'CompleteCertificateChain'] });
  });

  test('takes subject, algorithms and validity from its props', () => {
    const stack = newStack();
    CertificateAuthority.shortLivedRoot(stack, 'Authority', {
      subject: {
        commonName: 'Schedule root',
        organization: 'Example',
        organizationalUnit: 'Calendars',
        country: 'CH',
        state: 'Bern',
        locality: 'Thun',
      },
      keyAlgorithm: KeyAlgorithm.RSA_4096,
      signingAlgorithm: SigningAlgorithm.SHA512WITHRSA,
      validity: Duration.days(365),
    });

    expect(onlyResource(stack, CA).Properties).toMatchObject({
      KeyAlgorithm: 'RSA_4096',
      SigningAlgorithm: 'SHA512WITHRSA',
      Subject: {
        CommonName: 'Schedule root',
        Organization: 'Example',
        OrganizationalUnit: 'Calendars',
        Country: 'CH',
        State: 'Bern',
        Locality: 'Thun',
      },
    });
    expect(onlyResource(stack, CERTIFICATE).Properties).toMatchObject({
      SigningAlgorithm: 'SHA512WITHRSA',
      Validity: { Type: 'DAYS', Value: 365 },
    });
  });
});

describe.each([
  { kind: 'short-lived', mode: 'SHORT_LIVED_CERTIFICATE', create: CertificateAuthority.shortLivedSubordinate },
  { kind: 'general-purpose', mode: 'GENERAL_PURPOSE', create: CertificateAuthority.generalPurposeSubordinate },
])('a $kind subordinate', ({ mode, create }) => {
  function pair(stack: Stack, props?: SubordinateCertificateAuthorityProps) {
    const authority = create(stack, 'Authority', props);
    const resources = resourcesOf(stack);
    const idOf = (type: string, root: boolean) => {
      const [id = ''] = Object.keys(resources).filter(
        (candidate) => resources[candidate]?.Type === type && candidate.startsWith('AuthorityRoot') === root,
      );
      return id;
    };
    return { authority, resources, idOf };
  }

  test('is signed by an active general-purpose root', () => {
    const { resources, idOf } = pair(newStack());

    const rootActivation = idOf(ACTIVATION, true);
    expect(resources[idOf(CA, true)]?.Properties).toMatchObject({ Type: 'ROOT', UsageMode: 'GENERAL_PURPOSE' });
    expect(resources[idOf(CA, false)]?.Properties).toMatchObject({ Type: 'SUBORDINATE', UsageMode: mode });
    expect(resources[idOf(CERTIFICATE, false)]?.Properties).toEqual({
      CertificateAuthorityArn: { Ref: rootActivation },
      CertificateSigningRequest: { 'Fn::GetAtt': [idOf(CA, false), 'CertificateSigningRequest'] },
      SigningAlgorithm: 'SHA256WITHECDSA',
      TemplateArn: template('SubordinateCACertificate_PathLen0/V1'),
      Validity: { Type: 'DAYS', Value: 1825 },
    });
    expect(resources[idOf(ACTIVATION, false)]?.Properties).toMatchObject({
      CertificateChain: { 'Fn::GetAtt': [rootActivation, 'CompleteCertificateChain'] },
    });
  });

  test('is deleted in the order that AWS allows: activation, certificate, authority, and only then the root', () => {
    const { resources, idOf } = pair(newStack(), { removalPolicy: RemovalPolicy.DESTROY });

    expect(dependenciesOf(resources, idOf(ACTIVATION, false))).toEqual(
      new Set([
        idOf(CERTIFICATE, false),
        idOf(CA, false),
        idOf(ACTIVATION, true),
        idOf(CERTIFICATE, true),
        idOf(CA, true),
      ]),
    );
    expect(dependenciesOf(resources, idOf(CERTIFICATE, false))).toContain(idOf(ACTIVATION, true));
  });

  test('is signed with the algorithm of the root, whose key may be of another family', () => {
    const { resources, idOf } = pair(newStack(), {
      keyAlgorithm: KeyAlgorithm.RSA_2048,
      root: { keyAlgorithm: KeyAlgorithm.EC_SECP384R1 },
    });

    expect(resources[idOf(CA, false)]?.Properties['SigningAlgorithm']).toBe('SHA256WITHRSA');
    expect(resources[idOf(CERTIFICATE, false)]?.Properties['SigningAlgorithm']).toBe('SHA384WITHECDSA');
  });

  test('hands its removal policy to the root, unless the root has one of its own', () => {
    const { resources, idOf } = pair(newStack(), { removalPolicy: RemovalPolicy.DESTROY });
    expect(resources[idOf(CA, true)]?.DeletionPolicy).toBe('Delete');

    const kept = pair(newStack(), {
      removalPolicy: RemovalPolicy.DESTROY,
      root: { removalPolicy: RemovalPolicy.RETAIN },
    });
    expect(kept.resources[kept.idOf(CA, true)]?.DeletionPolicy).toBe('Retain');
    expect(kept.resources[kept.idOf(CA, false)]?.DeletionPolicy).toBe('Delete');
  });

  test('may not outlive its root', () => {
    const validity = Duration.days(3650);

    expect(() => create(newStack(), 'Authority', { validity })).toThrow(
      "Test/Authority: validity must be shorter than the root's validity (3650 days), got 3650 days",
    );
    expect(() => create(newStack(), 'Authority', { root: { validity: Duration.days(90) } })).toThrow(
      "Test/Authority: validity must be shorter than the root's validity (90 days), got the default of 1825 days",
    );
  });
});

describe('removal', () => {
  test.each(PCA_TYPES)('keeps %s by default: an activation that is deleted disables its authority', (type) => {
    const stack = newStack();
    CertificateAuthority.shortLivedRoot(stack, 'Authority');

    expect(onlyResource(stack, type)).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test.each(PCA_TYPES)('deletes %s when DESTROY is chosen', (type) => {
    const stack = newStack();
    CertificateAuthority.shortLivedRoot(stack, 'Authority', { removalPolicy: RemovalPolicy.DESTROY });

    expect(onlyResource(stack, type)).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  });
});

describe('the revocation list of a general-purpose authority', () => {
  const bucketPolicy = 'AWS::S3::BucketPolicy';

  test('is in the bucket, into which ACM PCA may write before the authority is created', () => {
    const stack = newStack();
    const revocationListBucket = new Bucket(stack, 'Lists');
    CertificateAuthority.generalPurposeSubordinate(stack, 'Authority', { revocationListBucket });

    const subordinate = Object.values(resourcesOf(stack)).find(
      ({ Type, Properties }) => Type === CA && Properties['Type'] === 'SUBORDINATE',
    );
    expect(subordinate?.Properties['RevocationConfiguration']).toEqual({
      CrlConfiguration: {
        Enabled: true,
        S3BucketName: { Ref: expect.stringMatching(/^Lists/) },
        ExpirationInDays: 7,
        S3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
      },
    });
    expect(subordinate?.DependsOn).toEqual([onlyResource(stack, bucketPolicy).logicalId]);
    const { Statement } = onlyResource(stack, bucketPolicy).Properties['PolicyDocument'] as { Statement: object[] };
    expect(Statement).toHaveLength(2);
    for (const statement of Statement) {
      expect(statement).toMatchObject({
        Principal: { Service: 'acm-pca.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      });
    }
  });

  test('can be written by those who revoke', () => {
    const stack = newStack();
    const revocationListBucket = new Bucket(stack, 'Lists');
    const authority = CertificateAuthority.generalPurposeSubordinate(stack, 'Authority', { revocationListBucket });
    authority.grantRevoke(new Role(stack, 'Revoker', { assumedBy: new AccountRootPrincipal() }));
    expect(JSON.stringify(onlyResource(stack, 'AWS::IAM::Policy').Properties)).toContain('s3:PutObjectAcl');
  });

  test('in a bucket of another app needs a policy there, which synthesis says', () => {
    const stack = newStack();
    const revocationListBucket = Bucket.fromBucketName(stack, 'Lists', 'revocation-lists');
    CertificateAuthority.generalPurposeSubordinate(stack, 'Authority', { revocationListBucket });
    Annotations.fromStack(stack).hasWarning('/Test/Authority', Match.stringLikeRegexp('acm-pca.amazonaws.com'));
  });
});

describe('synthesis prints the monthly price', () => {
  test.each([
    [CertificateAuthority.shortLivedRoot, '$50 a month', '($50 for a short-lived root)'],
    [
      CertificateAuthority.shortLivedSubordinate,
      '$450 a month',
      '($400 for a general-purpose root, $50 for a short-lived subordinate)',
    ],
    [
      CertificateAuthority.generalPurposeSubordinate,
      '$800 a month',
      '($400 for a general-purpose root, $400 for a general-purpose subordinate)',
    ],
  ])('of %p', (create, total, parts) => {
    const stack = newStack();
    create(stack, 'Authority');

    const annotations = Annotations.fromStack(stack);
    annotations.hasInfo('/Test/Authority', literally(total));
    annotations.hasInfo('/Test/Authority', literally(parts));
    expect(annotations.findInfo('*', Match.anyValue())).toHaveLength(1);
  });
});

describe('what an authority can issue at most', () => {
  test.each([
    ['7 days in short-lived mode', CertificateAuthority.shortLivedRoot, {}, 7],
    [
      'its own validity when that is shorter still',
      CertificateAuthority.shortLivedRoot,
      { validity: Duration.days(3) },
      3,
    ],
    ['its own validity in general-purpose mode', CertificateAuthority.generalPurposeSubordinate, {}, 1825],
  ])('%s', (_rule, create, props: CertificateAuthorityProps, days) => {
    expect(create(newStack(), 'Authority', props).longestCertificateValidity?.toDays()).toBe(days);
  });
});

describe('synthesis refuses', () => {
  test.each<[string, CertificateAuthorityProps, string]>([
    [
      'a signing algorithm of another family than the key',
      { keyAlgorithm: KeyAlgorithm.RSA_2048, signingAlgorithm: SigningAlgorithm.SHA256WITHECDSA },
      'signingAlgorithm must match the family of keyAlgorithm (RSA_2048), got SHA256WITHECDSA',
    ],
    ['a validity of no day', { validity: Duration.days(0) }, 'validity must be whole days, at least one, got'],
    [
      'a validity of parts of a day',
      { validity: Duration.hours(36) },
      'validity must be whole days, at least one, got 1 day 12 hours',
    ],
    [
      'an empty common name',
      { subject: { commonName: '' } },
      'subject.commonName must have 1 to 64 characters, got ""',
    ],
    [
      'a common name that X.520 has no room for',
      { subject: { commonName: 'x'.repeat(65) } },
      'subject.commonName must have 1 to 64 characters',
    ],
    [
      'a locality that is too long',
      { subject: { commonName: 'root', locality: 'x'.repeat(129) } },
      'subject.locality must have 1 to 128 characters',
    ],
    [
      'a country of three letters',
      { subject: { commonName: 'root', country: 'CHE' } },
      'subject.country must have two letters, got "CHE"',
    ],
    [
      'a country of digits',
      { subject: { commonName: 'root', country: '41' } },
      'subject.country must have two letters, got "41"',
    ],
  ])('%s', (_what, props, message) => {
    expect(() => CertificateAuthority.shortLivedRoot(newStack(), 'Authority', props)).toThrow(
      `Test/Authority: ${message}`,
    );
  });

  test('nothing about tokens, which only CloudFormation can read', () => {
    const stack = newStack();
    const text = Lazy.string({ produce: () => 'x'.repeat(1000) });

    CertificateAuthority.shortLivedRoot(stack, 'Authority', {
      subject: { commonName: text, country: text },
      validity: Duration.days(Lazy.number({ produce: () => -1 })),
    });

    expect(onlyResource(stack, CERTIFICATE).Properties['Validity']).toEqual({ Type: 'DAYS', Value: -1 });
  });
});

describe('an existing authority', () => {
  const certificateAuthorityArn =
    'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555';

  let ecdsaChain: string;

  beforeAll(async () => {
    ecdsaChain = (await createRoot('existing')).pem;
  });

  test.each([
    ['EC_secp384r1', SigningAlgorithm.SHA256WITHECDSA],
    ['RSA_2048', SigningAlgorithm.SHA256WITHRSA],
  ] as const)('with a key %s signs with %s', async (keyAlgorithm, signingAlgorithm) => {
    const certificateChain = (await createRoot('existing', { keyAlgorithm })).pem;

    const authority = CertificateAuthority.fromCertificateAuthorityAttributes(newStack(), 'Authority', {
      certificateAuthorityArn,
      certificateChain,
    });

    expect(authority).toMatchObject({ certificateAuthorityArn, certificateChain, signingAlgorithm });
  });

  test('brings no resources and no price', () => {
    const stack = newStack();
    CertificateAuthority.fromCertificateAuthorityAttributes(stack, 'Authority', {
      certificateAuthorityArn,
      certificateChain: ecdsaChain,
    });

    expect(Annotations.fromStack(stack).findInfo('*', Match.anyValue())).toEqual([]);
    expect(resourcesOf(stack)).toEqual({});
  });

  test('can be a parameter of the stack, if its signing algorithm is given', () => {
    const certificateChain = Lazy.string({ produce: () => 'chain' });
    const attributes = { certificateAuthorityArn: certificateChain, certificateChain };

    expect(() => CertificateAuthority.fromCertificateAuthorityAttributes(newStack(), 'Authority', attributes)).toThrow(
      "Test/Authority: signingAlgorithm must be set when certificateChain doesn't determine it, got a chain that is a token",
    );
    CertificateAuthority.fromCertificateAuthorityAttributes(newStack(), 'Authority', {
      ...attributes,
      signingAlgorithm: SigningAlgorithm.SHA384WITHECDSA,
    });
  });

  test.each([
    'arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555',
    `${certificateAuthorityArn}/certificate/1`,
    `${certificateAuthorityArn}\n`,
    'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/a',
    'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11111111_2222_3333_4444_555555555555',
    'arn:other:acm-pca:eu-central-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
    '*',
    '',
  ])('is refused by the ARN %j', (arn) => {
    expect(() =>
      CertificateAuthority.fromCertificateAuthorityAttributes(newStack(), 'Authority', {
        certificateAuthorityArn: arn,
        certificateChain: ecdsaChain,
      }),
    ).toThrow(
      `Test/Authority: certificateAuthorityArn must be the ARN of an ACM PCA certificate authority, got ${JSON.stringify(arn)}`,
    );
  });

  test.each([
    ['', 'there is no PEM block "CERTIFICATE"'],
    ['not PEM', 'there is no PEM block "CERTIFICATE"'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'block 1 is not a DER certificate'],
  ])('is refused by the chain %j', (certificateChain, reason) => {
    expect(() =>
      CertificateAuthority.fromCertificateAuthorityAttributes(newStack(), 'Authority', {
        certificateAuthorityArn,
        certificateChain,
      }),
    ).toThrow(`Test/Authority: certificateChain must be certificates in PEM: ${reason}`);
  });

  test('is refused when a private key stands in the chain, and the error does not repeat it', () => {
    const certificateChain = `${ecdsaChain}-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n`;
    const create = () =>
      CertificateAuthority.fromCertificateAuthorityAttributes(newStack(), 'Authority', {
        certificateAuthorityArn,
        certificateChain,
      });

    expect(create).toThrow(
      'Test/Authority: certificateChain must be certificates in PEM: the text contains a private key',
    );
    expect(create).not.toThrow('c2VjcmV0');
  });
});
