import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CertificateDocument, RequestFailure } from '../../../mesh/contract';
import { failureSentence, failureStack } from '../../../aws/failure';
import type { Log } from '../../log';
import { type RequestEvent, readRequestEvent } from './request-event';
import { RequestRefusal } from './request-refusal';

const FAILED = 'the certificate could not be issued: the log of the issuer says why';

/**
 * Reads a request, has it done, and answers it. Never rejects: of an error that is not a refusal, the caller learns
 * nothing, and the log the rest.
 */
export async function answerRequest(
  event: object,
  run: (request: RequestEvent) => Promise<CertificateDocument>,
  log: Log,
): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    return answer(200, await run(readRequestEvent(event)));
  } catch (error) {
    const reason = failureSentence(error);
    if (error instanceof RequestRefusal) {
      log({ event: 'client-request-refused', status: error.status, reason });
      return answer(error.status, { message: error.message });
    }
    log({ event: 'client-request-failed', reason, stack: failureStack(error) });
    return answer(500, { message: FAILED });
  }
}

function answer(statusCode: number, document: CertificateDocument | RequestFailure): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...(statusCode === 405 && { allow: 'POST' }),
    },
    body: JSON.stringify(document),
  };
}
