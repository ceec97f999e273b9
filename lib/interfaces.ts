import type { Duration } from 'aws-cdk-lib';
import type * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct, IConstruct, IDependable } from 'constructs';
import type { SigningAlgorithm } from './algorithms';

/** A private certificate authority, in ACM PCA or with its key in AWS KMS, that issues the client certificates of a mesh. */
export interface ICertificateAuthority extends IConstruct {
  /** ARN of the authority in ACM PCA, or of its KMS key. Resources that refer to it are created after the authority is active. */
  readonly certificateAuthorityArn: string;

  /** PEM: the authority's own certificate first, then each authority above it, the root last. */
  readonly certificateChain: string;

  /** The algorithm that the authority signs client certificates with. */
  readonly signingAlgorithm: SigningAlgorithm;

  /**
   * The longest validity that the authority's client certificates can have: 7 days in short-lived mode, otherwise the
   * authority's own validity.
   *
   * @default - unknown, and not checked at synthesis
   */
  readonly longestCertificateValidity?: Duration;

  /**
   * Whether the mesh signs revocation lists with the authority's key. Whoever may issue its certificates may sign them.
   *
   * @default false
   */
  readonly issuesRevocationLists?: boolean;

  /**
   * Allows `grantee` to have this authority issue client certificates. In ACM PCA, the grant covers only the template
   * `EndEntityClientAuthCertificate_APIPassthrough/V1`, so `grantee` can't get a certificate for a server or for another
   * authority. With a KMS key, `grantee` can sign anything: KMS doesn't know what a digest is of.
   *
   * @see https://docs.aws.amazon.com/privateca/latest/userguide/UsingTemplates.html
   */
  grantIssue(grantee: iam.IGrantable): iam.Grant;

  /** Allows `grantee` to revoke certificates of this authority. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant;
}

/** The clients of a trust domain and the certificates that were issued to them. */
export interface IMeshRegistry extends IConstruct {
  /** The SPIFFE trust domain of the clients. */
  readonly trustDomain: string;

  /** The DynamoDB table. */
  readonly table: dynamodb.ITable;

  /** Allows the authorizer to look up a client and its certificate by key. */
  grantLookup(grantee: iam.IGrantable): iam.Grant;

  /** Allows the issuer to register and remove clients, and to record and revoke certificates. */
  grantRegister(grantee: iam.IGrantable): iam.Grant;

  /** Allows the issuer to record certificates. */
  grantRecord(grantee: iam.IGrantable): iam.Grant;

  /** Allows the issuer to look after all certificates: to query what is due, and to change items. */
  grantMaintain(grantee: iam.IGrantable): iam.Grant;

  /** Allows the issuer to revoke certificates of a client. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant;

  /** Allows the truststore to find the certificates of an authority, and their clients. */
  grantSurvey(grantee: iam.IGrantable): iam.Grant;

  /**
   * Allows an operator to list clients and certificates, and to disable and enable clients. No other attribute of an item
   * can be changed, so an operator can neither add a certificate that the authorizer would accept nor make a revoked
   * certificate valid again.
   */
  grantOperate(grantee: iam.IGrantable): iam.Grant;
}

/** One version of an object in Amazon S3. */
export interface BucketObjectVersion {
  /** The bucket, with versioning enabled, in the Region of the mesh. */
  readonly bucket: s3.IBucket;

  /** 1 to 1,024 letters, digits, dots, hyphens, underscores, and slashes. */
  readonly objectKey: string;

  /** The version ID, which identifies the content for ever: new content has a new version ID. */
  readonly objectVersion: string;
}

/**
 * Where the certificates of a trust anchor are. Set either `pem` or `bucketObject`.
 */
export interface TrustAnchorSourceConfig {
  /**
   * The certificates in PEM, at most 256 KiB: each authority and every authority above it, up to the root. The text
   * becomes part of the template.
   *
   * @default - the certificates are in `bucketObject`
   */
  readonly pem?: string;

  /**
   * An S3 object that holds the certificates in PEM. The mesh's functions read it during deployment.
   * @default - the certificates are in `pem`
   */
  readonly bucketObject?: BucketObjectVersion;

  /**
   * What error messages call the source, such as `the file partner.pem`.
   * @default - error messages name the construct only
   */
  readonly description?: string;

  /**
   * What the parameter contains that `allowTrustAnchor` of the mesh's app has added. Only trust anchors of an imported mesh have it.
   * @default - the certificates are in `pem` or `bucketObject`
   */
  readonly published?: string;
}

/** A certificate authority outside the mesh whose certificates the gateway accepts in handshakes. */
export interface ITrustAnchor extends IConstruct {
  /** The name that the registry and operators know the trust anchor by. */
  readonly trustAnchorName: string;

