import { regionalArn } from '../../../account';
import type { Surroundings } from '../../shared/service';
import type { InvokedFunctions } from '../ports';
import type { RouteAuthorizer } from '../state';
import { authorizerEvent } from './events';
import type { Exchange } from './exchange';
import { GatewayRefusal } from './refusal';
import { within } from './time-limit';

/** Milliseconds. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const AUTHORIZER_TIMEOUT = 10_000;
const NO_PERMISSION =
  "The IAM role configured on the authorizer or API Gateway doesn't have permissions to call the authorizer. Check the permissions and try again.";

/** A simple response: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html */
interface AuthorizerAnswer {
  readonly isAuthorized: boolean;
  readonly context: Readonly<Record<string, unknown>>;
}

/** Invokes authorizers, and caches their answers for the time that each authorizer configures. */
export class Authorizers {
  /** By authorizer, then by identity. A changed authorizer is another object, so it starts with an empty cache. */
  private readonly kept = new WeakMap<
    RouteAuthorizer,
    Map<string, { readonly decision: AuthorizerAnswer; readonly until: number }>
  >();

  constructor(
    private readonly surroundings: Surroundings,
    private readonly functions: InvokedFunctions,
  ) {}

  /**
   * Adds the authorizer's context to the exchange.
   * @throws GatewayRefusal unless the authorizer allows the request
   */
  async authorize(exchange: Exchange, authorizer: RouteAuthorizer): Promise<void> {
    const identity = authorizer.identitySources.map((select) => select(exchange));
    if (!identity.every((value) => value !== undefined && value !== '')) throw new GatewayRefusal(401);
    const { isAuthorized, context } = await this.decision(exchange, authorizer, identity as string[]);
    exchange.authorizerContext = context;
    if (!isAuthorized) throw new GatewayRefusal(403);
  }

  private async decision(
    exchange: Exchange,
    authorizer: RouteAuthorizer,
    identity: readonly string[],
  ): Promise<AuthorizerAnswer> {
    if (authorizer.resultTtl === 0 || identity.length === 0) return this.ask(exchange, authorizer, identity);
    const decisions = this.kept.get(authorizer) ?? new Map();
    this.kept.set(authorizer, decisions);
    const key = JSON.stringify(identity);
    const now = this.surroundings.clock.now().getTime();
    const found = decisions.get(key);
    if (found && found.until > now) return found.decision;
    const decision = await this.ask(exchange, authorizer, identity);
    decisions.set(key, { decision, until: now + authorizer.resultTtl * 1000 });
    return decision;
  }

  private async ask(
    exchange: Exchange,
    authorizer: RouteAuthorizer,
    identity: readonly string[],
  ): Promise<AuthorizerAnswer> {
    const { account } = this.surroundings;
    const sourceArn = regionalArn(account, 'execute-api', `${exchange.api.id}/authorizers/${authorizer.id}`);
    try {
      this.functions.assertMayInvoke(authorizer.functionArn, 'apigateway.amazonaws.com', sourceArn);
    } catch (cause) {
      throw authorizerFailure(exchange, NO_PERMISSION, cause);
    }
    try {
      const event = authorizerEvent(exchange, identity, account);
      return readDecision(await within(AUTHORIZER_TIMEOUT, this.functions.invoke(authorizer.functionArn, event)));
    } catch (cause) {
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

function authorizerFailure(exchange: Exchange, reason: string, cause: unknown): GatewayRefusal {
  exchange.authorizerError = reason;
  return new GatewayRefusal(500, reason, { cause });
}
