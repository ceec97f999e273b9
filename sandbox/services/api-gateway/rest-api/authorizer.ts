import { regionalArn } from '../../../account';
import { evaluate } from '../../iam/policy/evaluation';
import { type Policy, parsePolicy } from '../../iam/policy/policy';
import type { Surroundings } from '../../shared/service';
import { invokeFunction } from '../exchange/invocation';
import { KeptAnswers } from '../exchange/kept-answers';
import type { InvokedFunctions } from '../ports';
import { methodArn, requestAuthorizerEvent, tokenAuthorizerEvent } from './events';
import type { RestExchange } from './exchange';
import { RestRefusal } from './gateway-responses';
import type { Authorizer } from './state';

/** Milliseconds. AWS documents the time limit of integrations only. */
const AUTHORIZER_TIMEOUT = 29_000;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html */
const MAX_METHOD_ARN = 1_600;

/** The texts are those that AWS answers with, in 2026. */
const EXPLICITLY_DENIED =
  'User is not authorized to access this resource with an explicit deny in an identity-based policy';
const NOT_ALLOWED = 'User is not authorized to access this resource';

/** What an authorizer returned. */
interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policy: Policy;
  readonly context: Readonly<Record<string, string>>;
}

/**
 * Invokes the authorizers of REST APIs. Keeps their policies for the time that each authorizer configures, for all methods
 * of a stage: a kept policy decides about methods that the function was not asked about.
 */
export class RestAuthorizers {
  private readonly kept: KeptAnswers<AuthorizerAnswer>;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly functions: InvokedFunctions,
  ) {
    this.kept = new KeptAnswers(surroundings.clock);
  }

  /**
   * Adds the authorizer's context to the exchange.
   * @throws RestRefusal unless the authorizer's policy allows the request
   */
  async authorize(exchange: RestExchange, authorizer: Authorizer): Promise<void> {
    const { account } = this.surroundings;
    const resource = methodArn(exchange, account);
    if (Buffer.byteLength(resource) > MAX_METHOD_ARN) {
      throw new RestRefusal('DEFAULT_4XX', { status: 414, publicMessage: 'Request URI too long' });
    }
    const identity = identityOf(exchange, authorizer);
    const key = [exchange.stage.name, ...identity];
    const ask = () => this.ask(exchange, authorizer, identity);
    const { principalId, policy, context } = await this.kept.get(authorizer, key, authorizer.resultTtl, ask);
    exchange.authorizerContext = { ...context, principalId };
    const principal = { arn: principalId, account: account.id };
    const decision = evaluate(
      { principal, action: 'execute-api:Invoke', resource, context: {} },
      { ofIdentity: [policy] },
    );
    if (decision === 'allowed') return;
    const publicMessage = decision === 'not allowed' ? NOT_ALLOWED : EXPLICITLY_DENIED;
    throw new RestRefusal('ACCESS_DENIED', { publicMessage });
  }

  private async ask(exchange: RestExchange, authorizer: Authorizer, [token = '']: readonly string[]) {
    const { account } = this.surroundings;
    const { id, functionArn, type } = authorizer;
    const sourceArn = regionalArn(account, 'execute-api', `${exchange.api.id}/authorizers/${id}`);
    const event =
      type === 'TOKEN' ? tokenAuthorizerEvent(exchange, token, account) : requestAuthorizerEvent(exchange, account);
    try {
      const timeout = AUTHORIZER_TIMEOUT;
      return readAnswer(await invokeFunction(this.functions, { functionArn, sourceArn, event, timeout }));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      exchange.authorizerError = reason;
      // The text of the error that a function throws so that the caller gets 401.
      if (reason === 'Unauthorized') throw new RestRefusal('UNAUTHORIZED', { cause });
      throw new RestRefusal('AUTHORIZER_CONFIGURATION_ERROR', { reason, cause });
    }
  }
}

/** @throws RestRefusal 401 if an identity source is missing, or if the token has another form */
function identityOf(exchange: RestExchange, authorizer: Authorizer): readonly string[] {
  const { identitySources, validationExpression } = authorizer;
  const values = identitySources.map((select) => select(exchange));
  const present = values.filter((value) => value !== undefined && value !== '') as string[];
  if (present.length < values.length) throw new RestRefusal('UNAUTHORIZED');
  if (validationExpression && !validationExpression.test(present[0] ?? '')) throw new RestRefusal('UNAUTHORIZED');
  return present;
}

/**
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
 * @throws Error for anything that the sandbox can't evaluate completely
 */
function readAnswer(answer: unknown): AuthorizerAnswer {
  const { principalId, policyDocument, context } = Object(answer) as Readonly<Record<string, unknown>>;
  if (typeof principalId !== 'string') throw new TypeError('the authorizer returned no principalId');
  const policy = parsePolicy(policyDocument);
  for (const { resources, conditions, principals } of policy) {
    if (!resources) throw new TypeError('the authorizer returned a statement without Resource');
    if (principals) throw new TypeError('the authorizer returned a statement with a Principal');
    if (conditions.length > 0)
      throw new TypeError('the sandbox does not support conditions in policies of authorizers');
  }
  return { principalId, policy, context: readContext(context) };
}

/** Strings, numbers, and booleans, which all become strings. */
function readContext(context: unknown): Readonly<Record<string, string>> {
  if (context === undefined || context === null) return {};
  if (typeof context !== 'object' || Array.isArray(context)) {
    throw new TypeError('the authorizer returned a context that is not a map');
  }
  const entries = Object.entries(context).map(([name, value]) => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new TypeError(`the authorizer returned a context whose ${name} is not a string, number, or boolean`);
    }
    return [name, String(value)] as const;
  });
  return Object.fromEntries(entries);
}
