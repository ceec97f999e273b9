import { AwsError } from '../../endpoint/api';

/**
 * Whether a line matches a filter pattern of terms: it contains all terms, none of the terms with `-`, and at least one
 * of the terms with `?`, if there are any. The sandbox doesn't support patterns for JSON, columns, or regular expressions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForLogEvents.html
 *
 * @throws AwsError `InvalidParameterException` for another kind of pattern
 */
export function parseFilterPattern(pattern: string): (line: string) => boolean {
  const terms = pattern.match(/[?-]?"[^"]*"|\S+/g) ?? [];
  const unsupported = terms.find((term) => /^[{[%]/.test(term));
  if (unsupported !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      `the sandbox supports filter patterns of terms only, got ${pattern}`,
    );
  }
  const textsOf = (prefix: string) => terms.filter((term) => prefixOf(term) === prefix).map(textOf);
  const [required, excluded, optional] = [textsOf(''), textsOf('-'), textsOf('?')];
  return (line) =>
    required.every((text) => line.includes(text)) &&
    !excluded.some((text) => line.includes(text)) &&
    (optional.length === 0 || optional.some((text) => line.includes(text)));
}

function prefixOf(term: string): string {
  return /^[?-]./.test(term) ? term.slice(0, 1) : '';
}

function textOf(term: string): string {
  return term.slice(prefixOf(term).length).replace(/^"(.*)"$/s, '$1');
}
