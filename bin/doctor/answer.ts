import { failureSentence } from '../../aws/failure';
import { requestOverTls, TlsRequestError, type TlsRequestOptions } from '../../client';
import { type Finding, ok, wrong } from './finding';

/** Of a request. Milliseconds. */
const TIME_LIMIT = 35_000;
/** A clock that is off by more makes certificates look expired, and AWS refuses signatures. Milliseconds. */
const CLOCK_TOLERANCE = 300_000;
/** In the answers of API Gateway, its own and those of services. */
const REQUEST_ID = 'apigw-requestid';
/** API Gateway's own answers: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html */
const OWN_BODY = /^\{"message":\s*"[\w ]+"\}$/;

/** How the server answers the client. */
export interface Answer {
  readonly status: number;
  readonly isOfGateway: boolean;
  /** The server's clock. */
  readonly date: Date | undefined;
}

/** Sends a GET request with the client's certificate. */
export async function call(url: URL, options: TlsRequestOptions): Promise<Answer | Finding> {
  try {
    const response = await requestOverTls(url.href, {}, { ...options, timeout: TIME_LIMIT });
    const body = (await response.text()).slice(0, 1_000);
    const date = new Date(response.headers.get('date') ?? '');
    return {
      status: response.status,
      isOfGateway: response.headers.has(REQUEST_ID) && OWN_BODY.test(body),
      date: Number.isNaN(date.getTime()) ? undefined : date,
    };
  } catch (error) {
    if (error instanceof TlsRequestError && (error.certificateRefused || error.connectionReset)) {
      const remedy =
        'the truststore of the domain lacks the authority of the client, or holds an older one of the same name: check ' +
        'that client and URL belong to the same mesh, and that the last deployment succeeded';
      return wrong('refusal', `the server refuses the certificate in the handshake: ${failureSentence(error)}`, remedy);
    }
    return wrong('network', `the request got no answer: ${failureSentence(error)}`, 'repeat the command');
  }
}

/** Compares the clocks. Undefined if the server has not told its own. */
export function checkClock({ date }: Answer, now: Date): Finding | undefined {
  if (date === undefined) return undefined;
  const ahead = now.getTime() - date.getTime();
  if (Math.abs(ahead) <= CLOCK_TOLERANCE) return ok('the clock of this machine agrees with that of the server');
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  const message = `the clock of this machine is ${minutes} minutes ${ahead > 0 ? 'fast' : 'slow'}`;
  return wrong('client-certificate', message, 'set the clock, for example by NTP');
}

/** What the status means, and who has answered. */
export function checkAnswer({ status, isOfGateway }: Answer, clientName: string): Finding {
  const gateway = (message: string, remedy: string) => wrong('refusal', message, remedy);
  if (isOfGateway) {
    switch (status) {
      case 403:
        return gateway(
          'the gateway refuses the client (403)',
          `the authorizer's log says why, in a line with "event":"denied"; mtls-mesh show ${clientName} has the client's state`,
        );
      case 404:
        return wrong(
          'service',
          'the gateway has no route for the path (404)',
          'check the name of the service in the URL',
        );
      case 429:
        return wrong(
          'throttling',
          'the gateway throttles requests (429)',
          'send fewer, or raise `throttle` of the mesh',
        );
      case 500:
        return wrong(
          'service',
          'the gateway answers 500: the authorizer or the service failed',
          'look for errors in the logs of the authorizer and of the service',
        );
      case 503:
      case 504:
        return wrong('service', `the service behind the gateway doesn't answer (${status})`, 'check the service');
    }
  }
  if (status === 403) {
    return wrong(
      'service',
      'the service itself answers 403: the gateway has let the client in',
      'ask who owns the service',
    );
  }
  if (status >= 400) return wrong('service', `the service answers ${status}`, "look at the service's log");
  return ok(`the service answers ${status}`);
}
