import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CA_FILE_VARIABLE, CONNECT_TO_VARIABLE } from '../client/environment';
import { TRUST_DOMAIN_VARIABLE } from '../mesh/contract';

type Variables = Readonly<Record<string, string>>;

/** A deployed resource, as far as it tells about the mesh. */
interface DeployedResource {
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The variables with which `MeshHttpClient` and the commands of `mtls-mesh` find the mesh. The names of the mesh and of the
 * URL for certificate requests are absent unless there is exactly one.
 */
export class MeshVariables {
  /** The directory of the PEM file, from its first use. */
  private directory: string | undefined;

  constructor(private readonly serverAuthority: string) {}

  /** @param gatewayPort 0 without a domain name, and then there is no mesh to find */
  read(resources: readonly DeployedResource[], gatewayPort: number): Variables {
    if (gatewayPort === 0) return {};
    const functions = resources.filter((one) => one.type === 'AWS::Lambda::Function' && trustDomainOf(one));
    const trustDomains = [...new Set(functions.map(trustDomainOf))];
    const arns = functions.map(({ attributes }) => attributes['Arn']);
    const requestUrls = resources
      .filter(({ type, attributes }) => type === 'AWS::Lambda::Url' && arns.includes(attributes['FunctionArn']))
      .map(({ attributes }) => String(attributes['FunctionUrl']));
    return {
      [CONNECT_TO_VARIABLE]: `127.0.0.1:${gatewayPort}`,
      [CA_FILE_VARIABLE]: this.authorityFile(),
      ...only('MTLS_MESH', trustDomains),
      ...only('MTLS_MESH_REQUEST_URL', requestUrls),
    };
  }

  /** Deletes the PEM file. */
  close(): void {
    if (this.directory !== undefined) rmSync(this.directory, { recursive: true, force: true });
    this.directory = undefined;
  }

  private authorityFile(): string {
    if (this.directory === undefined) {
      this.directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-sandbox-'));
      writeFileSync(join(this.directory, 'server-authority.pem'), this.serverAuthority);
    }
    return join(this.directory, 'server-authority.pem');
  }
}

/** The trust domain in the environment of a function of a mesh. */
function trustDomainOf({ properties }: DeployedResource): string | undefined {
  const { Variables } = (properties['Environment'] ?? {}) as { readonly Variables?: Variables };
  return Variables?.[TRUST_DOMAIN_VARIABLE];
}

/** A variable for the only value, if it is the only one. */
function only(name: string, values: readonly (string | undefined)[]): Variables {
  const [value, ...others] = values;
  return value === undefined || others.length > 0 ? {} : { [name]: value };
}
