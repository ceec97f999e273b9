/** Values of options that several commands have. */
import { InvalidArgumentError } from 'commander';
import { clientNameProblem, trustDomainProblem } from '../../mesh/names';

export function clientName(text: string): string {
  return checked(text, clientNameProblem(text));
}

export function trustDomain(text: string): string {
  return checked(text, trustDomainProblem(text));
}

function checked(text: string, problem: string | undefined): string {
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return text;
}
