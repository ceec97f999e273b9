import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Delivery {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The place to which CloudFormation's response URL leads. */
export class ResponseBucket {
  readonly deliveries: Delivery[] = [];

  private constructor(
    private readonly server: Server,
    private readonly statuses: number[],
  ) {}

  /** Answers with these statuses in turn, `0` being a broken connection; then with 200. */
  static async open(...statuses: number[]): Promise<ResponseBucket> {
    const bucket: ResponseBucket = new ResponseBucket(
      createServer(async (request, response) => {
        const body = await text(request);
        bucket.deliveries.push({
          method: request.method ?? '',
          url: request.url ?? '',
          headers: request.headers,
          body,
        });
        const status = bucket.statuses.shift() ?? 200;
        if (status === 0) request.socket.destroy();
        else response.writeHead(status).end();
      }),
      statuses,
    );
    await new Promise<void>((resolve) => bucket.server.listen(0, '127.0.0.1', resolve));
    return bucket;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/answer?X-Amz-Signature=presigned`;
  }

  /** The one answer that was taken. */
  get answer(): Record<string, unknown> {
    const delivery = this.deliveries.at(-1);
    return JSON.parse(delivery?.body ?? '{}');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
