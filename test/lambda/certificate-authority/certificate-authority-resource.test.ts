import { X509Certificate } from 'node:crypto';
import type { LogEntry } from '../../../aws/cloudwatch';
import { CertificateAuthorityResource } from '../../../lambda/certificate-authority/certificate-authority-resource';
import { AuthorityStore } from '../../../lambda/kms-authority/authority-store';
import type { AuthorityOrder } from '../../../mesh/kms-authority';
import { signRootCertificate } from '../../../pki/certificate-signing';
import { createCertificateSigningRequest } from '../../../pki/certificate-signing-request';
import { generatePrivateKey } from '../../../pki/keys';
import { readCertificates } from '../../../pki/pem';
import { createRequest } from '../custom-resource/requests';
import { MemoryKms } from '../kms-authority/memory-kms';
import { MemoryParameters } from '../kms-authority/memory-parameters';

const signal = new AbortController().signal;
const PCA_ARN = 'arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555';
const DAY = 86_400_000;

let kms: MemoryKms;
let parameters: MemoryParameters;
let rootArn: string;
let root: AuthorityOrder;
let now: Date;
const logs: LogEntry[] = [];

beforeEach(async () => {
  kms = new MemoryKms();
  parameters = new MemoryParameters();
  now = new Date('2026-11-28T12:00:00Z');
  rootArn = await kms.create();
  root = {
    certificateAuthorityArn: rootArn,
    issuerKeyArn: rootArn,
    signingAlgorithm: 'SHA256WITHECDSA',
    subject: { commonName: 'Example Root', organization: 'Example', country: 'DE' },
    validityDays: 3650,
  };
  logs.length = 0;
});

function resourceFor(orders: readonly AuthorityOrder[], csr = '') {
  return new CertificateAuthorityResource({
    orders,
    kms,
    acmPca: { certificateSigningRequest: async () => csr },
    store: new AuthorityStore(parameters),
    now: () => now,
    log: (entry) => logs.push(entry),
  });
}

/** Asks for the authority, with whatever else an event contains. */
function apply(resource: CertificateAuthorityResource, arn: string, others: object = {}) {
  return resource.apply(createRequest({ properties: { CertificateAuthorityArn: arn, ...others } }), signal);
}

async function subordinateOrder(): Promise<AuthorityOrder> {
  const subject = { commonName: 'Example Issuer' };
  return { ...root, certificateAuthorityArn: await kms.create(), subject, validityDays: 1825 };
}

/** The certificates of an authority and those above it, as they are kept. */
function keptChain(arn: string): X509Certificate[] {
  const { certificateChain } = JSON.parse(keptText(arn));
  return readCertificates(certificateChain);
}

function keptText(arn: string): string {
  return parameters.find(parameterOf(arn)) ?? '';
}

function parameterOf(arn: string): string {
  return `/mtls-mesh/certificate-authorities/${arn.split('/')[1]}`;
}

