import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { AcmPca, type CertificateRequest } from '../../aws/acm-pca';
import { AwsCallError } from '../../aws/aws-error';
import { FUNCTION_SDK_SETTINGS } from '../../aws/sdk';
import { jsonError, jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const ARN = 'arn:aws-cn:acm-pca:cn-north-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012';
const CERTIFICATE_ARN = `${ARN}/certificate/1`;
const signal = new AbortController().signal;

const request: CertificateRequest = {
  certificateAuthorityArn: ARN,
  certificateSigningRequest: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
  commonName: 'mail',
  spiffeId: 'spiffe://mesh.example.com/mail',
  dnsNames: ['mail.internal.example.com'],
  signingAlgorithm: 'SHA256WITHECDSA',
  validity: { type: 'DAYS', value: 7 },
  idempotencyToken: '0123456789abcdef',
};

describe('ACM PCA', () => {
  let endpoint: ServiceEndpoint;
  let authority: AcmPca;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    // The general variable names a place where nobody listens: that of the service wins.
    restoreEnvironment = setEnvironment({
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_ACM_PCA: endpoint.url,
    });
    authority = new AcmPca(new ACMPCAClient(FUNCTION_SDK_SETTINGS));
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const sent = () => JSON.parse(endpoint.calls[0]?.body ?? '{}');

  test('issues from the client template of the authority’s partition, with identity from the call', async () => {
    endpoint.replies.push(jsonReply({ CertificateArn: CERTIFICATE_ARN }));

    await expect(authority.issueCertificate(request, signal)).resolves.toBe(CERTIFICATE_ARN);

    expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('ACMPrivateCA.IssueCertificate');
    expect(endpoint.calls[0]?.headers['authorization']).toMatch(/Credential=AKIDEXAMPLE\/\d+\/eu-central-1\/acm-pca\//);
    expect(endpoint.calls[0]?.headers['x-amz-security-token']).toBe('session');
    expect(sent()).toEqual({
      CertificateAuthorityArn: ARN,
      TemplateArn: 'arn:aws-cn:acm-pca:::template/EndEntityClientAuthCertificate_APIPassthrough/V1',
      Csr: Buffer.from(request.certificateSigningRequest).toString('base64'),
      ApiPassthrough: {
        Subject: { CommonName: 'mail' },
        Extensions: {
          SubjectAlternativeNames: [
            { UniformResourceIdentifier: 'spiffe://mesh.example.com/mail' },
            { DnsName: 'mail.internal.example.com' },
          ],
        },
      },
      SigningAlgorithm: 'SHA256WITHECDSA',
      Validity: { Type: 'DAYS', Value: 7 },
      IdempotencyToken: '0123456789abcdef',
    });
  });

  test('gives nothing while the certificate is being issued, then certificate and chain', async () => {
    endpoint.replies.push(
      jsonError('RequestInProgressException', 'The request has not been completed.'),
      jsonReply({ Certificate: 'certificate', CertificateChain: 'chain' }),
    );
    const look = () => authority.getCertificate(ARN, CERTIFICATE_ARN, signal);

    await expect(look()).resolves.toBeUndefined();
    await expect(look()).resolves.toEqual({ certificate: 'certificate', certificateChain: 'chain' });
  });

  test('asks again when it is throttled, with the same token', async () => {
    endpoint.replies.push(jsonError('ThrottlingException', 'Rate exceeded'), jsonReply({ CertificateArn: 'arn' }));

    await authority.issueCertificate(request, signal);

    expect(endpoint.calls).toHaveLength(2);
    expect(endpoint.calls[1]?.body).toBe(endpoint.calls[0]?.body);
  });

  test('names the action and the service’s error', async () => {
    endpoint.replies.push(jsonError('AccessDeniedException', 'User: x is not authorized'));

    const issued = authority.issueCertificate(request, signal);

    await expect(issued).rejects.toThrow(AwsCallError);
    await expect(issued).rejects.toThrow(
      'acm-pca:IssueCertificate failed with AccessDeniedException: User: x is not authorized',
    );
  });

  test('ends with its signal', async () => {
    const controller = new AbortController();
    controller.abort();

    await expect(authority.getCertificate(ARN, CERTIFICATE_ARN, controller.signal)).rejects.toThrow(/Abort/);
  });

  test('revokes by the serial number as OpenSSL prints it', async () => {
    endpoint.replies.push(jsonReply({}));

    await authority.revokeCertificate(ARN, '5A0001', 'KEY_COMPROMISE', signal);

    expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('ACMPrivateCA.RevokeCertificate');
    expect(sent()).toEqual({
      CertificateAuthorityArn: ARN,
      CertificateSerial: '5a:00:01',
      RevocationReason: 'KEY_COMPROMISE',
    });
  });

  test('counts a certificate that was revoked before as revoked', async () => {
    endpoint.replies.push(jsonError('RequestAlreadyProcessedException', 'already revoked'));

    await expect(authority.revokeCertificate(ARN, '5A', 'SUPERSEDED', signal)).resolves.toBeUndefined();
  });

  test('says why an authority can’t revoke', async () => {
    endpoint.replies.push(jsonError('InvalidStateException', 'The certificate authority is not in the correct state'));

    await expect(authority.revokeCertificate(ARN, '5A', 'SUPERSEDED', signal)).rejects.toThrow(
      /^acm-pca:RevokeCertificate failed with InvalidStateException/,
    );
  });

  test('asks again with the same request, and so the same token, when it is throttled', async () => {
    const throttled = jsonError('ThrottlingException', 'Rate exceeded');
    endpoint.replies.push(throttled, throttled, jsonReply({ CertificateArn: CERTIFICATE_ARN }));

    await expect(authority.issueCertificate(request, signal)).resolves.toBe(CERTIFICATE_ARN);

    expect(new Set(endpoint.calls.map(({ body }) => body)).size).toBe(1);
    expect(endpoint.calls).toHaveLength(3);
  });
});
