import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { ClientFiles } from './client-files';

const ON_WINDOWS = process.platform === 'win32';

/** Where the services of the deployed mesh are called: the domain name and the fixed part of each route. */
export function serviceUrls(sandbox: Sandbox): readonly string[] {
  const resources = Object.values(sandbox.resources);
  const domain = resources.find(({ type }) => type === 'AWS::ApiGatewayV2::DomainName')?.physicalId;
  const paths = resources
    .filter(({ type }) => type === 'AWS::ApiGatewayV2::Route')
    .map(({ properties }) => String(properties['RouteKey']).replace(/^\S+ /, ''))
    .filter((path) => path.startsWith('/') && !path.includes('{'));
  return [...new Set(paths)].sort().map((path) => `https://${domain}${path}`);
}

/** A command line that calls `url` by its own name on this machine's loopback. */
export function curlLine(url: string, port: number, serverAuthority: string, files: ClientFiles): string {
  const { hostname, href } = new URL(url);
  return [
    // Windows PowerShell has an alias `curl` for something else.
    ON_WINDOWS ? 'curl.exe' : 'curl',
    `--connect-to ${hostname}:443:127.0.0.1:${port}`,
    `--cacert ${quoted(serverAuthority)}`,
    `--cert ${quoted(files.certificate)}`,
    `--key ${quoted(files.privateKey)}`,
    quoted(href),
  ].join(' ');
}

/**
 * Lines that set variables in the platform's usual shell. A profile or a session token that the shell may hold for a
 * real account goes, since SDKs would prefer the one and send the other along.
 */
export function environmentLines(environment: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(environment);
  if (ON_WINDOWS) {
    return [
      'Remove-Item Env:AWS_PROFILE, Env:AWS_SESSION_TOKEN -ErrorAction Ignore',
      ...entries.map(([name, value]) => `$env:${name} = "${value}"`),
    ];
  }
  return ['unset AWS_PROFILE AWS_SESSION_TOKEN', ...entries.map(([name, value]) => `export ${name}=${quoted(value)}`)];
}

/** As one word of a command line: in single quotes for a POSIX shell, in double quotes for those of Windows. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return ON_WINDOWS ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
