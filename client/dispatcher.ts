import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Destination, IDLE_TIMEOUT, serverNameOf } from './tls-request';

interface ConnectOptions {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
}

type Connected = (...outcome: [Error, null] | [null, Socket]) => void;

type Connector<Options> = (options: Options, connected: Connected) => void;

/** The package `undici`, or the two of its exports that make a dispatcher. */
export interface Undici<D> {
  readonly Agent: new (options: {
    connect: Connector<ConnectOptions>;
    keepAliveTimeout: number;
    keepAliveMaxTimeout: number;
  }) => D;
  buildConnector(options: { secureContext: SecureContext }): Connector<never>;
}

/** A dispatcher that connects over TLS alone. Connections of one that is no longer used end when they are idle. */
export function createDispatcher<D>(undici: Undici<D>, secureContext: SecureContext, connectTo?: Destination): D {
  const connect = undici.buildConnector({ secureContext }) as Connector<object>;
  return new undici.Agent({
    connect(options, connected) {
      const { hostname, port, protocol } = options;
      if (protocol !== 'https:') {
        connected(new TypeError(`the URL must be https, got ${protocol}`), null);
        return;
      }
      const servername = serverNameOf(hostname.replace(/^\[|\]$/g, ''));
      const address = { hostname: connectTo?.host ?? hostname, port: String(connectTo?.port ?? port) };
      connect({ ...options, ...address, servername }, connected);
    },
    keepAliveTimeout: IDLE_TIMEOUT,
    keepAliveMaxTimeout: IDLE_TIMEOUT,
  });
}