describe('a root', () => {
  test('signs itself, with the name and the validity that were ordered', async () => {
    const { Certificate, CertificateAuthorityArn } = await apply(resourceFor([root]), rootArn);

    const certificate = new X509Certificate(Certificate);
    expect(CertificateAuthorityArn).toBe(rootArn);
    expect(certificate.subject.split('\n').sort()).toEqual(['C=DE', 'CN=Example Root', 'O=Example']);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.ca && certificate.verify(certificate.publicKey)).toBe(true);
    expect(new Date(certificate.validFrom)).toEqual(new Date(now.getTime() - 3_600_000));
    expect(new Date(certificate.validTo)).toEqual(new Date(now.getTime() + 3650 * DAY));
  });

  test.each(['RSA_2048', 'EC_secp384r1'] as const)('may have a key of %s', async (keyAlgorithm) => {
    const arn = await kms.create(keyAlgorithm);
    const signingAlgorithm = keyAlgorithm === 'RSA_2048' ? 'SHA256WITHRSA' : 'SHA384WITHECDSA';
    const order = { ...root, certificateAuthorityArn: arn, issuerKeyArn: arn, signingAlgorithm } as const;
    const { Certificate } = await apply(resourceFor([order]), arn);
    const certificate = new X509Certificate(Certificate);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  test('is made once, however often its resource is requested', async () => {
    const first = await apply(resourceFor([root]), rootArn);
    now = new Date('2027-01-01T00:00:00Z');
    const again = await apply(resourceFor([root]), rootArn);

    expect(again).toEqual(first);
    expect(kms.signed).toHaveLength(1);
  });

  test('is the same for two runs of a request at the same time', async () => {
    const [first, second] = await Promise.all([
      apply(resourceFor([root]), rootArn),
      apply(resourceFor([root]), rootArn),
    ]);
    expect(second).toEqual(first);
    expect(String(keptChain(rootArn)[0])).toBe(first.Certificate);
  });

  test('that could not be kept is not made: the next request makes it', async () => {
    const put = jest.spyOn(parameters, 'put').mockRejectedValueOnce(new Error('ssm:PutParameter failed'));
    await expect(apply(resourceFor([root]), rootArn)).rejects.toThrow('ssm:PutParameter failed');
    expect(parameters.names).toEqual([]);

    const { Certificate } = await apply(resourceFor([root]), rootArn);
    expect(String(keptChain(rootArn)[0])).toBe(Certificate);
    expect(put).toHaveBeenCalledTimes(2);
  });

  test('with another validity gets another certificate for the same key', async () => {
    const first = await apply(resourceFor([root]), rootArn);
    const changed = await apply(resourceFor([{ ...root, validityDays: 100 }]), rootArn);

    expect(changed.Certificate).not.toBe(first.Certificate);
    expect(keyOf(changed.Certificate)).toBe(keyOf(first.Certificate));
  });

  test.each([
    ['another name', { commonName: 'Another Root', organization: 'Example', country: 'DE' }],
    ['a part of its name', { commonName: 'Example Root' }],
    ['its name in other letters', { commonName: 'EXAMPLE ROOT', organization: 'Example', country: 'DE' }],
  ])('is refused %s for the same key, whatever else changes, and the one of before stays', async (_what, subject) => {
    const first = await apply(resourceFor([root]), rootArn);
    for (const change of [{}, { validityDays: 100 }]) {
      await expect(apply(resourceFor([{ ...root, ...change, subject }]), rootArn)).rejects.toThrow(
        `certificate authority ${rootArn} must keep the subject C=DE, O=Example, CN=Example Root`,
      );
    }
    expect(kms.signed).toHaveLength(1);
    expect(String(keptChain(rootArn)[0])).toBe(first.Certificate);
    expect(await apply(resourceFor([root]), rootArn)).toEqual(first);
  });

  test('whose order is changed back gets the very certificate of before, whatever was tried between', async () => {
    const first = await apply(resourceFor([root]), rootArn);
    const kept = keptText(rootArn);
    for (const validityDays of [100, 200, 100]) await apply(resourceFor([{ ...root, validityDays }]), rootArn);

    expect(await apply(resourceFor([root]), rootArn)).toEqual(first);
    expect(keptText(rootArn)).toBe(kept);
    expect(kms.signed).toHaveLength(3);
  });

  test('whose order is changed back gets another certificate if that of before has expired', async () => {
    const short = resourceFor([{ ...root, validityDays: 100 }]);
    const first = await apply(short, rootArn);
    await apply(resourceFor([root]), rootArn);
    now = new Date('2027-04-01T00:00:00Z');

    const again = await apply(short, rootArn);
    expect(again.Certificate).not.toBe(first.Certificate);
    expect(keyOf(again.Certificate)).toBe(keyOf(first.Certificate));
    expect(await apply(short, rootArn)).toEqual(again);
  });

  test('whose order is changed is the same for two runs of the request at the same time', async () => {
    await apply(resourceFor([root]), rootArn);
    const changed = resourceFor([{ ...root, validityDays: 100 }]);
    const [first, second] = await Promise.all([apply(changed, rootArn), apply(changed, rootArn)]);
    expect(second).toEqual(first);
    expect(String(keptChain(rootArn)[0])).toBe(first.Certificate);
  });

  test('that could not be put back is put back by the next request', async () => {
    const first = await apply(resourceFor([root]), rootArn);
    await apply(resourceFor([{ ...root, validityDays: 100 }]), rootArn);
    jest.spyOn(parameters, 'put').mockRejectedValueOnce(new Error('ssm:PutParameter failed'));
    await expect(apply(resourceFor([root]), rootArn)).rejects.toThrow('ssm:PutParameter failed');
    expect(await apply(resourceFor([root]), rootArn)).toEqual(first);
    expect(String(keptChain(rootArn)[0])).toBe(first.Certificate);
  });
});

function keyOf(certificate: string): string {
  return String(new X509Certificate(certificate).publicKey.export({ format: 'pem', type: 'spki' }));
}

describe('a subordinate', () => {
  test('is signed by its root, may have no authority below it, and is kept with its chain', async () => {
    const order = await subordinateOrder();
    const resource = resourceFor([root, order]);
    await apply(resource, rootArn);
    const { Certificate } = await apply(resource, order.certificateAuthorityArn);

    const [subordinate, above] = keptChain(order.certificateAuthorityArn);
    expect(String(subordinate)).toBe(Certificate);
    expect(subordinate?.subject).toBe('CN=Example Issuer');
    expect(above && subordinate?.checkIssued(above) && subordinate.verify(above.publicKey)).toBe(true);
    expect(kms.signed).toEqual([rootArn, rootArn, rootArn]);
  });

  test('is kept with the list of its root, in which nothing is revoked', async () => {
    const order = await subordinateOrder();
    const resource = resourceFor([root, order]);
    await apply(resource, rootArn);
    await apply(resource, order.certificateAuthorityArn);

    expect(JSON.parse(keptText(order.certificateAuthorityArn)).revocationLists).toMatch(
      /^-----BEGIN X509 CRL-----\n[^-]+-----END X509 CRL-----\n$/,
    );
    expect(JSON.parse(keptText(rootArn)).revocationLists).toBe('');
  });

  test('fails before its root is there, and says what to do', async () => {
    const order = await subordinateOrder();
    await expect(apply(resourceFor([root, order]), order.certificateAuthorityArn)).rejects.toThrow(
      `the certificate authority ${rootArn} has no certificate: invoke the function that makes authorities with {}`,
    );
  });

  test('is made again when its root is, and the root stays when the subordinate is made again', async () => {
    const order = await subordinateOrder();
    await apply(resourceFor([root, order]), rootArn);
    const first = await apply(resourceFor([root, order]), order.certificateAuthorityArn);
    const rootBefore = keptText(rootArn);

    const longer = { ...order, validityDays: 2000 };
    const second = await apply(resourceFor([root, longer]), order.certificateAuthorityArn);
    expect(second.Certificate).not.toBe(first.Certificate);
    expect(keptText(rootArn)).toBe(rootBefore);

    const newRoot = { ...root, validityDays: 4000 };
    await apply(resourceFor([newRoot, longer]), rootArn);
    const third = await apply(resourceFor([newRoot, longer]), order.certificateAuthorityArn);
    expect(third.Certificate).not.toBe(second.Certificate);
    expect(keptChain(order.certificateAuthorityArn)[1]?.fingerprint256).toBe(keptChain(rootArn)[0]?.fingerprint256);

    await apply(resourceFor([root, order]), rootArn);
    expect(await apply(resourceFor([root, order]), order.certificateAuthorityArn)).toEqual(first);
    expect(keptText(rootArn)).toBe(rootBefore);
    expect(keptChain(order.certificateAuthorityArn)[1]?.fingerprint256).toBe(keptChain(rootArn)[0]?.fingerprint256);
  });

  test('is refused another name for the same key', async () => {
    const order = await subordinateOrder();
    await apply(resourceFor([root, order]), rootArn);
    await apply(resourceFor([root, order]), order.certificateAuthorityArn);
    const renamed = { ...order, subject: { commonName: 'Another Issuer' } };
    await expect(apply(resourceFor([root, renamed]), order.certificateAuthorityArn)).rejects.toThrow(
      `certificate authority ${order.certificateAuthorityArn} must keep the subject CN=Example Issuer`,
    );
  });

  test('can not outlive its root', async () => {
    const order = { ...(await subordinateOrder()), validityDays: 4000 };
    const resource = resourceFor([root, order]);
    await apply(resource, rootArn);
    await expect(apply(resource, order.certificateAuthorityArn)).rejects.toThrow("must not be later than the issuer's");
  });
});

describe('an authority of ACM PCA below a KMS root', () => {
  const order = (): AuthorityOrder => {
    const { subject: _, ...others } = root;
    return { ...others, certificateAuthorityArn: PCA_ARN, validityDays: 1825 };
  };

  test('gets a certificate for the key and the name in the request that ACM PCA has for it', async () => {
    const privateKey = await generatePrivateKey('EC_prime256v1');
    const resource = resourceFor([root, order()], createCertificateSigningRequest(privateKey, 'Short-lived issuer'));
    await apply(resource, rootArn);
    const { Certificate } = await apply(resource, PCA_ARN);

    const certificate = new X509Certificate(Certificate);
    expect(certificate.subject).toBe('CN=Short-lived issuer');
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.ca).toBe(true);
  });

  test('is refused with a request that is not one', async () => {
    const resource = resourceFor([root, order()], 'no request');
    await apply(resource, rootArn);
    await expect(apply(resource, PCA_ARN)).rejects.toThrow('CERTIFICATE REQUEST');
  });
});

