import { App, Stack, type StackProps, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import {
  CertificateAuthority,
  CertificateIssuer,
  type ICertificateAuthority,
  MeshRegistry,
  MtlsServiceMesh,
  type MtlsServiceMeshProps,
} from '../../lib';

/** What a template holds, as far as tests look at it. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** A stack in an App of its own: once synthesized, an App can't grow. */
export function newStack(context: Record<string, unknown> = {}, props: StackProps = {}): Stack {
  return new Stack(new App({ context }), 'Test', props);
}

export function serverCertificate(stack: Stack): acm.ICertificate {
  const region = Token.isUnresolved(stack.region) ? 'us-east-1' : stack.region;
  return acm.Certificate.fromCertificateArn(
    stack,
    'ServerCertificate',
    `arn:aws:acm:${region}:123456789012:certificate/11111111-2222-3333-4444-555555555555`,
  );
}

export function newMesh(stack: Stack, props: Partial<MtlsServiceMeshProps> = {}): MtlsServiceMesh {
  return new MtlsServiceMesh(stack, 'Mesh', {
    domainName: 'mesh.example.com',
    ...(props.hostedZone ? {} : { serverCertificate: serverCertificate(stack) }),
    ...props,
  });
}

export function newRegistry(stack: Stack, trustDomain = 'mesh.example.com'): MeshRegistry {
  return new MeshRegistry(stack, 'Registry', { trustDomain });
}

/** An issuer with a registry, and unless one is given an authority, of its own. */
export function newIssuer(
  stack: Stack,
  trustDomain?: string,
  certificateAuthority: ICertificateAuthority = CertificateAuthority.shortLivedRoot(stack, 'Authority'),
): CertificateIssuer {
  return new CertificateIssuer(stack, 'Issuer', { registry: newRegistry(stack, trustDomain), certificateAuthority });
}

export function newFunction(stack: Stack, id = 'Schedule'): lambda.Function {
  return new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });'),
  });
}

export function resourcesOf(stack: Stack): Record<string, TemplateResource> {
  return Template.fromStack(stack).toJSON()['Resources'] ?? {};
}

/** The resources of one type; `resourcesOf` with the rest left out. */
export function resourcesOfType(stack: Stack, type: string): Record<string, TemplateResource> {
  return Object.fromEntries(Object.entries(resourcesOf(stack)).filter(([, resource]) => resource.Type === type));
}

/** The only resource of a type; throws if there are none or several. */
export function onlyResource(stack: Stack, type: string): TemplateResource & { readonly logicalId: string } {
  const [entry, ...others] = Object.entries(resourcesOfType(stack, type));
  if (entry === undefined || others.length > 0) throw new Error(`the template must hold one ${type}`);
  return { logicalId: entry[0], ...entry[1] };
}

/** Every logical id on which a resource depends, by reference or by `DependsOn`, directly or not. */
export function dependenciesOf(resources: Record<string, TemplateResource>, logicalId: string): Set<string> {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const other of Object.keys(resources)) {
      if (found.has(other) || !refersTo(resources[id], other)) continue;
      found.add(other);
      visit(other);
    }
  };
  visit(logicalId);
  return found;
}

function refersTo(resource: TemplateResource | undefined, logicalId: string): boolean {
  if (resource === undefined) return false;
  const text = JSON.stringify(resource.Properties ?? {});
  return (
    resource.DependsOn?.includes(logicalId) === true ||
    text.includes(`{"Ref":"${logicalId}"}`) ||
    text.includes(`{"Fn::GetAtt":["${logicalId}",`)
  );
}
