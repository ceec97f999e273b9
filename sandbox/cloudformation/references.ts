import { getAttArguments, ifArguments, intrinsicCall, SUB_PLACEHOLDER, subArguments } from './intrinsics';
import { isRecord } from './template';

/**
 * The names in `Ref`, `Fn::GetAtt`, and `Fn::Sub`: resources, parameters, and pseudo parameters. For `Fn::If`, only the
 * names in the branch that the condition selects.
 */
export function referencesIn(value: unknown, condition: (name: string) => boolean): Set<string> {
  const found = new Set<string>();
  collectReferences(value, condition, found);
  return found;
}

function collectReferences(value: unknown, condition: (name: string) => boolean, found: Set<string>): void {
  const collectFrom = (part: unknown) => collectReferences(part, condition, found);
  if (Array.isArray(value)) {
    value.forEach(collectFrom);
  } else if (isRecord(value)) {
    const call = intrinsicCall(value);
    if (call === undefined) Object.values(value).forEach(collectFrom);
    else collectFrom(collectFromCall(...call, condition, found));
  }
}

/** Adds the names in the function itself. Returns the part of its argument that may contain more. */
function collectFromCall(
  intrinsic: string,
  argument: unknown,
  condition: (name: string) => boolean,
  found: Set<string>,
): unknown {
  switch (intrinsic) {
    case 'Ref':
      if (typeof argument === 'string') found.add(argument);
      return undefined;
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = getAttArguments(argument);
      found.add(logicalId);
      return attribute;
    }
    case 'Fn::Sub': {
      const { text, variables } = subArguments(argument);
      for (const [, literal, name = ''] of text.matchAll(SUB_PLACEHOLDER)) {
        if (!literal && !Object.hasOwn(variables, name)) found.add(name.replace(/\..*$/, ''));
      }
      return variables;
    }
    case 'Fn::If': {
      const [chosen, then, otherwise] = ifArguments(argument);
      return condition(chosen) ? then : otherwise;
    }
    default:
      return argument;
  }
}