describe('a parameter that somebody else has written', () => {
  /** The parameter of an authority, with the certificate of a key that only the attacker has. */
  async function plant(arn: string): Promise<void> {
    const attacker = new MemoryKms();
    const key = await attacker.create();
    const forged = await signRootCertificate(
      {
        subject: { commonName: 'Example Root', organization: 'Example', country: 'DE' },
        notBefore: new Date(now.getTime() - DAY),
        notAfter: new Date(now.getTime() + 3650 * DAY),
      },
      attacker.signer(key),
      signal,
    );
    const { order } = JSON.parse(keptText(arn));
    parameters.set(parameterOf(arn), JSON.stringify({ certificateChain: forged, revocationLists: '', order }));
  }

  test('is not taken for the certificate of the authority, and that one is put back', async () => {
    const { Certificate } = await apply(resourceFor([root]), rootArn);
    await plant(rootArn);
    expect(String(keptChain(rootArn)[0])).not.toBe(Certificate);
    expect((await apply(resourceFor([root]), rootArn)).Certificate).toBe(Certificate);
    expect(String(keptChain(rootArn)[0])).toBe(Certificate);
  });

  test('is not taken for the certificate of the authority if it has its key and another name', async () => {
    await apply(resourceFor([root]), rootArn);
    const { order } = JSON.parse(keptText(rootArn));
    parameters.clear();
    await apply(resourceFor([{ ...root, subject: { commonName: 'Example Root of Before' } }]), rootArn);
    const { certificateChain } = JSON.parse(keptText(rootArn));
    parameters.set(parameterOf(rootArn), JSON.stringify({ certificateChain, revocationLists: '', order }));

    await expect(apply(resourceFor([root]), rootArn)).rejects.toThrow(
      'must keep the subject CN=Example Root of Before',
    );
  });

  test('signs no subordinate', async () => {
    const order = await subordinateOrder();
    await apply(resourceFor([root, order]), rootArn);
    await plant(rootArn);
    await expect(apply(resourceFor([root, order]), order.certificateAuthorityArn)).rejects.toThrow(
      'holds the certificate of another authority: invoke this function with {}',
    );
  });
});

