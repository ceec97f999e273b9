import { isRecord, TemplateError } from './template';

/** A `secretsmanager` dynamic reference without the JSON key. Without a stage and an ID, it means AWSCURRENT. */
export interface SecretReference {
  /** A name or an ARN. */
  readonly secretId: string;
  readonly versionStage?: string | undefined;
  readonly versionId?: string | undefined;
}

/** The text of a secret. Throws if there is none. */
export type SecretReader = (reference: SecretReference) => string;

const REFERENCE = /\{\{resolve:([^:{}]*):([^{}]*)\}\}/g;
const ARN_PARTS = 7;

/**
 * The value with its dynamic references replaced. Only the value of a resource has them replaced: the template and what
 * is compared in an update keep the reference, so a new version of a secret alone changes nothing, as on AWS.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
 *
 * @throws TemplateError for a reference to another service, or one that doesn't resolve
 */
export function resolveDynamicReferences<T>(value: T, readSecret: SecretReader): T;
export function resolveDynamicReferences(value: unknown, readSecret: SecretReader): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (text, service: string, key: string) => {
      if (service === 'secretsmanager') return secretText(text, key, readSecret);
      throw new TemplateError(`the sandbox does not support the dynamic reference ${text}, only secretsmanager`);
    });
  }
  if (Array.isArray(value)) return value.map((item) => resolveDynamicReferences(item, readSecret));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveDynamicReferences(item, readSecret)]),
  );
}

/** The first dynamic reference in the value. */
export function firstDynamicReference(value: unknown): string | undefined {
  let found: string | undefined;
  if (typeof value === 'string') found = value.match(REFERENCE)?.[0];
  else if (Array.isArray(value) || isRecord(value)) {
    for (const item of Object.values(value)) found ??= firstDynamicReference(item);
  }
  return found;
}

/** `secret-id:SecretString:json-key:version-stage:version-id`, where all but the secret's ID may be left out or empty. */
function secretText(text: string, key: string, readSecret: SecretReader): string {
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
  const secret = read(text, () => readSecret({ secretId, versionStage, versionId }));
  return jsonKey === undefined ? secret : jsonValue(text, secret, jsonKey);
}

function read(text: string, readSecret: () => string): string {
  try {
    return readSecret();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TemplateError(`the dynamic reference ${text} does not resolve: ${reason}`, { cause });
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
