import { connect } from 'node:tls';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import {
  ExternalIdentity,
  type ICertificateAuthority,
  type MeshGrantOptions,
  MeshIntegration,
  type MeshService,
  TrustAnchorSource,
} from '../../lib';
import type { ClientSecret, Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';
import type { Authority } from '../pki/authorities';

export const HOST = 'mesh.example.com';
export const PARTNER_IDENTITY = 'spiffe://partner.example.com/billing';

/** What the service behind the gateway saw of a request that reached it. */
interface Seen {
  /** Of the authorizer's context. */
  readonly clientName: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ECHO = `exports.handler = async ({ rawPath, headers, requestContext }) => ({
  statusCode: 200,
  body: JSON.stringify({ clientName: requestContext.authorizer.lambda.clientName, path: rawPath, headers }),
});`;

export interface AttackedMeshOptions {
  /** All authorities of the partner, up to their roots. @default - there is no partner */
  readonly partner?: readonly Authority[];
  /** Whether there is a service groups behind HTTP, for which a target must be given. @default - there is none */
  readonly withHttpService?: boolean;
  /** What mail may call of schedule. @default - all clients may call all services */
  readonly grants?: readonly MeshGrantOptions[];
  /** The clients with secrets. @default - mail and social */
  readonly clientNames?: readonly string[];
  /** @default - the mesh's own one in ACM PCA */
  readonly certificateAuthority?: (stack: Stack) => ICertificateAuthority;
}

/**
 * A mesh with two clients, one that keeps its own key, and one of a partner; and the services schedule and users.
 * A client's certificate is accepted for an hour after its replacement.
 */
export function attackedMesh({
  partner = [],
  clientNames = ['mail', 'social'],
  withHttpService = false,
  grants,
  certificateAuthority,
}: AttackedMeshOptions = {}): App {
  const app = new App();
  const stack = new Stack(app, 'Attacked');
  const mesh = exampleMesh(stack, {
    removalPolicy: RemovalPolicy.DESTROY,
    revocationDelay: Duration.seconds(0),
    ...(certificateAuthority && { certificateAuthority: certificateAuthority(stack) }),
  });
  const services = new Map<string, MeshService>();
  for (const name of ['schedule', 'users']) {
    const handler = new lambda.Function(stack, `Service-${name}`, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(ECHO),
    });
    const service = mesh.addService(name, { integration: MeshIntegration.lambdaFunction(handler) });
    if (grants === undefined) service.allowAllClients();
    services.set(name, service);
  }
  if (withHttpService)
    mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') }).allowAllClients();
  const assumedBy = new iam.ServicePrincipal('ec2.amazonaws.com');
  for (const name of clientNames) {
    const client = mesh.addClient(name, { overlap: Duration.hours(1) });
    if (name === 'mail') for (const grant of grants ?? []) services.get('schedule')?.allow(client, grant);
  }
  mesh.addClient('own', { ownKey: true }).grantRequest(new iam.Role(stack, 'Own', { assumedBy, roleName: 'own' }));
  const operator = new iam.Role(stack, 'Operator', { assumedBy, roleName: 'operator' });
  mesh.operatorPolicy.attachToRole(operator);
  if (partner.length > 0) {
    const source = TrustAnchorSource.fromPem(partner.map(({ pem }) => pem).join(''));
    const trustAnchor = mesh.addTrustAnchor('partner', source);
    mesh.addExternalClient('billing', { trustAnchor, identity: ExternalIdentity.spiffeId(PARTNER_IDENTITY) });
  }
  return app;
}

export type Credentials = Pick<ClientSecret, 'certificate' | 'certificateChain' | 'privateKey'>;

export interface Answer {
  /** Whether the attacker's side of the handshake was completed, so that a refusal is the gateway's. */
  readonly isConnected: boolean;
  /** Of the first answer. Undefined if the gateway closed the connection without one. */
  readonly status: number | undefined;
  /** Of all answers on the connection. */
  readonly statuses: readonly number[];
  /** What the services saw, in order; one for each answer with 200 on the connection. */
  readonly seen: readonly Seen[];
}

export interface RawOptions {
  readonly credentials?: Credentials | undefined;
  /** Of the handshake, which has none if this is empty. @default - the domain of the mesh */
  readonly serverName?: string;
}

/** Sends octets over a connection, and reads until it closes. */
export async function sendRaw(sandbox: Sandbox, octets: string, options: RawOptions = {}): Promise<Answer> {
  const { credentials, serverName = HOST } = options;
  const socket = connect({
    host: '127.0.0.1',
    port: sandbox.gatewayPort,
    servername: serverName,
    ca: sandbox.serverAuthority,
    checkServerIdentity: () => undefined,
    // Weak keys and signatures are for the gateway to refuse, and not for the attacker's own library.
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...(credentials && { cert: credentials.certificate + credentials.certificateChain, key: credentials.privateKey }),
  });
  let received = '';
  let isConnected = false;
  socket.once('secureConnect', () => {
    isConnected = true;
  });
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    // A connection may stay open after an answer.
    socket.setTimeout(1_500);
  });
  socket.on('error', () => undefined);
  // An attack may leave the gateway waiting for more. A slow answer must not pass for a refusal.
  socket.setTimeout(10_000, () => socket.destroy());
  socket.write(Buffer.from(octets, 'latin1'));
  await new Promise((resolve) => socket.once('close', resolve));
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  const seen = [...received.matchAll(/\{"clientName":.*\}/g)].map(([json]) => JSON.parse(json) as Seen);
  return { isConnected, status: statuses[0], statuses, seen };
}

export function request(
  path: string,
  headers: readonly string[] = [],
  { method = 'GET', host = [`Host: ${HOST}`] }: { readonly method?: string; readonly host?: readonly string[] } = {},
): string {
  return `${[`${method} ${path} HTTP/1.1`, ...host, 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
}
