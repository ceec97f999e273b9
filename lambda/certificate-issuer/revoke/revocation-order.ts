import { REVOCATION_REASONS, type RevocationOrder } from '../../../mesh/contract';
import { clientNameProblem } from '../../../mesh/names';
import { choiceProperty, listProperty, textProperty } from '../../custom-resource/properties';

const LONGEST_OPERATOR = 2048;

/** @throws PropertyError for the first invalid field */
export function readRevocationOrder(event: unknown): RevocationOrder {
  const fields: Readonly<Record<string, unknown>> = { ...Object(event) };
  const name = (field: keyof RevocationOrder) => field;
  const isForAll = fields[name('fingerprints')] === undefined;
  return {
    clientName: textProperty(fields, name('clientName'), clientNameProblem),
    ...(!isForAll && { fingerprints: listProperty(fields, name('fingerprints'), fingerprintProblem) }),
    reason: choiceProperty(fields, name('reason'), REVOCATION_REASONS),
    by: textProperty(fields, name('by'), operatorProblem),
  };
}

function fingerprintProblem(fingerprint: string): string | undefined {
  return /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/.test(fingerprint) ? undefined : 'must be a SHA-256 fingerprint';
}

function operatorProblem(by: string): string | undefined {
  return by.length > 0 && by.length <= LONGEST_OPERATOR && !/\p{C}/u.test(by)
    ? undefined
    : `must have 1 to ${LONGEST_OPERATOR} characters, and no control characters`;
}
