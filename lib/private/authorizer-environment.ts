import { Duration, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { AUTHORIZER_TIMES, type AuthorizerTime } from '../../mesh/contract';
import type { AuthorizerOptions } from '../authorizer-options';
import { checkDuration } from './validation';

/** The environment variables of the authorizer for its options. @throws Error for a time that it would not accept */
export function authorizerEnvironment(scope: IConstruct, options: AuthorizerOptions): Record<string, string> {
  const names = Object.keys(AUTHORIZER_TIMES) as AuthorizerTime[];
  return Object.fromEntries(
    names.map((name) => {
      const { variable, usual, longest } = AUTHORIZER_TIMES[name];
      const duration = options[name] ?? Duration.seconds(usual);
      checkDuration(scope, name, duration, (value) => timeProblem(value, Duration.seconds(longest)));
      return [variable, Tokenization.stringifyNumber(duration.toSeconds())];
    }),
  );
}

function timeProblem(time: Duration, longest: Duration): string | undefined {
  const milliseconds = time.toMilliseconds();
  return milliseconds % 1_000 === 0 && milliseconds <= longest.toMilliseconds()
    ? undefined
    : `must be whole seconds, at most ${longest.toHumanString()}`;
}
