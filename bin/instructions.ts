import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { ClientFiles } from './client-files';

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
export function curlLine(url: string | undefined, port: number, serverAuthority: string, files: ClientFiles): string {
  const { hostname, href } = new URL(url ?? 'https://127.0.0.1/');
  return [
    'curl',
    `--connect-to ${hostname}:443:127.0.0.1:${port}`,
    `--cacert ${quoted(serverAuthority)}`,
    `--cert ${quoted(files.certificate)}`,
    `--key ${quoted(files.privateKey)}`,
    href,
  ].join(' ');
}

/** Lines that set variables, in the words of the platform's usual shell. */
export function exportLines(environment: Readonly<Record<string, string>>): readonly string[] {
  const word = process.platform === 'win32' ? '$env:' : 'export ';
  return Object.entries(environment).map(([name, value]) => `${word}${name}=${quoted(value)}`);
}

/** Quoted where a shell would take it apart: with double quotes, which every usual shell reads. */
function quoted(text: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(text) ? text : `"${text}"`;
}