test('an operator who has lost parameters gets certificates for the same keys', async () => {
  const order = await subordinateOrder();
  const resource = resourceFor([root, order]);
  await apply(resource, rootArn);
  const { Certificate } = await apply(resource, order.certificateAuthorityArn);
  parameters.clear();

  await resource.makeAll('request', signal);

  expect(keyOf(String(keptChain(order.certificateAuthorityArn)[0]))).toBe(keyOf(Certificate));
  expect(keptChain(order.certificateAuthorityArn)).toHaveLength(2);
});

describe('an event', () => {
  test('can only ask for an authority that the function makes', async () => {
    const other = await kms.create();
    await expect(apply(resourceFor([root]), other)).rejects.toThrow(
      'CertificateAuthorityArn must be an authority that this function makes',
    );
    expect(kms.signed).toEqual([]);
  });

  test('can not choose what is signed', async () => {
    const { Certificate } = await apply(resourceFor([root]), rootArn, {
      IssuerKeyArn: await kms.create(),
      Subject: { commonName: 'Impostor' },
      ValidityDays: '99999',
      CertificateSigningRequest: 'anything',
    });
    expect(new X509Certificate(Certificate).subject).toContain('CN=Example Root');
  });

  test.each([
    undefined,
    '',
    'arn:aws:s3:::bucket',
    `${PCA_ARN}/../x`,
    'arn:aws:kms:eu-central-1:111122223333:alias/a',
    ['a'],
  ])('with the authority %j fails', async (arn) => {
    await expect(apply(resourceFor([root]), arn as string)).rejects.toThrow('CertificateAuthorityArn');
  });
});

test('a removed authority leaves no parameter, and the removal can be repeated', async () => {
  const resource = resourceFor([root]);
  await apply(resource, rootArn);
  const request = createRequest({ requestType: 'Delete', properties: { CertificateAuthorityArn: rootArn } });
  await resource.remove(request, signal);
  await resource.remove(request, signal);
  expect(parameters.names).toEqual([]);
});

test.each(['', '{}', 'null', '[]', '{"certificateChain":1,"revocationLists":"","order":""}'])(
  'what another program has put into the parameter, such as %j, is replaced by what was there',
  async (text) => {
    parameters.set(parameterOf(rootArn), text);
    const { Certificate } = await apply(resourceFor([root]), rootArn);
    parameters.set(parameterOf(rootArn), text);
    await resourceFor([root]).makeAll('request', signal);
    expect(String(keptChain(rootArn)[0])).toBe(Certificate);
  },
);
