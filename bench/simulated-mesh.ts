import { ACMPCAClient } from '@aws-sdk/client-acm-pca';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Announcer } from '../registry/audit';
import { CLIENT_SETTINGS } from '../aws/sdk-settings';
import { DefaultEventBus } from '../aws/eventbridge';
import { PrivateCertificateAuthority } from '../aws/acm-pca';
import { RegistryTable } from '../registry/registry';
import { SecretsManager } from '../aws/secrets-manager';
import { CertificateIssuer } from '../lambda/certificate-issuer/issue/issuance';
import { CertificateProof } from '../lambda/certificate-issuer/rotate/certificate-proof';
import { CertificateRevoker } from '../registry/revocation';
import { ClientCertificate } from '../lambda/certificate-issuer/issue/client-certificate-resource';
import { Rotation } from '../lambda/certificate-issuer/rotate/rotation';
import { SecretVersions } from '../lambda/certificate-issuer/issue/secret-versions';
import { Succession } from '../lambda/certificate-issuer/issue/promotion';
import { Metrics } from '../aws/cloudwatch';
import type { ClientCertificateProperties } from '../mesh/contract';
import { secretName, spiffeId } from '../mesh/names';
import { REGISTRY_KEYS } from '../registry/records';
import type { InProcessCloud } from './in-process-cloud';

const TRUST_DOMAIN = 'mesh.example.com';
const TABLE = 'registry';

/** What a mesh is made of, as a deployment leaves it, and its issuer in this process. */
export interface SimulatedMesh {
  readonly clientCertificate: ClientCertificate;
  readonly rotation: Rotation;
  readonly registry: RegistryTable;
  /** The properties of a client's custom resource; makes its secret. */
  addClient(name: string): Promise<ClientCertificateProperties & { readonly SecretId: string }>;
}

/**
 * The issuer is put together as in `lambda/certificate-issuer/index.ts`, but for how its calls get to the services, and
 * without a gateway to try certificates on.
 */
export async function simulatedMesh(cloud: InProcessCloud): Promise<SimulatedMesh> {
  const CertificateAuthorityArn = await activeAuthority(cloud);
  const { partitionKey, sortKey } = REGISTRY_KEYS;
  await cloud.create('AWS::DynamoDB::Table', {
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [partitionKey, sortKey].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: partitionKey, KeyType: 'HASH' },
      { AttributeName: sortKey, KeyType: 'RANGE' },
    ],
  });

  const log = () => undefined;
  const now = () => new Date();
  const settings = { ...CLIENT_SETTINGS, region: cloud.region, requestHandler: cloud.requestHandler };
  const registry = new RegistryTable(TABLE, cloud.environment);
  const authority = new PrivateCertificateAuthority(new ACMPCAClient(settings));
  const secrets = new SecretsManager(new SecretsManagerClient(settings));
  const announcer = new Announcer(new DefaultEventBus(cloud.environment), TRUST_DOMAIN, log);
  const metrics = new Metrics(TRUST_DOMAIN, now, log);
  const issuer = new CertificateIssuer(authority, registry, undefined, announcer, metrics, now, log);
  const revoker = new CertificateRevoker(registry, announcer, metrics, now, log);
  const versions = new SecretVersions(issuer, registry, revoker, secrets, now, log);
  const succession = new Succession(registry, secrets, now, log);
  const proof = new CertificateProof(registry, undefined, undefined, now);

  return {
    registry,
    clientCertificate: new ClientCertificate(TRUST_DOMAIN, registry, versions, succession, revoker, now, log),
    rotation: new Rotation(TRUST_DOMAIN, registry, secrets, versions, proof, succession, announcer, metrics, log),
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
