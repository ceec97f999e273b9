import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { PricedAuthority } from './monthly-price';

/** An authority that signs the certificate of an authority below it. */
export interface RootAuthority extends PricedAuthority {
  readonly longestCertificateValidity: Duration;
  /** Signs a certificate for an authority in ACM PCA that has no other authority below it. */
  certify(scope: Construct, subordinate: SubordinateOfAcmPca): SubordinateCertificate;
}

export interface SubordinateOfAcmPca {
  readonly certificateAuthorityArn: string;
  /** PEM, PKCS#10. */
  readonly certificateSigningRequest: string;
  readonly validity: Duration;
}

export interface SubordinateCertificate {
  /** PEM, without the root's. */
  readonly certificate: string;
  /** What makes the certificate. */
  readonly resource: { applyRemovalPolicy(policy?: RemovalPolicy): void };
}
