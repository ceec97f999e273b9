import type { CallFault } from '../faults';
import { type AwsAnswer, AwsError } from './api';

const DEFAULT_DELAY = 1000;

/** The effects that a fault needs. */
export interface StruckCall {
  carryOut(): Promise<AwsAnswer>;
  /** Returns the error as an answer in the protocol of the call. */
  refuse(error: AwsError): AwsAnswer;
  /** Kills the process that made the call, if it runs a function. */
  killCaller(): Promise<void>;
  /** Runs the work after a time of the sandbox's clock. For a function that waits, the time passes immediately. */
  after<T>(milliseconds: number, work: () => Promise<T>): Promise<T>;
}

/** The answer to a call with a fault. Undefined if the call isn't answered. */
export async function strike(set: CallFault, call: StruckCall): Promise<AwsAnswer | undefined> {
  const { delay = set.fault === 'slow' ? DEFAULT_DELAY : 0 } = set;
  return delay > 0 ? call.after(delay, () => outcome(set, call)) : outcome(set, call);
}

async function outcome(set: CallFault, call: StruckCall): Promise<AwsAnswer | undefined> {
  switch (set.fault) {
    case 'throttled':
      return call.refuse(throttling(set));
    case 'failed-before':
      return call.refuse(internalFailure(set));
    case 'failed-after':
      await call.carryOut();
      return call.refuse(internalFailure(set));
    case 'slow':
      return call.carryOut();
    case 'never-answered':
      await call.carryOut();
      return undefined;
    case 'killed':
      await call.carryOut();
      await call.killCaller();
      return undefined;
    case 'conflicted':
      return call.refuse(conflict());
  }
}

type Struck = Pick<CallFault, 'service' | 'operation'>;

/** The answer of a custom resource goes to S3 too, because its URL is a presigned one. */
function isOfS3({ service, operation }: Struck): boolean {
  return service === 's3' || operation === 'CustomResourceAnswer';
}

/**
 * Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html for S3, the operations of API Gateway,
 * such as https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html, and the common
 * errors of the other services, such as https://docs.aws.amazon.com/privateca/latest/APIReference/CommonErrors.html
 */
function throttling(struck: Struck): AwsError {
  if (isOfS3(struck)) return new AwsError('SlowDown', 'Please reduce your request rate.', 503);
  return struck.service === 'apigateway'
    ? new AwsError('TooManyRequestsException', 'Too Many Requests', 429)
    : new AwsError('ThrottlingException', 'Rate exceeded');
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
function conflict(): AwsError {
  const message = 'The conditional request cannot succeed due to a conflicting operation against this resource.';
  return new AwsError('ConditionalRequestConflict', message, 409);
}

function internalFailure(struck: Struck): AwsError {
  const message = 'We encountered an internal error. Please try again.';
  return new AwsError(isOfS3(struck) ? 'InternalError' : 'InternalFailure', message, 500);
}
