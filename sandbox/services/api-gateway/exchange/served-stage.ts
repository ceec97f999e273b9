import type { Answer } from '../../shared/function-answer';
import type { ApiMapping, Stage } from '../state';
import type { Exchange } from './exchange';
import type { ClientRequest } from './request';

/** What is known of a request when it arrives at an API. */
export interface Arrival {
  /** An ID in the form of API Gateway: 16 characters of base64. */
  readonly extendedRequestId: string;
  readonly startedAt: Date;
  readonly accountId: string;
  readonly request: ClientRequest;
  readonly mapping: ApiMapping;
}

/** A stage of an API of one kind, as the gateway serves it. */
export interface ServedStage<E extends Exchange = Exchange> {
  readonly stage: Stage;
  begin(arrival: Arrival): E;
  /** @throws GatewayRefusal, or any error that `refuse` knows */
  pass(exchange: E): Promise<Answer>;
  /** The response of API Gateway itself. */
  refuse(error: unknown, exchange: E): Answer;
  /** The headers that tell the caller the ID of the request. */
  idHeaders(exchange: E): Readonly<Record<string, string>>;
}
