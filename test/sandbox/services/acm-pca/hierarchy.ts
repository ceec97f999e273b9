import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties, Resource } from '../../../../sandbox/cloudformation/resource-type';
import { AcmPcaService } from '../../../../sandbox/services/acm-pca';
import { IamService } from '../../../../sandbox/services/iam';
import { KmsService } from '../../../../sandbox/services/kms';
import { S3Service } from '../../../../sandbox/services/s3';
import { createCertificateSigningRequest } from '../../../../sandbox/x509/certificate-signing-request';
import { encodePem } from '../../../../sandbox/x509/pem';
import { requestFor, resourceType } from '../resource-request';

interface AcmPcaCloud {
  readonly service: AcmPcaService;
  readonly objects: S3Service;
  readonly keys: KmsService;
  readonly iam: IamService;
}

/** ACM PCA and what it needs around it. */
export function startAcmPca(clock = new Clock()): AcmPcaCloud {
  const surroundings = { account: SANDBOX_ACCOUNT, clock };
  const iam = new IamService(surroundings);
  const keys = new KmsService(surroundings, iam);
  const objects = new S3Service(surroundings, keys);
  return { service: new AcmPcaService(surroundings, { iam, objects }), objects, keys, iam };
}

export const template = (name: string) => `arn:aws:acm-pca:::template/${name}/V1`;

export interface Authority {
  readonly arn: string;
  readonly resource: Resource;
  readonly activation: Resource;
  /** PEM, without a line feed at the end. */
  readonly certificate: string;
  /** The certificate and everything above it. */
  readonly completeChain: string;
}

const create = (service: AcmPcaService, type: string, properties: Properties) =>
  resourceType(service, `AWS::ACMPCA::${type}`).create(requestFor(properties));

/** An authority that waits for its certificate. */
export function pendingAuthority(service: AcmPcaService, properties: Properties = {}): Promise<Resource> {
  return create(service, 'CertificateAuthority', {
    Type: 'ROOT',
    KeyAlgorithm: 'EC_prime256v1',
    SigningAlgorithm: 'SHA256WITHECDSA',
    Subject: { CommonName: 'Mesh Root', Organization: 'Example', Country: 'DE' },
    ...properties,
  });
}

/** The three resources of a template that make an authority ready to issue; the certificate comes from `issuer`. */
export async function activeAuthority(
  service: AcmPcaService,
  properties: Properties = {},
  certificate: Properties = {},
  issuer?: Authority,
): Promise<Authority> {
  const resource = await pendingAuthority(service, properties);
  const arn = resource.physicalId;
  const issued = await create(service, 'Certificate', {
    CertificateAuthorityArn: issuer?.arn ?? arn,
    CertificateSigningRequest: resource.attributes.CertificateSigningRequest,
    SigningAlgorithm: 'SHA256WITHECDSA',
    TemplateArn: template('RootCACertificate'),
    Validity: { Type: 'YEARS', Value: 10 },
    ...certificate,
  });
  const activation = await create(service, 'CertificateAuthorityActivation', {
    CertificateAuthorityArn: arn,
    Certificate: issued.attributes.Certificate,
    ...(issuer && { CertificateChain: issuer.completeChain }),
  });
  return {
    arn,
    resource,
    activation,
    certificate: String(issued.attributes.Certificate),
    completeChain: String(activation.attributes.CompleteCertificateChain),
  };
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

export const requestOf = (key: KeyObject, commonName = 'whoever') =>
  Buffer.from(createCertificateSigningRequest(key, { commonName }));

/** A request in which one bit of the signature, at the very end, is another. */
export function tamperedRequest(): Buffer {
  const der = Buffer.from(
    requestOf(newKey())
      .toString()
      .replace(/-----[^-]+-----/g, ''),
    'base64',
  );
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return Buffer.from(encodePem('CERTIFICATE REQUEST', der));
}
