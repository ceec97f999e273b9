import { Sandbox } from '../../sandbox';
import { attackedMesh, type Credentials, HOST, sendRaw } from './attacked-mesh';
import { type Received, RecordingBackend } from './recording-backend';

/** A service that was reached, and whom it read as its caller. */
interface Reading {
  readonly path: string;
  /** The values of each identity header and of the gateway's secret, in the order of `HEADERS`. */
  readonly identity: readonly (readonly string[])[];
}

/** What became of everything that was sent over one connection of the client mail. */
export interface Outcome {
  readonly statuses: readonly number[];
  readonly readings: readonly Reading[];
}

export const HEADERS = [
  'x-mesh-client-name',
  'x-mesh-spiffe-id',
  'x-mesh-certificate-serial-number',
  'x-mesh-certificate-fingerprint',
];
const SECRET = 'x-mesh-gateway-secret';

/** The services schedule, a function, and groups, an HTTP backend that reads leniently. */
export class AttackedServices {
  private constructor(
    readonly sandbox: Sandbox,
    private readonly backend: RecordingBackend,
    private readonly mail: Credentials,
    /** The identity of mail in headers. */
    readonly identity: readonly (readonly string[])[],
  ) {}

  static async start(): Promise<AttackedServices> {
    const backend = new RecordingBackend();
    const targets = { groups: await backend.listen() };
    const sandbox = await Sandbox.deploy(attackedMesh({ withHttpService: true }), { targets });
    const mail = await sandbox.clientSecret('mail');
    const { clientName, spiffeId, serialNumber, fingerprint } = mail;
    return new AttackedServices(sandbox, backend, mail, [[clientName], [spiffeId], [serialNumber], [fingerprint]]);
  }

  async close(): Promise<void> {
    this.backend.close();
    await this.sandbox.close();
  }

  /** Sends octets as mail. Each request reaches the backend on a connection of its own. */
  async send(octets: string, serverName = HOST): Promise<Outcome & { readonly received: readonly Received[] }> {
    const { statuses, seen } = await sendRaw(this.sandbox, octets, { credentials: this.mail, serverName });
    await this.assertNextCallerIsUnharmed();
    const received = [...this.backend.take()];
    expect(received.pop()).toMatchObject({ url: '/next', headers: { [HEADERS[0] ?? '']: ['social'] }, body: '' });
    expect(new Set(received.map(({ connection }) => connection)).size).toBe(received.length);
    // Only the gateway knows the secret, and sends it once.
    const secrets = received.map(({ headers }) => headers[SECRET]);
    for (const secret of secrets) expect(secret).toEqual([expect.stringMatching(/^.{32,}$/)]);
    expect(new Set(secrets.map(String)).size).toBeLessThanOrEqual(1);

    const ofFunctions = seen.map(({ clientName, path, headers }): Reading => {
      expect(clientName).toBe('mail');
      return { path, identity: HEADERS.map((name) => [headers[name] ?? '']) };
    });
    const ofBackend = received.map(
      ({ url, headers }): Reading => ({ path: `/groups${url}`, identity: HEADERS.map((name) => headers[name] ?? []) }),
    );
    return { statuses, readings: [...ofFunctions, ...ofBackend], received };
  }

  /** The next request of another client is its own. By its answer, what came before has reached its service. */
  private async assertNextCallerIsUnharmed(): Promise<void> {
    expect((await this.sandbox.fetch('social', `https://${HOST}/groups/next`)).status).toBe(200);
  }

  /** The outcome of requests that reached a service as those of mail: each on its own, and with its own answer. */
  reached(...paths: readonly string[]): object {
    return { readings: paths.map((path) => ({ path, identity: this.identity })) };
  }
}
