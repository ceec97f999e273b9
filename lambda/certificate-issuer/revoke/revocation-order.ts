import { REVOCATION_REASONS, type RevocationOrder } from '../../../mesh/contract';
import { clientNameProblem } from '../../../mesh/names';
import { choiceProperty, listProperty, PropertyError, textProperty } from '../../custom-resource/properties';
import { isRecord } from '../../custom-resource/request';

const LONGEST_OPERATOR = 2048;
const MOST_FINGERPRINTS = 1_000;

/** Every field of an order. */
const FIELDS: Readonly<Record<keyof RevocationOrder, true>> = {
  clientName: true,
  fingerprints: true,
  reason: true,
  by: true,
};

/**
 * Refuses unknown fields, because an order whose `fingerprints` are misspelled would be one for all certificates.
 * @throws PropertyError for the first invalid field
 */
export function readRevocationOrder(event: unknown): RevocationOrder {
  if (!isRecord(event)) throw new PropertyError('the order', 'must be an object', event);
  const unknown = Object.keys(event).find((field) => !Object.hasOwn(FIELDS, field));
  if (unknown !== undefined) {
    throw new PropertyError('the order', `must have no fields but ${Object.keys(FIELDS).join(', ')}`, unknown);
  }
  const name = (field: keyof RevocationOrder) => field;
  return {
    clientName: textProperty(event, name('clientName'), clientNameProblem),
    ...(Object.hasOwn(event, name('fingerprints')) && { fingerprints: readFingerprints(event, name('fingerprints')) }),
    reason: choiceProperty(event, name('reason'), REVOCATION_REASONS),
    by: textProperty(event, name('by'), operatorProblem),
  };
}

function readFingerprints(event: Readonly<Record<string, unknown>>, field: string): readonly string[] {
  const { [field]: list } = event;
  if (Array.isArray(list) && (list.length === 0 || list.length > MOST_FINGERPRINTS)) {
    throw new PropertyError(field, `must have 1 to ${MOST_FINGERPRINTS} entries`, list.length);
  }
  return listProperty(event, field, fingerprintProblem);
}

function fingerprintProblem(fingerprint: string): string | undefined {
  return /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/.test(fingerprint) ? undefined : 'must be a SHA-256 fingerprint';
}

function operatorProblem(by: string): string | undefined {
  return by.length > 0 && by.length <= LONGEST_OPERATOR && !/\p{C}/u.test(by)
    ? undefined
    : `must have 1 to ${LONGEST_OPERATOR} characters, and no control characters`;
}
