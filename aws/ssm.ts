import { AwsCallError, isAwsError } from './aws-error';
import type { AwsConnection } from './connection';
import { asJsonObject, asText, JsonCaller } from './json-caller';
import { whenPermitted } from './new-permission';

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
   * Puts a parameter of at most 8 KB. One of more than 4 KB is an advanced parameter, which costs money.
   * @returns false, without a change, if there is a parameter with the name and `overwrite` is not set
   */
  async put(
    name: string,
    value: string,
    { overwrite }: { readonly overwrite: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    const input = { Name: name, Value: value, Type: 'String', Tier: 'Intelligent-Tiering', Overwrite: overwrite };
    return (await this.unless('ParameterAlreadyExists', 'PutParameter', input, signal)) !== undefined;
  }

  /** Does nothing if there is no parameter with the name. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    await this.unless('ParameterNotFound', 'DeleteParameter', { Name: name }, signal);
  }

  /** Undefined for an answer with the error. */
  private async unless(
    error: string,
    operation: string,
    input: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ) {
    try {
      return await whenPermitted((limited) => this.caller.call(operation, input, limited), signal);
    } catch (failure) {
      if (isAwsError(failure, error)) return undefined;
      throw failure;
    }
  }
}
