import { App, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority, KeyAlgorithm, MeshIntegration } from '../../lib';
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
    { domainName = 'localhost', clients = ['mail', 'social'] }: RunningMeshOptions = {},
  ): Promise<RunningMesh> {
    const app = new App();
    const stack = new Stack(app, 'Interop');
    const mesh = exampleMesh(stack, {
      domainName,
      trustDomain: 'mesh.example.com',
      ...(keys === 'RSA' && {
        keyAlgorithm: KeyAlgorithm.RSA_2048,
        certificateAuthority: CertificateAuthority.shortLivedSubordinate(stack, 'Authority', {
          keyAlgorithm: KeyAlgorithm.RSA_2048,
          root: { keyAlgorithm: KeyAlgorithm.RSA_2048 },
        }),
      }),
    });
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

  async rotate(client: string): Promise<ClientSecret> {
    await rotateClient(awsMesh('mesh.example.com', sandboxAccess(this.sandbox)), client);
    return this.secret(client);
  }

  stop(): Promise<void> {
    return this.sandbox.close();
  }
}
