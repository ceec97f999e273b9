import { setTimeout as pause } from 'node:timers/promises';
import type { CallFault } from '../faults';
import { type AwsAnswer, AwsError } from './api';

const DEFAULT_DELAY = 1000;

/** What a fault needs to strike. */
export interface StruckCall {
  carryOut(): Promise<AwsAnswer>;
  /** The error as an answer in the call's protocol. */
  refuse(error: AwsError): AwsAnswer;
  /** Ends the process that made the call, if it is a function's. */
  killCaller(): Promise<void>;
}

/** What becomes of a call that a fault strikes; undefined when there is no answer. */
export async function strike(
  { service, fault, delay = DEFAULT_DELAY }: CallFault,
  call: StruckCall,
): Promise<AwsAnswer | undefined> {
  switch (fault) {
    case 'throttled':
      return call.refuse(throttling(service));
    case 'failed-before':
      return call.refuse(internalFailure(service));
    case 'failed-after':
      await call.carryOut();
      return call.refuse(internalFailure(service));
    case 'slow':
      await pause(delay, undefined, { ref: false });
      return call.carryOut();
    case 'never-answered':
      await call.carryOut();
      return undefined;
    case 'killed':
      await call.carryOut();
      await call.killCaller();
      return undefined;
  }
}

/** What a custom resource's function answers goes to S3 too: its URL is a presigned one. */
const S3_SERVICES = ['s3', 'cloudformation'];

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and for the others the common errors, such as
 * https://docs.aws.amazon.com/privateca/latest/APIReference/CommonErrors.html
 */
function throttling(service: string): AwsError {
  return S3_SERVICES.includes(service)
    ? new AwsError('SlowDown', 'Please reduce your request rate.', 503)
    : new AwsError('ThrottlingException', 'Rate exceeded');
}

function internalFailure(service: string): AwsError {
  const message = 'We encountered an internal error. Please try again.';
  return new AwsError(S3_SERVICES.includes(service) ? 'InternalError' : 'InternalFailure', message, 500);
}
