import { type Duration, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { duration, type Kind, type Problem, text } from './properties/kinds';

/** Throws an error that names the construct, the property, the rule, and the value that violates it. */
export function refuse(scope: IConstruct, property: string, rule: string, value: string): never {
  throw new Error(`${scope.node.path}: ${property} ${rule}, got ${value}`);
}

/** Throws unless an argument, or a property, is of its kind. */
export function checkKind(scope: IConstruct, property: string, value: unknown, kind: Kind): void {
  refuseProblem(scope, kind(property, value));
}

/** Throws if there is a problem. */
export function refuseProblem(scope: IConstruct, problem: Problem | undefined): void {
  if (problem) refuse(scope, problem.property, problem.rule, problem.value);
}

/** Throws if `findProblem` returns a rule. Tokens pass, because only CloudFormation knows their value. */
export function checkText(
  scope: IConstruct,
  property: string,
  value: string,
  findProblem: (value: string) => string | undefined,
): void {
  checkKind(scope, property, value, text);
  if (Token.isUnresolved(value)) return;
  const rule = findProblem(value);
  if (rule !== undefined) refuse(scope, property, rule, JSON.stringify(value));
}

/** As `checkText`, for what synthesis itself needs to know, such as a name that others are derived from. */
export function checkKnownText(
  scope: IConstruct,
  property: string,
  value: string,
  findProblem: (value: string) => string | undefined,
): void {
  if (Token.isUnresolved(value)) refuse(scope, property, 'must be known at synthesis', 'a token');
  checkText(scope, property, value, findProblem);
}

/**
 * Throws if `findProblem` returns a rule. Durations made of tokens pass.
 * @param origin whether the user has set the value: a default that doesn't fit must be set
 */
export function checkDuration(
  scope: IConstruct,
  property: string,
  value: Duration,
  findProblem: (value: Duration) => string | undefined,
  origin: 'set' | 'default' = 'set',
): void {
  checkKind(scope, property, value, duration);
  if (value.isUnresolved()) return;
  const rule = findProblem(value);
  if (rule === undefined) return;
  refuse(scope, property, rule, (origin === 'default' ? 'the default of ' : '') + value.toHumanString());
}

/** Whether `left` is longer than `right`. False if either is a token. */
export function isLonger(left: Duration, right: Duration): boolean {
  return !left.isUnresolved() && !right.isUnresolved() && left.toMilliseconds() > right.toMilliseconds();
}
