import { asJsonObject, type JsonObject } from '../../aws/json-caller';
import { REVOCATION_REASONS, type RevocationResult, type RevokedCertificate } from '../../mesh/contract';
import { OperatorError } from './mesh';

/** @throws OperatorError for a document of another form, which a mesh of another version may answer with */
export function readRevocationResult({ certificates }: JsonObject): RevocationResult {
  if (!Array.isArray(certificates)) throw unexpected('certificates');
  return { certificates: certificates.map((one: unknown, index) => readCertificate(one, `certificates[${index}]`)) };
}

function readCertificate(value: unknown, path: string): RevokedCertificate {
  const fields = asJsonObject(value) ?? {};
  const field = <T>(name: keyof RevokedCertificate, isValid: (value: unknown) => value is T): T => {
    const found = fields[name];
    if (isValid(found)) return found;
    throw unexpected(`${path}.${name}`);
  };
  return {
    serialNumber: field('serialNumber', isText),
    fingerprint: field('fingerprint', isText),
    already: field('already', isBoolean),
    expired: field('expired', isBoolean),
    revokedAt: field('revokedAt', isText),
    reason: field('reason', isReason),
    failures: field('failures', isTexts),
  };
}

function unexpected(field: string): OperatorError {
  return new OperatorError(
    `the mesh answered without a valid ${field}: use the version of mtls-mesh that the mesh was deployed with, ` +
      'and see with `mtls-mesh show` what is revoked',
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isReason = (value: unknown): value is RevokedCertificate['reason'] =>
  REVOCATION_REASONS.some((reason) => reason === value);
