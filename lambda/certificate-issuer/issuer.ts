import type { Log } from '../../aws/cloudwatch';
import type { GatewayDomain } from '../../aws/gateway-domain';
import type { Pause } from '../../aws/retry';
import type { ObjectReader, VersionedObject } from '../../aws/s3';
import type { SecretsManager } from '../../aws/secrets-manager';
import { Audit, type AuditOptions } from '../../registry/audit';
import type { Registry } from '../../registry/registry';
import { Revocation } from '../../registry/revocation';
import type { ServiceRegistry } from '../../registry/services';
import type { RegistrySurvey } from '../../registry/survey';
import { AcmPcaBackend, type AcmPcaBackendOptions } from './authority/acm-pca-backend';
import { CertificateAuthorities } from './authority/certificate-authorities';
import { KmsBackend, type KmsBackendOptions } from './authority/kms-backend';
import { ExternalClientResource } from './external/external-client-resource';
import { ClientCertificateResource } from './issue/client-certificate-resource';
import { GatewayTruststore } from './issue/gateway-truststore';
import { Issuance } from './issue/issuance';
import { Promotion } from './issue/promotion';
import { SecretVersions } from './issue/secret-versions';
import { Maintenance } from './maintain/maintenance';
import { RequestedCertificates } from './request/requested-certificates';
import { OperatorRevocation } from './revoke/operator-revocation';
import { CertificateProof } from './rotate/certificate-proof';
import { HandshakeTest } from './rotate/handshake-test';
import { Rotation } from './rotate/rotation';
import { ServiceResource } from './service/service-resource';

/** The dependencies of the issuer. */
export interface IssuerOptions {
  readonly trustDomain: string;
  readonly registry: Pick<Registry, keyof Registry>;
  readonly services: Pick<ServiceRegistry, keyof ServiceRegistry>;
  readonly survey: Pick<RegistrySurvey, keyof RegistrySurvey>;
  readonly acmPca: AcmPcaBackendOptions['acmPca'];
  readonly kms: KmsBackendOptions['kms'];
  readonly authorityStore: KmsBackendOptions['authorityStore'];
  readonly revocationListAddress?: KmsBackendOptions['revocationListAddress'];
  readonly secrets: Pick<SecretsManager, keyof SecretsManager>;
  readonly objects: Pick<ObjectReader, 'readObject'>;
  readonly events: AuditOptions['events'];
  readonly metrics: AuditOptions['metrics'];
  /** ARNs of the authorities that issue, or have issued, the mesh's certificates. */
  readonly authorities: readonly string[];
  /** Undefined if certificates are not checked against the truststore of a gateway. */
  readonly gateway:
    | { readonly truststore: VersionedObject; readonly domain: Pick<GatewayDomain, 'domainName' | 'tryHandshake'> }
    | undefined;
  /** How to wait while a certificate is issued. @default - as `retry` does */
  readonly pause?: Pause;
  readonly now: () => Date;
  readonly log: Log;
}

/** The entry points of the issuer, one for each kind of event. */
export interface Issuer {
  readonly clientCertificateResource: ClientCertificateResource;
  readonly externalClientResource: ExternalClientResource;
  readonly serviceResource: ServiceResource;
  readonly rotation: Rotation;
  readonly requestedCertificates: RequestedCertificates;
  readonly maintenance: Maintenance;
  readonly operatorRevocation: OperatorRevocation;
}

export function createIssuer(options: IssuerOptions): Issuer {
  const { objects, gateway, now, log } = options;
  const audit = new Audit(options);
  const truststore = gateway && new GatewayTruststore({ objects, published: gateway.truststore, now });
  const handshakeTest = gateway && new HandshakeTest(gateway.domain, log);

  const authority = new CertificateAuthorities({
    acmPca: new AcmPcaBackend(options),
    kms: new KmsBackend(options),
  });

  const shared = { ...options, authority, audit, truststore, handshakeTest };
  const revocation = new Revocation(shared);
  const issuance = new Issuance(shared);
  const versions = new SecretVersions({ ...shared, issuance, revocation });
  const promotion = new Promotion(shared);
  const proof = new CertificateProof(shared);

  return {
    clientCertificateResource: new ClientCertificateResource({ ...shared, versions, promotion, revocation }),
    externalClientResource: new ExternalClientResource(shared),
    serviceResource: new ServiceResource(shared),
    rotation: new Rotation({ ...shared, versions, proof, promotion }),
    requestedCertificates: new RequestedCertificates({ ...shared, issuance }),
    maintenance: new Maintenance({ ...shared, revocation }),
    operatorRevocation: new OperatorRevocation({ ...shared, revocation }),
  };
}
