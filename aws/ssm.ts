import { AwsCallError, isAwsError } from './aws-error';
import type { AwsConnection } from './connection';
import { asJsonObject, asText, JsonCaller, type JsonObject } from './json-caller';

/** Parameters of Systems Manager. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
export class ParameterStore {
  private readonly caller: JsonCaller;

  constructor(connection: AwsConnection) {
    this.caller = new JsonCaller({
      service: { name: 'ssm', targetPrefix: 'AmazonSSM', jsonVersion: '1.1', endpointVariable: 'SSM' },
      connection,
      // The quota of GetParameter is 40 calls a second for an account.
      // https://docs.aws.amazon.com/general/latest/gr/ssm.html
      retryPolicy: { timeout: 5_000, backoff: { first: 50, throttled: 500, longest: 5_000 } },
    });
  }

  /** Undefined if there is no parameter with the name. */
  async get(name: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.unless('ParameterNotFound', 'GetParameter', { Name: name }, signal);
    if (answer === undefined) return undefined;
    const value = asText(asJsonObject(answer['Parameter'])?.['Value']);
    if (value === undefined) throw new AwsCallError('ssm:GetParameter', 'InvalidAnswer', 'no value');
    return value;
  }

  /**
   * The values that the parameter has and had, the oldest first. AWS keeps the last 100, and deletes them with the parameter.
   * Empty if there is no parameter with the name.
   * https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
   */
  async history(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const values = new Map<number, string>();
    let token: string | undefined;
    do {
      const input = { Name: name, ...(token !== undefined && { NextToken: token }) };
      const answer = await this.unless('ParameterNotFound', 'GetParameterHistory', input, signal);
      for (const { Version, Value } of (answer?.['Parameters'] ?? []) as readonly JsonObject[]) {
        const value = asText(Value);
        if (typeof Version !== 'number' || value === undefined) {
          throw new AwsCallError('ssm:GetParameterHistory', 'InvalidAnswer', 'no value');
        }
        values.set(Version, value);
      }
      token = asText(answer?.['NextToken']);
    } while (token !== undefined);
    return [...values].sort(([one], [other]) => one - other).map(([, value]) => value);
  }

  /** Puts a parameter of at most 8 KB. One of more than 4 KB is an advanced parameter, which costs money. */
  async put(name: string, value: string, signal: AbortSignal): Promise<void> {
    const input = { Name: name, Value: value, Type: 'String', Tier: 'Intelligent-Tiering', Overwrite: true };
    await this.caller.call('PutParameter', input, signal);
  }

  /** Does nothing if there is no parameter with the name. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    await this.unless('ParameterNotFound', 'DeleteParameter', { Name: name }, signal);
  }

  /** Undefined for an answer with the error. */
  private async unless(error: string, operation: string, input: JsonObject, signal: AbortSignal) {
    try {
      return await this.caller.call(operation, input, signal);
    } catch (failure) {
      if (isAwsError(failure, error)) return undefined;
      throw failure;
    }
  }
}
