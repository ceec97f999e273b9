import { Annotations } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import {
  ALL_CLIENTS,
  coversGrant,
  type DeclaredGrant,
  declaredGrantText,
  type Grant,
  grantedMethods,
  grantPath,
  grantPathProblem,
} from '../../mesh/grant';
import type { MeshGrantOptions } from '../mesh-grant';
import { checkKnownText, refuse } from './validation';

/** The grants of a service. Those that change nothing are warnings: an app may be composed of parts that don't know each other. */
export class ServiceGrants {
  /** By line. */
  private readonly declared = new Map<string, DeclaredGrant>();
  /** By client. */
  private readonly ofClients = new Map<string, DeclaredGrant[]>();

  /** @param basePath the path of the service in its API, without a slash at its end */
  constructor(
    private readonly service: IConstruct,
    private readonly basePath: string,
  ) {
    service.node.addValidation({
      validate: () => {
        if (this.declared.size === 0)
          this.warn('noGrant', 'no client may call the service: use allow or allowAllClients');
        return [];
      },
    });
  }

  add(clientName: string, options: MeshGrantOptions): void {
    const added = { clientName, grant: this.read(options) };
    for (const known of this.comparedWith(clientName)) {
      if (includes(known, added)) this.warnOfNeedless(added, known);
      else if (includes(added, known)) this.warnOfNeedless(known, added);
    }
    if (this.repeatsBasePath(options)) {
      this.warn(
        'basePathRepeated',
        `the grant "${declaredGrantText(added)}" repeats the path of the service: its path is within ${this.basePath}`,
      );
    }
    const line = declaredGrantText(added);
    if (this.declared.has(line)) return;
    this.declared.set(line, added);
    this.ofClients.set(clientName, [...(this.ofClients.get(clientName) ?? []), added]);
  }

  /** The grants as lines of the template, in the order of the clients' names, so that the order of statements changes nothing. */
  lines(): string[] {
    return [...this.declared.keys()].sort();
  }

  /** The grants that may include one of the client, or be included in it. */
  private comparedWith(clientName: string): Iterable<DeclaredGrant> {
    if (clientName === ALL_CLIENTS) return this.declared.values();
    return [...(this.ofClients.get(clientName) ?? []), ...(this.ofClients.get(ALL_CLIENTS) ?? [])];
  }

  private read({ methods = [HttpMethod.ANY], path }: MeshGrantOptions): Grant {
    const known = grantedMethods(methods);
    if (known.length === 0) refuse(this.service, 'methods', 'must name at least one method', 'none');
    if (path === undefined) return { methods: known, path: grantPath(this.basePath, path) };
    checkKnownText(this.service, 'path', path, grantPathProblem);
    return { methods: known, path: grantPath(this.basePath, path) };
  }

  private repeatsBasePath({ path }: MeshGrantOptions): boolean {
    return this.basePath !== '' && (path === this.basePath || path?.startsWith(`${this.basePath}/`) === true);
  }

  private warnOfNeedless(needless: DeclaredGrant, wider: DeclaredGrant): void {
    const [text, reason] = [declaredGrantText(needless), declaredGrantText(wider)];
    this.warn(
      'needlessGrant',
      `the grant "${text}" ${text === reason ? 'is declared twice' : `is part of "${reason}"`}`,
    );
  }

  private warn(id: string, message: string): void {
    Annotations.of(this.service).addWarningV2(`cdk-mtls-service-mesh:${id}`, message);
  }
}

/** Whether `wider` lets in whatever `narrower` lets in. */
function includes(wider: DeclaredGrant, narrower: DeclaredGrant): boolean {
  const isForClient = wider.clientName === narrower.clientName || wider.clientName === ALL_CLIENTS;
  return isForClient && coversGrant(wider.grant, narrower.grant);
}
