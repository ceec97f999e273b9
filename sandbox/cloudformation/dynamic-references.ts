import { isRecord, TemplateError } from './template';

/** A `secretsmanager` dynamic reference without the JSON key. Without a stage and an ID, it means AWSCURRENT. */
export interface SecretReference {
  /** A name or an ARN. */
  readonly secretId: string;
  readonly versionStage?: string | undefined;
  readonly versionId?: string | undefined;
}

/** An `ssm` or `ssm-secure` dynamic reference. Without a version, it means the latest one. */
export interface ParameterReference {
  readonly name: string;
  readonly version?: number | undefined;
  /** Whether the parameter must be a SecureString, or must not be one. Undefined if it doesn't matter. */
  readonly isSecure?: boolean | undefined;
}

/** Reads what dynamic references and parameters of templates name. Both throw if there is none. */
export interface ReferenceReader {
  secret(reference: SecretReference): string;
  parameter(reference: ParameterReference): string;
}

const REFERENCE = /\{\{resolve:([^:{}]*):?([^{}]*)\}\}/g;
const SECURE = ['secretsmanager', 'ssm-secure'];
const ARN_PARTS = 7;

/**
 * The value with its dynamic references replaced. Only the value of a resource has them replaced: the template and what
 * is compared in an update keep the reference, so a new version of a secret alone changes nothing, as on AWS.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
 *
 * @throws TemplateError for a reference to another service, or one that doesn't resolve
 */
export function resolveDynamicReferences<T>(value: T, reader: ReferenceReader): T;
export function resolveDynamicReferences(value: unknown, reader: ReferenceReader): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (text, service: string, key: string) => {
      if (service === 'secretsmanager') return secretText(text, key, reader);
      if (service === 'ssm' || service === 'ssm-secure') return parameterText(text, key, service, reader);
      throw new TemplateError(`the sandbox does not support the dynamic reference ${text}`);
    });
  }
  if (Array.isArray(value)) return value.map((item) => resolveDynamicReferences(item, reader));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveDynamicReferences(item, reader)]));
}

/** The first dynamic reference in the value. */
export function firstDynamicReference(value: unknown): string | undefined {
  return referencesIn(value)[0]?.[0];
}

/** The first dynamic reference in the value to something that is secret. */
export function firstSecureReference(value: unknown): string | undefined {
  return referencesIn(value).find(([, service = '']) => SECURE.includes(service))?.[0];
}

function referencesIn(value: unknown): readonly RegExpMatchArray[] {
  if (typeof value === 'string') return [...value.matchAll(REFERENCE)];
  return Array.isArray(value) || isRecord(value) ? Object.values(value).flatMap(referencesIn) : [];
}

/** `name`, or `name:version`. */
function parameterText(text: string, key: string, service: 'ssm' | 'ssm-secure', reader: ReferenceReader): string {
  const [, name, version] = /^([\w./-]+)(?::([1-9]\d*))?$/.exec(key) ?? [];
  if (name === undefined) throw new TemplateError(`the dynamic reference ${text} is malformed`);
  const isSecure = service === 'ssm-secure';
  return read(text, `${service}:${name}`, () =>
    reader.parameter({ name, version: version === undefined ? undefined : Number(version), isSecure }),
  );
}

/** `secret-id:SecretString:json-key:version-stage:version-id`, where all but the secret's ID may be left out or empty. */
function secretText(text: string, key: string, reader: ReferenceReader): string {
  const parts = key.split(':');
  const secretId = parts.splice(0, key.startsWith('arn:') ? ARN_PARTS : 1).join(':');
  const [kind, jsonKey, versionStage, versionId, ...rest] = parts.map((part) => part || undefined);
  if (secretId === '' || rest.length > 0) throw new TemplateError(`the dynamic reference ${text} is malformed`);
  if (kind !== undefined && kind !== 'SecretString') {
    throw new TemplateError(`the dynamic reference ${text} must have SecretString after the secret, got ${kind}`);
  }
  if (versionStage !== undefined && versionId !== undefined) {
    throw new TemplateError(`the dynamic reference ${text} must not have both a version stage and a version ID`);
  }
  const secret = read(text, `secretsmanager:${secretId}`, () => reader.secret({ secretId, versionStage, versionId }));
  return jsonKey === undefined ? secret : jsonValue(text, secret, jsonKey);
}

/** @param parameter the name under which the value can be given */
function read(text: string, parameter: string, value: () => string): string {
  try {
    return value();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = `give its value by the parameter ${parameter}, or declare it in the app`;
    throw new TemplateError(`the dynamic reference ${text} does not resolve: ${reason}; ${remedy}`, { cause });
  }
}

/** The error texts don't contain the secret. */
function jsonValue(text: string, secret: string, key: string): string {
  let value: unknown;
  try {
    const document: unknown = JSON.parse(secret);
    if (isRecord(document) && Object.hasOwn(document, key)) value = document[key];
  } catch {
    throw new TemplateError(`the dynamic reference ${text} does not resolve: the secret is not JSON`);
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`the dynamic reference ${text} does not resolve: the secret has no text at the key ${key}`);
}
