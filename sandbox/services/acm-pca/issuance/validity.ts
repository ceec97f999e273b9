import { AwsError } from '../../../endpoint/api';
import { integer, oneOf, structure } from '../../shared/shape';

const DAY = 24 * 60 * 60 * 1000;
/** How far certificates are backdated by default, for clocks that are slow. */
const BACKDATED = 60 * 60 * 1000;
const LATEST_YEAR = 9999;

export const validityShape = structure({
  Value: integer({ min: 1 }),
  Type: oneOf('DAYS', 'MONTHS', 'YEARS', 'ABSOLUTE', 'END_DATE'),
});

export type RequestedValidity = ReturnType<typeof validityShape>;

/**
 * When a certificate with this validity expires. Durations count from the issuance, whatever the start.
 * https://docs.aws.amazon.com/privateca/latest/APIReference/API_Validity.html
 * @throws AwsError `ValidationException` for an end that isn't a date in the future
 */
export function endOf({ Value, Type }: RequestedValidity, issuance: Date): Date {
  const end = Type === 'END_DATE' ? parseEndDate(Value) : addedTo(issuance, Value, Type);
  if (Number.isNaN(end.getTime()) || end.getUTCFullYear() > LATEST_YEAR) {
    throw new AwsError('ValidationException', `the validity ${Type} ${Value} is not a date`);
  }
  if (end <= issuance) {
    throw new AwsError('ValidationException', 'The certificate validity specified must end in the future');
  }
  return end;
}

/** @throws AwsError `ValidationException` for a type other than ABSOLUTE */
export function startOf(validityNotBefore: RequestedValidity | undefined, issuance: Date): Date {
  if (!validityNotBefore) return new Date(issuance.getTime() - BACKDATED);
  const { Type, Value } = validityNotBefore;
  if (Type === 'ABSOLUTE') return new Date(Value * 1000);
  throw new AwsError('ValidationException', `ValidityNotBefore must have the type ABSOLUTE, got ${Type}`);
}

function addedTo(issuance: Date, value: number, type: 'DAYS' | 'MONTHS' | 'YEARS' | 'ABSOLUTE'): Date {
  const end = new Date(issuance);
  switch (type) {
    case 'DAYS':
      end.setTime(end.getTime() + value * DAY);
      break;
    case 'MONTHS':
      end.setUTCMonth(end.getUTCMonth() + value);
      break;
    case 'YEARS':
      end.setUTCFullYear(end.getUTCFullYear() + value);
      break;
    case 'ABSOLUTE':
      end.setTime(value * 1000);
      break;
  }
  return end;
}

/** YYMMDDHHMMSS (before 2050 if YY is less than 50) or YYYYMMDDHHMMSS. Numbers have no leading zeros. */
function parseEndDate(value: number): Date {
  const digits = String(value).padStart(12, '0');
  const century = Number(digits.slice(0, 2)) < 50 ? '20' : '19';
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits.length === 12 ? century + digits : digits) ?? [];
  return new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
}
