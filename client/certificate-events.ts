import type { EventEmitter } from 'node:events';

/** A certificate has taken the place of another. */
export interface CertificateRotation {
  /** The serial number of the certificate that was used before, in hexadecimal. */
  readonly previousSerialNumber: string;
  /** The serial number of the certificate that is used now, in hexadecimal. */
  readonly serialNumber: string;
  /** The end of its validity, ISO 8601, UTC. */
  readonly notAfter: string;
}

/** A certificate should have been rotated by now: less than a third of its validity is left. */
export interface ExpiringCertificate {
  /** In hexadecimal. */
  readonly serialNumber: string;
  /** The end of its validity, ISO 8601, UTC. */
  readonly notAfter: string;
}

/** The events of a `MeshHttpClient` and what their listeners get. */
export interface MeshHttpClientEvents {
  rotated: [rotation: CertificateRotation];
  expiring: [certificate: ExpiringCertificate];
  error: [error: Error];
}

/** Passes the events of one secret on to the clients that share it, to each once. */
export class CertificateEvents {
  private readonly emitters = new Set<EventEmitter<MeshHttpClientEvents>>();

  add(emitter: EventEmitter<MeshHttpClientEvents>): void {
    this.emitters.add(emitter);
  }

  delete(emitter: EventEmitter<MeshHttpClientEvents>): void {
    this.emitters.delete(emitter);
  }

  /**
   * After the present call, so that a listener that throws affects neither a request nor another client's listener.
   *
   * @returns whether anybody listens
   */
  emit<E extends keyof MeshHttpClientEvents>(event: E, ...args: MeshHttpClientEvents[E]): boolean {
    const listening = [...this.emitters].filter((emitter) => emitter.listenerCount(event) > 0);
    for (const emitter of listening) {
      process.nextTick(() => {
        // It may have been closed, and `error` without a listener would end the process.
        if (this.emitters.has(emitter) && emitter.listenerCount(event) > 0) emitEvent(emitter, event, args);
      });
    }
    return listening.length > 0;
  }
}

function emitEvent(emitter: EventEmitter, event: string, args: readonly unknown[]): void {
  emitter.emit(event, ...args);
}
