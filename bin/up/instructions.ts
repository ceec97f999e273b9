import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { ClientFiles } from './client-files';

const ON_WINDOWS = process.platform === 'win32';

/** The URLs of the mesh's services: the domain name with the fixed part of each route. */
export function serviceUrls(sandbox: Sandbox): readonly string[] {
  const resources = Object.values(sandbox.resources);
  const domain = resources.find(({ type }) => type === 'AWS::ApiGatewayV2::DomainName')?.physicalId;
  const paths = resources
    .filter(({ type }) => type === 'AWS::ApiGatewayV2::Route')
    .map(({ properties }) => String(properties['RouteKey']).replace(/^\S+ /, ''))
    .filter((path) => path.startsWith('/') && !path.includes('{'));
  return [...new Set(paths)].sort().map((path) => `https://${domain}${path}`);
}

/** A command line that calls `url` at the gateway on this machine. */
export function curlLine(url: string, port: number, serverAuthority: string, files: ClientFiles): string {
  const { hostname, href } = new URL(url);
  return [
    // In Windows PowerShell, `curl` is an alias of another command.
    ON_WINDOWS ? 'curl.exe' : 'curl',
    `--connect-to ${hostname}:443:127.0.0.1:${port}`,
    `--cacert ${quoted(serverAuthority)}`,
    `--cert ${quoted(files.certificate)}`,
    `--key ${quoted(files.privateKey)}`,
    quoted(href),
  ].join(' ');
}

/**
 * Lines that set environment variables in the platform's usual shell. They also unset the profile and the session token
 * of a real account: SDKs prefer the profile to other credentials, and send the token with them.
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

/** The text as one word of a command line: in single quotes for a POSIX shell, in double quotes for a Windows shell. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return ON_WINDOWS ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
