import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { Traffic } from '../../bin/prove/traffic';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { MeshHttpClient } from '../../client';
import type { ClientSecret, Sandbox } from '../../sandbox';

/** How long a client of the mesh goes by a secret that it has read, so that it changes over while a test lasts. */
const MAX_AGE_MILLISECONDS = 250;

/** Calls that go on until they are stopped, and never two of one caller at a time. */
export class ClientTraffic {
  private readonly callers: readonly Traffic[];

  constructor(calls: readonly (() => Promise<Response>)[]) {
    this.callers = calls.map((call) => new Traffic(() => statusOf(call())));
  }

  /** Each outcome, and how often there was it. */
  get outcomes(): Readonly<Record<string, number>> {
    const outcomes: Record<string, number> = {};
    for (const { outcome } of this.callers.flatMap(({ calls }) => calls)) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    return outcomes;
  }

  /** Once every caller has called again so often. */
  async goesOn(times: number): Promise<void> {
    const before = this.callers.map(({ calls }) => calls.length);
    while (this.callers.some(({ calls }, index) => calls.length < (before[index] ?? 0) + times)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<Readonly<Record<string, number>>> {
    await Promise.all(this.callers.map((caller) => caller.stop()));
    return this.outcomes;
  }
}

/** The product's own client of each name: it keeps connections open, and reads its secret again now and then. */
export function meshClients(sandbox: Sandbox, names: readonly string[], url: string): ClientTraffic {
  const secretsManager = new SecretsManager(sandboxAccess(sandbox));
  return new ClientTraffic(
    names.map((name) => {
      const secretId = sandbox.clients.find((client) => client.name === name)?.secretId ?? name;
      const client = new MeshHttpClient({
        secretId,
        secretsManager,
        maxAge: MAX_AGE_MILLISECONDS,
        certificateAuthorities: sandbox.serverAuthority,
        connectTo: { host: '127.0.0.1', port: sandbox.gatewayPort },
      });
      return () => client.fetch(url);
    }),
  );
}

/** Clients that shake hands for every call, with what is in their secrets at that moment. No call is made twice. */
export function newcomers(sandbox: Sandbox, names: readonly string[], url: string): ClientTraffic {
  return new ClientTraffic(names.map((name) => () => sandbox.fetch(name, url)));
}

/** Clients that shake hands for every call with a certificate that they never let go of. */
export function holders(sandbox: Sandbox, secrets: readonly ClientSecret[], url: string): ClientTraffic {
  return new ClientTraffic(secrets.map((secret) => () => sandbox.fetch(secret, url)));
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}
