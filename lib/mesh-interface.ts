import type { IConstruct } from 'constructs';
import type { ExternalClient, ExternalClientOptions } from './external-client';
import type { ITrustAnchor } from './interfaces';
import type { MeshClient } from './mesh-client';
import type { MeshClientOptions } from './mesh-client-options';
import type { MeshService, MeshServiceOptions } from './mesh-service';

/**
 * A mesh, of this app or imported. A construct that adds clients and services to a mesh takes this interface, so that it works with
 * an `MtlsServiceMesh` and with what `MtlsServiceMesh.fromMeshName` returns.
 */
export interface IMtlsServiceMesh extends IConstruct {
  /** The SPIFFE trust domain. The names of secrets start with it. */
  readonly trustDomain: string;

  /** The base URL that clients call, without a slash at the end: `https://<domain name>`. */
  readonly url: string;

  /**
   * Adds a client. A client of an imported mesh has the defaults of `MeshClientOptions`, whatever the options of the mesh.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the clients of the mesh
   */
  addClient(name: string, options?: MeshClientOptions): MeshClient;

  /**
   * Adds a client whose certificates come from a trust anchor.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among all clients of the mesh
   */
  addExternalClient(name: string, options: ExternalClientOptions): ExternalClient;

  /**
   * Adds a service that clients call at `https://<domain name>/<name>`.
   *
   * @param name a DNS label (RFC 1123) in lower case that starts with a letter; unique among the services of the mesh
   */
  addService(name: string, options: MeshServiceOptions): MeshService;

  /**
   * A trust anchor of the mesh, for `addExternalClient`. Throws if this app has the mesh and hasn't added it with `addTrustAnchor`.
   * The app of an imported mesh must have named it with `allowTrustAnchor`.
   */
  trustAnchor(name: string): ITrustAnchor;
}
