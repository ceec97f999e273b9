/** The service behind a proxy, and callers of the proxy. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { TlsCredentials } from '../../client/tls-request';
import type { RunningProxy } from './proxies';

/** How long requests are sent, each on a new connection. Milliseconds. */
export const DURATION = 5_000;

export interface Answer {
  /** Status and body. */
  readonly text: string;
  readonly isResumed: boolean;
  /** To resume the session. */
  readonly session: Buffer | undefined;
}

/** Answers with the name of the client that a proxy tells it. */
export class ProxiedService {
  private received = 0;

  static async start(): Promise<ProxiedService> {
    const server = createServer();
    const service = new ProxiedService(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return service;
  }

  private constructor(private readonly server: Server) {
    server.on('request', (incoming, response) => {
      this.received++;
      response.end(String(incoming.headers['x-client-name']).replace('spiffe://mesh.example.com/', ''));
    });
  }

  /** What the server side of an example has in the place of the port of the example. */
  get changes(): Readonly<Record<string, string>> {
    const { port } = this.server.address() as AddressInfo;
    return { '127.0.0.1:8080': `127.0.0.1:${port}`, 'port_value: 8080': `port_value: ${port}` };
  }

  /** Without a certificate, some proxies refuse the connection, and others answer with a page. The service sees neither. */
  async isRefused(answer: () => Promise<Answer>): Promise<boolean> {
    const before = this.received;
    const refused = await answer().then(
      (one) => !one.text.startsWith('2'),
      () => true,
    );
    return refused && this.received === before;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

export async function call(
  port: number,
  ca: string,
  credentials: TlsCredentials | undefined,
  { session, headers }: Pick<ConnectionOptions, 'session'> & Pick<RequestOptions, 'headers'> = {},
): Promise<Answer> {
  const options: RequestOptions & Pick<ConnectionOptions, 'session'> = {
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca,
    headers,
    ...(credentials && {
      cert: `${credentials.certificate.trimEnd()}\n${credentials.certificateChain}`,
      key: credentials.privateKey,
    }),
    agent: false,
    session,
  };
  const outgoing = request(options);
  let newest: Buffer | undefined;
  outgoing.once('socket', (socket: TLSSocket) => {
    socket.on('session', (ticket) => {
      newest = ticket;
    });
  });
  const [response] = await once(outgoing.end(), 'response');
  const isResumed = response.socket.isSessionReused();
  return { text: `${response.statusCode} ${await text(response)}`, isResumed, session: newest };
}

/** @throws Error if the proxy has ended */
export async function until(proxy: RunningProxy, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) {
    if (proxy.hasEnded) throw new Error(`the proxy has ended: ${proxy.stderr}`);
    await setTimeout(50);
  }
}

/** @param rate calls a second. @returns each outcome and how often there was it */
export async function traffic(rate: number, send: () => Promise<string>): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  const calls: Promise<void>[] = [];
  for (let count = 0; count < requestsAt(rate); count++) {
    const sent = send().catch(String);
    calls.push(
      sent.then((outcome) => {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }),
    );
    await setTimeout(1_000 / rate);
  }
  await Promise.all(calls);
  return outcomes;
}

export function requestsAt(rate: number): number {
  return (rate * DURATION) / 1_000;
}
