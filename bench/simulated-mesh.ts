import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AcmPca } from '../aws/acm-pca';
import { type Log, LoggedMetrics } from '../aws/cloudwatch';
import { EventBridge } from '../aws/eventbridge';
import { Kms } from '../aws/kms';
import { ObjectReader } from '../aws/s3';
import { FUNCTION_SDK_SETTINGS } from '../aws/sdk';
import { SecretsManager } from '../aws/secrets-manager';
import { ParameterStore } from '../aws/ssm';
import { createIssuer, type Issuer } from '../lambda/certificate-issuer/issuer';
import { AuthorityStore } from '../lambda/kms-authority/authority-store';
import type { ClientCertificateProperties } from '../mesh/custom-resources';
import { secretName, spiffeId } from '../mesh/names';
import { Registry } from '../registry/registry';
import { ServiceRegistry } from '../registry/services';
import { RegistrySurvey } from '../registry/survey';
import { registryTable } from '../test/registry/registry-table';
import type { InProcessCloud } from './in-process-cloud';

export const TRUST_DOMAIN = 'mesh.example.com';
export const REGISTRY_TABLE = 'registry';

/** A deployed mesh with its issuer in this process. */
export interface SimulatedMesh extends Pick<Issuer, 'clientCertificateResource' | 'rotation' | 'maintenance'> {
  readonly registry: Registry;
  readonly certificateAuthorityArn: string;
  /** Creates the client's secret. @returns the properties of the client's custom resource */
  addClient(name: string): Promise<ClientCertificateProperties & { readonly SecretId: string }>;
}

/**
 * Its issuer calls the services without a network, and has no gateway to test certificates with.
 * @param log receives the log of the issuer
 */
export async function simulatedMesh(cloud: InProcessCloud, log: Log = () => undefined): Promise<SimulatedMesh> {
  const CertificateAuthorityArn = await activeAuthority(cloud);
  await cloud.create('AWS::DynamoDB::Table', { ...registryTable(), TableName: REGISTRY_TABLE });

  const now = () => new Date();
  const settings = { ...FUNCTION_SDK_SETTINGS, region: cloud.region, requestHandler: cloud.requestHandler };
  const connection = cloud.connection;
  const secretsManager = new SecretsManagerClient(settings);
  const registry = new Registry(REGISTRY_TABLE, connection);
  const issuer = createIssuer({
    trustDomain: TRUST_DOMAIN,
    registry,
    services: new ServiceRegistry(REGISTRY_TABLE, connection),
    survey: new RegistrySurvey(REGISTRY_TABLE, connection),
    authorities: [CertificateAuthorityArn],
    kms: new Kms(connection),
    authorityStore: new AuthorityStore(new ParameterStore(connection)),
    acmPca: new AcmPca(new ACMPCAClient(settings)),
    secrets: new SecretsManager(() => secretsManager),
    objects: new ObjectReader({ connection }),
    events: new EventBridge(connection),
    metrics: new LoggedMetrics({ trustDomain: TRUST_DOMAIN, now, log }),
    gateway: undefined,
    now,
    log,
  });

  return {
    ...issuer,
    registry,
    certificateAuthorityArn: CertificateAuthorityArn,
    async addClient(name) {
      const secret = await cloud.create('AWS::SecretsManager::Secret', { Name: secretName(TRUST_DOMAIN, name) });
      return {
        ClientName: name,
        SpiffeId: spiffeId(TRUST_DOMAIN, name),
        DnsNames: [],
        KeyAlgorithm: 'EC_prime256v1',
        ValidityHours: '168',
        CertificateAuthorityArn,
        SigningAlgorithm: 'SHA256WITHECDSA',
        SecretId: secret.physicalId,
      };
    },
  };
}

async function activeAuthority(cloud: InProcessCloud): Promise<string> {
  const SigningAlgorithm = 'SHA256WITHECDSA';
  const { physicalId: CertificateAuthorityArn, attributes } = await cloud.create('AWS::ACMPCA::CertificateAuthority', {
    Type: 'ROOT',
    UsageMode: 'SHORT_LIVED_CERTIFICATE',
    KeyAlgorithm: 'EC_prime256v1',
    SigningAlgorithm,
    Subject: { CommonName: TRUST_DOMAIN },
  });
  const root = await cloud.create('AWS::ACMPCA::Certificate', {
    CertificateAuthorityArn,
    CertificateSigningRequest: attributes['CertificateSigningRequest'],
    SigningAlgorithm,
    TemplateArn: 'arn:aws:acm-pca:::template/RootCACertificate/V1',
    Validity: { Type: 'YEARS', Value: 10 },
  });
  await cloud.create('AWS::ACMPCA::CertificateAuthorityActivation', {
    CertificateAuthorityArn,
    Certificate: root.attributes['Certificate'],
  });
  return CertificateAuthorityArn;
}
