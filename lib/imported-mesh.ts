import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { trustDomainProblem } from '../mesh/names';
import { ExternalClient, type ExternalClientOptions } from './external-client';
import type { ICertificateIssuer, IServiceGateway, ITrustAnchor } from './interfaces';
import type { MtlsServiceMeshAttributes } from './mesh-attributes';
import { MeshClient } from './mesh-client';
import type { MeshClientOptions } from './mesh-client-options';
import type { IMtlsServiceMesh } from './mesh-interface';
import { MeshService, type MeshServiceOptions } from './mesh-service';
import { ImportedGateway, ImportedIssuer, otherAccountOf, refuseElsewhere } from './private/imported-mesh-parts';
import { childId } from './private/mesh-children';
import { checkProps } from './private/properties/check';
import { MESH_ATTRIBUTES } from './private/properties/interface-kinds';
import { ImportedTrustAnchor } from './private/trust-anchor-parameter';
import { checkKnownText } from './private/validation';

/**
 * A mesh of another app in the same Region. It adds no resources until clients and services are added to it.
 *
 * The mesh must allow the stack with `allowStack`. If the mesh is in another account, the stack can add clients, and no services and
 * external clients.
 *
 * @example
 * declare const schedule: lambda.Function;
 * declare const mailApp: lambda.Function;
 *
 * const mesh = MtlsServiceMesh.fromMeshName(this, 'Mesh', 'mesh.example.com');
 * const service = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
 * const mail = mesh.addClient('mail');
 * mail.grantRead(mailApp);
 * service.allow(mail);
 */
export class ImportedMesh extends Construct implements IMtlsServiceMesh {
  /** The SPIFFE trust domain. */
  readonly trustDomain: string;

  /** The gateway that clients call. */
  readonly gateway: IServiceGateway;

  /** The issuer of the clients' certificates. */
  readonly issuer: ICertificateIssuer;

  private readonly importedIssuer: ImportedIssuer;
  private readonly isElsewhere: boolean;

  constructor(scope: Construct, id: string, attributes: MtlsServiceMeshAttributes) {
    super(scope, id);
    checkProps(this, attributes, MESH_ATTRIBUTES);
    checkKnownText(this, 'trustDomain', attributes.trustDomain, trustDomainProblem);
    this.trustDomain = attributes.trustDomain;
    this.gateway = new ImportedGateway(this, 'Gateway', attributes);
    this.importedIssuer = new ImportedIssuer(this, 'Issuer', attributes);
    this.issuer = this.importedIssuer;
    this.isElsewhere = otherAccountOf(this, attributes) !== undefined;
  }

  /** The base URL that clients call, without a slash at the end: `https://<domain name>`. */
  get url(): string {
    return this.gateway.url;
  }

  /** Adds a client, as `MtlsServiceMesh.addClient` does, but without the default options of the mesh. */
  addClient(name: string, options: MeshClientOptions = {}): MeshClient {
    return new MeshClient(this, childId(this, 'Client', name), { ...options, clientName: name, issuer: this.issuer });
  }

  /**
   * Adds the role with which the issuer of a mesh in another account fills the secrets of this account, and no others than those of the
   * trust domain. One stack of the account must have it, before or together with the first client that has a secret.
   *
   * Secrets Manager requires a role of the account of the secret for rotations by a function of another account.
   *
   * @throws Error in the account of the mesh, and without `issuerRoleArns` in the attributes
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
   */
  addSecretsRole(): iam.Role {
    return this.importedIssuer.addSecretsRole();
  }

  /**
   * A trust anchor that the mesh's app has named with `allowTrustAnchor`. CloudFormation reads where its certificates are when the
   * stack is deployed. An imported mesh can't get a trust anchor of its own, because only the mesh's app publishes the truststore.
   */
  trustAnchor(name: string): ITrustAnchor {
    if (this.isElsewhere) refuseElsewhere(this, 'an external client', "add it in the mesh's app");
    const id = `TrustAnchor-${name}`;
    const known = this.node.tryFindChild(id) as ImportedTrustAnchor | undefined;
    return known ?? new ImportedTrustAnchor(this, id, this.trustDomain, name);
  }

  /** Adds an external client, as `MtlsServiceMesh.addExternalClient` does, with a trust anchor of `trustAnchor`. */
  addExternalClient(name: string, options: ExternalClientOptions): ExternalClient {
    if (this.isElsewhere) refuseElsewhere(this, 'an external client', "add it in the mesh's app");
    return new ExternalClient(this, childId(this, 'Client', name), {
      ...options,
      clientName: name,
      issuer: this.issuer,
    });
  }

  /** Adds a service, as `MtlsServiceMesh.addService` does. */
  addService(name: string, options: MeshServiceOptions): MeshService {
    const { gateway, issuer } = this;
    return new MeshService(this, childId(this, 'Service', name), { ...options, serviceName: name, gateway, issuer });
  }
}
