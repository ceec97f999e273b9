import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as the backend read it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  /** Names in lower case, with all values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  /** The number of the connection, from 1. */
  readonly connection: number;
}

/** An HTTP server that reads as leniently as Node.js can, and keeps what it read. */
export class RecordingBackend {
  private readonly server: Server;
  private connections = 0;
  private received: Received[] = [];

  constructor() {
    const numbers = new WeakMap<object, number>();
    this.server = createServer({ insecureHTTPParser: true }, async (incoming, outgoing) => {
      const { method = '', url = '', headersDistinct, socket } = incoming;
      const body = await text(incoming);
      const headers = headersDistinct as Received['headers'];
      this.received.push({ method, url, headers, body, connection: numbers.get(socket) ?? 0 });
      outgoing.end('ok');
    });
    this.server.on('connection', (socket) => {
      this.connections += 1;
      numbers.set(socket, this.connections);
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** What it read since the last call. */
  take(): readonly Received[] {
    const { received } = this;
    this.received = [];
    return received;
  }

  close(): void {
    this.server.close();
  }
}
