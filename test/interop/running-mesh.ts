import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority, type ICertificateAuthority, KeyAlgorithm, MeshIntegration } from '../../lib';
import type { ClientSecret } from '../../mesh/client-secret';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

/** A mesh with keys of one kind throughout. RSA keys come with a subordinate authority, so that there is a chain. */
export type KeyKind = 'ECDSA' | 'RSA';

interface RunningMeshOptions {
  /** @default - localhost */
  readonly domainName?: string;
  /** @default - mail and social */
  readonly clients?: readonly string[];
  /** Whether the mesh has a root and a subordinate in AWS KMS, and publishes their revocation lists. @default false */
  readonly hasRevocationLists?: boolean;
}

function authorityOf(keys: KeyKind, stack: Stack, hasRevocationLists: boolean): ICertificateAuthority | undefined {
  const keyAlgorithm = keys === 'RSA' ? KeyAlgorithm.RSA_2048 : KeyAlgorithm.EC_PRIME256V1;
  const props = { keyAlgorithm, root: { keyAlgorithm } };
  if (hasRevocationLists) return CertificateAuthority.kmsSubordinate(stack, 'Authority', props);
  return keys === 'RSA' ? CertificateAuthority.shortLivedSubordinate(stack, 'Authority', props) : undefined;
}

/**
 * A mesh in the sandbox that programs reach at `https://localhost:<port>`, because every machine resolves that name, or by
 * another name that the test has them resolve. Its SPIFFE IDs begin with `spiffe://mesh.example.com/`. `/schedule` answers with the name and the serial number of the caller.
 */
export class RunningMesh {
  private constructor(private readonly sandbox: Sandbox) {}

  static async start(
    keys: KeyKind,
    port: number,
    { domainName = 'localhost', clients = ['mail', 'social'], hasRevocationLists = false }: RunningMeshOptions = {},
  ): Promise<RunningMesh> {
    const app = new App();
    const stack = new Stack(app, 'Interop');
    const mesh = exampleMesh(stack, {
      domainName,
      trustDomain: 'mesh.example.com',
      keyAlgorithm: keys === 'RSA' ? KeyAlgorithm.RSA_2048 : undefined,
      certificateAuthority: authorityOf(keys, stack, hasRevocationLists),
    });
    new CfnOutput(stack, 'ClientAuthorities', { value: mesh.truststore.clientAuthoritiesUrl });
    if (mesh.revocationLists) new CfnOutput(stack, 'Lists', { value: mesh.revocationLists.url });
    const schedule = new LambdaFunction(stack, 'Schedule', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline(
        'exports.handler = async ({ requestContext: { authorizer: { lambda } } }) => ' +
          "({ statusCode: 200, body: lambda.clientName + ' ' + lambda.serialNumber });",
      ),
    });
    mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) }).allowAllClients();
    for (const client of clients) mesh.addClient(client);
    return new RunningMesh(await Sandbox.deploy(app, { port }));
  }

  secret(client: string): Promise<ClientSecret> {
    return this.sandbox.clientSecret(client);
  }

  get port(): number {
    return this.sandbox.gatewayPort;
  }

  /** PEM of the authority that programs must trust to call the mesh. */
  get serverAuthority(): string {
    return this.sandbox.serverAuthority;
  }

  /** The options with which commands find what the mesh publishes for servers. */
  get publishedOptions(): readonly string[] {
    const { ClientAuthorities: authorities, Lists: lists } = this.sandbox.outputs;
    return ['--client-ca', authorities ?? '', ...(lists === undefined ? [] : ['--crl', lists])];
  }

  /** For programs that use the sandbox with all permissions. */
  get environment(): Readonly<Record<string, string>> {
    return this.sandbox.environment();
  }

  /** How many requests the gateway has received, refused ones included. */
  get requests(): number {
    const logs = Object.entries(this.sandbox.logs()).filter(([group]) => group.includes('AccessLog'));
    if (logs.length === 0) throw new Error(`no access log among ${Object.keys(this.sandbox.logs()).join(', ')}`);
    return logs.flatMap(([, lines]) => lines).length;
  }

  /** Revokes all certificates of a client. The lists with them are published soon after. */
  async revoke(client: string): Promise<void> {
    const mesh = awsMesh('mesh.example.com', sandboxAccess(this.sandbox));
    await revokeCertificates(mesh, client, { kind: 'all' }, 'KEY_COMPROMISE');
  }

  async rotate(client: string): Promise<ClientSecret> {
    await rotateClient(awsMesh('mesh.example.com', sandboxAccess(this.sandbox)), client);
    return this.secret(client);
  }

  stop(): Promise<void> {
    return this.sandbox.close();
  }
}
