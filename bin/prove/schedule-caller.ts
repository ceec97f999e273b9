import type { TlsCredentials } from 'cdk-mtls-service-mesh/client';
import { type Sandbox, TlsRequestError } from 'cdk-mtls-service-mesh/sandbox';

const EVENTS = 'https://mesh.example.com/schedule/events';

export const REFUSED_IN_HANDSHAKE = 'refused in the handshake';

/** Calls the schedule service of the example over mutual TLS, and returns the results as text. */
export class ScheduleCaller {
  constructor(private readonly sandbox: Sandbox) {}

  async create(caller: string, title: string): Promise<string> {
    const response = await this.sandbox.fetch(caller, EVENTS, { method: 'POST', body: JSON.stringify({ title }) });
    const { createdBy } = (await response.json()) as { createdBy?: string };
    return `${response.status}, created by ${createdBy}`;
  }

  async list(caller: string | TlsCredentials | undefined): Promise<string> {
    try {
      const response = await this.sandbox.fetch(caller, EVENTS);
      if (response.status !== 200) return `${response.status}`;
      const events = (await response.json()) as { title: string; createdBy: string }[];
      const lines = events.map(({ title, createdBy }) => `"${title}" by ${createdBy}`);
      return `200, ${lines.sort().join(', ')}`;
    } catch (error) {
      const refused = error instanceof TlsRequestError && (error.certificateRefused || error.connectionReset);
      if (refused) return REFUSED_IN_HANDSHAKE;
      throw error;
    }
  }

  async status(caller: string): Promise<number> {
    const response = await this.sandbox.fetch(caller, EVENTS);
    await response.arrayBuffer();
    return response.status;
  }
}
