import { isDeepStrictEqual } from 'node:util';
import type { StackIdentity } from './definition';
import { firstSecureReference, type ReferenceReader, resolveDynamicReferences } from './dynamic-references';
import type { ResourceFailure, ResourceStatus, StackEvent } from './event';
import type { Properties, Resource, ResourceRequest, ResourceType } from './resource-type';
import { type ResourceDeclaration, TemplateError } from './template';

/** A resource of a stack that exists. */
export interface StackResource {
  readonly logicalId: string;
  readonly declaration: ResourceDeclaration;
  readonly type: ResourceType;
  /** As of the last creation or update. */
  readonly properties: Properties;
  readonly resource: Resource;
}

/** The dependencies of operations on a stack's resources. */
export interface StackSurroundings {
  readonly stack: StackIdentity;
  readonly resourceType: (name: string) => ResourceType | undefined;
  readonly references: ReferenceReader;
  /** Whether a property without effect fails with its name. */
  readonly strict: boolean;
  readonly report: (event: Omit<StackEvent, 'timestamp'>) => void;
}

/** @throws TemplateError with the type or property that the sandbox doesn't support */
export function knownResourceType(
  logicalId: string,
  declaration: ResourceDeclaration,
  surroundings: StackSurroundings,
): ResourceType {
  const type = surroundings.resourceType(declaration.type);
  if (type === undefined) {
    throw new TemplateError(
      `resource ${logicalId} has the type ${declaration.type}, which the sandbox does not support`,
    );
  }
  const unknown = Object.keys(declaration.properties).find((name) => {
    const kind = kindOfProperty(type, name);
    return kind === undefined || (kind === 'ignored' && surroundings.strict);
  });
  if (unknown !== undefined) {
    throw new TemplateError(
      `resource ${logicalId} has the property ${unknown}, which the sandbox does not support for ${declaration.type}`,
    );
  }
  return type;
}

/** How a resource gets new properties. */
export function changeBetween(
  type: ResourceType,
  before: Properties,
  after: Properties,
): 'none' | 'update' | 'replacement' {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter(
    (name) => kindOfProperty(type, name) !== 'ignored' && !isDeepStrictEqual(before[name], after[name]),
  );
  if (changed.some((name) => kindOfProperty(type, name) === 'createOnly')) return 'replacement';
  return changed.length > 0 ? 'update' : 'none';
}

export function requestFor(stack: StackIdentity, logicalId: string, properties: Properties): ResourceRequest {
  return { stackName: stack.name, stackId: stack.id, logicalId, properties };
}

/** @throws TemplateError if the sandbox is strict and the resource doesn't do everything here that it does on AWS */
export function refuseNotices(type: ResourceType, properties: Properties, { strict }: StackSurroundings): void {
  const notices = strict ? (type.notices?.(properties) ?? []) : [];
  if (notices.length > 0) throw new TemplateError(`the sandbox is strict, and the resource ${notices.join(' and ')}`);
}

/** The lines that say what a resource doesn't do in the sandbox. */
export function noticesOf(resource: StackResource | undefined): readonly string[] {
  if (resource === undefined) return [];
  const { logicalId, declaration, type, properties } = resource;
  const ignored = Object.keys(properties).filter((name) => kindOfProperty(type, name) === 'ignored');
  const notices = [...ignored.map((name) => `ignores ${name}`), ...(type.notices?.(properties) ?? [])];
  return notices.map((notice) => `${notice}: ${declaration.type} ${declaration.constructPath ?? logicalId}`);
}

/**
 * The request that creates or updates a resource, without ignored properties and with dynamic references replaced.
 * @throws TemplateError if one doesn't resolve, or if the type refuses them
 */
export function requestWithSecrets(
  { stack, references }: StackSurroundings,
  logicalId: string,
  type: ResourceType,
  properties: Properties,
): ResourceRequest {
  const known = Object.fromEntries(
    Object.entries(properties).filter(([name]) => kindOfProperty(type, name) !== 'ignored'),
  );
  if (type.dynamicReferences === 'kept') return requestFor(stack, logicalId, known);
  const reference = type.dynamicReferences === 'refused' ? firstSecureReference(known) : undefined;
  if (reference !== undefined) {
    throw new TemplateError(`a custom resource can not have the dynamic reference ${reference}`);
  }
  return requestFor(stack, logicalId, resolveDynamicReferences(known, references));
}

/** Reports an event of a resource. */
export function reportResource(
  surroundings: StackSurroundings,
  { logicalId, declaration, resource }: Pick<StackResource, 'logicalId' | 'declaration'> & Partial<StackResource>,
  status: ResourceStatus,
  reason?: string,
): void {
  surroundings.report({
    logicalId,
    physicalId: resource?.physicalId,
    resourceType: declaration.type,
    status,
    reason,
    constructPath: declaration.constructPath,
  });
}

export function failureOf(logicalId: string, declaration: ResourceDeclaration, cause: unknown): ResourceFailure {
  const { type: resourceType, constructPath } = declaration;
  return { logicalId, resourceType, constructPath, reason: reasonOf(cause), cause };
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function kindOfProperty(type: ResourceType, name: string): 'mutable' | 'createOnly' | 'ignored' | undefined {
  return Object.hasOwn(type.properties, name) ? type.properties[name] : type.otherProperties;
}
