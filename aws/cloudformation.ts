import type { Stacks } from '../lambda/truststore-publisher/stacks';
import type { Patience } from './retry';
import { type ResponseReader, SignedService } from './signed-caller';

/** About thirteen seconds of pauses: a rollback that can't be told from a deployment gets stuck. */
const PATIENCE: Patience = { attempts: 12, milliseconds: 3_000 };

/**
 * The one status of a stack whose resources are brought back by updates; in the other rollbacks they are deleted.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
 */
const ROLLING_BACK = 'UPDATE_ROLLBACK_IN_PROGRESS';

/**
 * CloudFormation, which speaks AWS Query: a form to ask with, XML to answer with.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
export class CloudFormation implements Stacks {
  private readonly service: SignedService;

  constructor(environment: NodeJS.ProcessEnv) {
    this.service = new SignedService(
      { name: 'cloudformation', endpointVariable: 'CLOUDFORMATION' },
      PATIENCE,
      environment,
    );
  }

  async isRollingBack(stackId: string, signal: AbortSignal): Promise<boolean> {
    const body = new URLSearchParams({ Action: 'DescribeStacks', Version: '2010-05-15', StackName: stackId });
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const request = { method: 'POST', path: '/', headers, body: body.toString() } as const;
    return (await this.service.call('DescribeStacks', request, STATUS, signal)) === ROLLING_BACK;
  }
}

/** The status of the one stack that was asked for. */
const STATUS: ResponseReader<string> = {
  answerOf: ({ text }) => (/<DescribeStacksResponse[ >]/.test(text) ? onlyElement(text, 'StackStatus') : undefined),
  errorOf: ({ text }) => ({ code: onlyElement(text, 'Code'), message: onlyElement(text, 'Message') }),
};

/**
 * The text of an element that stands once in the document. In text, XML escapes `<`, so that nothing which somebody wrote
 * into a stack's outputs or tags can be taken for an element.
 */
function onlyElement(xml: string, name: string): string | undefined {
  const [element, ...others] = xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'));
  return others.length === 0 ? element?.[1] : undefined;
}
