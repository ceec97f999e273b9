import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Sandbox } from '../../sandbox';

const ATTACKERS_STACK =
  'arn:aws:cloudformation:us-east-1:123456789012:stack/Attacker/11111111-2222-3333-4444-555555555555';

/** What a function answers to CloudFormation, or to whoever forges its events. */
interface ResourceAnswer {
  readonly Status: string;
  readonly Reason?: string;
  readonly Data?: Readonly<Record<string, string>>;
}

/** Events of CloudFormation that an attacker writes, and where the answers to them arrive. */
export class ForgedEvents {
  readonly answers: ResourceAnswer[] = [];

  private constructor(private readonly server: Server) {}

  static async open(): Promise<ForgedEvents> {
    const events: ForgedEvents = new ForgedEvents(
      createServer(async (incoming, outgoing) => {
        events.answers.push(JSON.parse(await text(incoming)));
        outgoing.end();
      }).listen(0, '127.0.0.1'),
    );
    await once(events.server, 'listening');
    return events;
  }

  /** Of a resource in a stack of the attacker's, unless `changed` says otherwise. */
  forResource(ResourceType: string, properties: object, changed: object = {}): object {
    return {
      RequestType: 'Create',
      RequestId: crypto.randomUUID(),
      ResponseURL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`,
      StackId: ATTACKERS_STACK,
      LogicalResourceId: 'Ghost',
      ResourceType,
      ResourceProperties: { ServiceToken: 'x', ...properties },
      ...changed,
    };
  }

  close(): void {
    this.server.close();
  }
}

/** The ID of the mesh's stack, as its functions know it. */
export function stackIdOf({ resources }: Sandbox): string {
  const deployment = Object.values(resources).find(({ constructPath }) =>
    constructPath?.endsWith('/Issuer/Deployment/Function/Resource'),
  );
  const environment = deployment?.properties['Environment'] as { readonly Variables: { readonly STACKS: string } };
  return environment.Variables.STACKS;
}