  /** Where the certificates are. */
  readonly certificates: TrustAnchorSourceConfig;
}

/** A domain that uses a truststore. */
export interface TruststoreUser {
  /** The name of the domain, such as `mesh.example.com`. */
  readonly domainName: string;

  /** The domain. */
  readonly domain: apigatewayv2.IDomainName;
}

/** The certificates that a gateway trusts, as one versioned object in Amazon S3. */
export interface ITruststore extends IConstruct {
  /** The bucket that holds the object. */
  readonly bucket: s3.IBucket;

  /** The key of the object that holds the certificates in PEM. */
  readonly objectKey: string;

  /** The version of the object that was published last. */
  readonly versionId: string;

  /** Publishes the certificates of `trustAnchor` as well. */
  addTrustAnchor(trustAnchor: ITrustAnchor): void;

  /**
   * Waits, during deployment, until a domain uses `versionId`. The deployment fails if API Gateway warns that it would
   * reject some clients.
   *
   * @param scope where the resources that wait are added
   * @returns what to depend on in order to wait
   */
  waitForUse(scope: Construct, user: TruststoreUser): IDependable;
}

/** What a service needs to know of the gateway that clients call it through. */
export interface IServiceGateway extends IConstruct {
  /** The domain name that clients call. */
  readonly domainName: string;

  /** The base URL that clients call, without a slash at the end: `https://<domain name>`. */
  readonly url: string;

  /** The HTTP API. Its default authorizer must be the mesh's: a service refuses an API without a default authorizer. */
  readonly httpApi: apigatewayv2.IHttpApi;

  /**
   * The KMS key that encrypts secrets that integrations of services add.
   * @default - the AWS managed key of Secrets Manager
   */
  readonly encryptionKey?: kms.IKey;
}

/** The entry point of a mesh: an HTTP API behind a domain that requires a client certificate. */
export interface IMtlsGateway extends IServiceGateway {
  /** The certificates that the gateway trusts. */
  readonly truststore: ITruststore;

  /** Resources that depend on it are created after the domain uses the current version of the truststore. */
  readonly truststoreInUse: IDependable;
}

/** What protects an API of its app: the gateway of a mesh, such as an `MtlsGateway`. */
export interface IProtectingGateway extends IServiceGateway {
  /** The custom domain, which the API gets a mapping of. */
  readonly customDomain: apigatewayv2.IDomainName;

  /** The function of the authorizer, which decides on the requests of the API. */
  readonly handler: lambda.IFunction;
}

/** A client of a mesh, of any kind. */
export interface IMeshClient extends IConstruct {
  /** The name that services know the client by. */
  readonly clientName: string;

  /** `spiffe://<trust domain>/<client name>`. */
  readonly spiffeId: string;
}

/** The functions that issue client certificates. */
export interface ICertificateIssuer extends IConstruct {
  /** The SPIFFE trust domain of the clients. */
  readonly trustDomain: string;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /** The function of the custom resources of `MeshClient`, `ExternalClient`, and `MeshService`. */
  readonly deploymentHandler: lambda.IFunction;

  /** The function that rotates the clients' secrets. */
  readonly rotationHandler: lambda.IFunction;

  /**
   * Clients are registered, and get their first certificates, after this.
   * @default - there is no gateway to wait for
   */
  readonly truststoreInUse?: IDependable;

  /** Rotation schedules are created after this, because Secrets Manager then invokes the function. */
  readonly rotationPermission: IDependable;

  /**
   * The role, in another account than that of the functions, with which they fill the secrets of clients there. Clients get their
   * first certificates after this.
   * @default - the functions fill secrets in their own roles, in their own account
   */
  readonly secretsRole?: IDependable;

  /**
   * The URL where clients that keep their own key request certificates. It is an HTTPS URL with a slash at the end that
   * answers signed requests only.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html for the Regions without function URLs
   */
  readonly requestUrl: string;

  /**
   * Allows `grantee` to call `requestUrl`. `MeshClient.grantRequest` calls this method, and also records which client
   * `grantee` can request certificates for.
   */
  grantRequest(grantee: iam.IGrantable): iam.Grant;

  /** Allows `grantee` to start the rotation of a client's secret, but not to read the secret. */
  grantRotate(grantee: iam.IGrantable): iam.Grant;

  /** Allows `grantee` to revoke certificates of clients. A revoked certificate can't be made valid again. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant;

  /** Serves custom resources in the stack of `construct`. `MeshClient`, `ExternalClient`, and `MeshService` call this method. */
  serveStackOf(construct: IConstruct): void;
}
