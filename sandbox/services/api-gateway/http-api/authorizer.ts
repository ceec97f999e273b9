import { regionalArn } from '../../../account';
import type { Surroundings } from '../../shared/service';
import { invokeFunction, NotPermitted } from '../exchange/invocation';
import { KeptAnswers } from '../exchange/kept-answers';
import { GatewayRefusal } from '../exchange/refusal';
import type { InvokedFunctions } from '../ports';
import { authorizerEvent } from './events';
import type { HttpApiExchange } from './exchange';
import type { RouteAuthorizer } from './state';

/** Milliseconds. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const AUTHORIZER_TIMEOUT = 10_000;
const NO_PERMISSION =
  "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. Check the permissions and try again.";

/** A simple response: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html */
interface AuthorizerAnswer {
  readonly isAuthorized: boolean;
  readonly context: Readonly<Record<string, unknown>>;
}

/** Invokes the authorizers of HTTP APIs, and keeps their answers for the time that each authorizer configures. */
export class Authorizers {
  private readonly kept: KeptAnswers<AuthorizerAnswer>;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly functions: InvokedFunctions,
  ) {
    this.kept = new KeptAnswers(surroundings.clock);
  }

  /**
   * Adds the authorizer's context to the exchange.
   * @throws GatewayRefusal unless the authorizer allows the request
   */
  async authorize(exchange: HttpApiExchange, authorizer: RouteAuthorizer): Promise<void> {
    const selected = authorizer.identitySources.map((select) => select(exchange));
    if (!selected.every((value) => value !== undefined && value !== '')) throw new GatewayRefusal(401);
    const identity = selected as string[];
    const ask = () => this.ask(exchange, authorizer, identity);
    const { isAuthorized, context } = await this.kept.get(authorizer, identity, authorizer.resultTtl, ask);
    exchange.authorizerContext = context;
    if (!isAuthorized) throw new GatewayRefusal(403);
  }

  private async ask(
    exchange: HttpApiExchange,
    { id, functionArn }: RouteAuthorizer,
    identity: readonly string[],
  ): Promise<AuthorizerAnswer> {
    const { account } = this.surroundings;
    const sourceArn = regionalArn(account, 'execute-api', `${exchange.api.id}/authorizers/${id}`);
    const event = authorizerEvent(exchange, identity, account);
    try {
      const timeout = AUTHORIZER_TIMEOUT;
      return readDecision(await invokeFunction(this.functions, { functionArn, sourceArn, event, timeout }));
    } catch (cause) {
      if (cause instanceof NotPermitted) throw authorizerFailure(exchange, NO_PERMISSION, cause);
      throw authorizerFailure(exchange, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }
}

function readDecision(answer: unknown): AuthorizerAnswer {
  const { isAuthorized, context } = Object(answer) as Readonly<Record<string, unknown>>;
  if (typeof isAuthorized !== 'boolean') throw new TypeError('the authorizer returned no boolean isAuthorized');
  if (context === undefined || context === null) return { isAuthorized, context: {} };
  if (typeof context !== 'object' || Array.isArray(context)) {
    throw new TypeError('the authorizer returned a context that is not a map');
  }
  return { isAuthorized, context: context as Readonly<Record<string, unknown>> };
}

function authorizerFailure(exchange: HttpApiExchange, reason: string, cause: unknown): GatewayRefusal {
  exchange.authorizerError = reason;
  return new GatewayRefusal(500, reason, { cause });
}
