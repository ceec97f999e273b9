import type { ExampleCall } from './example-calls';
import type { Environment } from './mesh-environment';
import type { ClientFiles } from './up-directory';

const ON_WINDOWS = process.platform === 'win32';

/** A command line that calls `url` at the gateway on this machine. */
export function curlLine(
  { url, method }: Pick<ExampleCall, 'url' | 'method'>,
  port: number,
  serverAuthority: string,
  files: ClientFiles,
): string {
  const { hostname, href } = new URL(url);
  return [
    // In Windows PowerShell, `curl` is an alias of another command.
    ON_WINDOWS ? 'curl.exe' : 'curl',
    // The command line must not send this to the proxy that the environment names.
    ...(method === undefined ? [] : [`-X ${method}`]),
    `--noproxy ${quoted('*')}`,
    `--connect-to ${hostname}:443:127.0.0.1:${port}`,
    `--cacert ${quoted(serverAuthority)}`,
    `--cert ${quoted(files.certificate)}`,
    `--key ${quoted(files.privateKey)}`,
    quoted(href),
  ].join(' ');
}

/**
 * Lines that set environment variables in the platform's usual shell. They also unset the profile and the session token
 * of a real account: SDKs prefer the profile to other credentials, and send the token with them. Where there is a proxy, they
 * except this machine from it.
 */
export function environmentLines(environment: Environment): readonly string[] {
  const hasProxy = Object.keys(process.env).some((name) => /^(https?|all)_proxy$/i.test(name) && process.env[name]);
  if (ON_WINDOWS) {
    return [
      'Remove-Item Env:AWS_PROFILE, Env:AWS_SESSION_TOKEN -ErrorAction Ignore',
      ...assignments(environment),
      ...(hasProxy ? ['$env:NO_PROXY = "127.0.0.1,$env:NO_PROXY"'] : []),
    ];
  }
  return [
    'unset AWS_PROFILE AWS_SESSION_TOKEN',
    ...assignments(environment),
    ...(hasProxy ? ['export NO_PROXY="127.0.0.1,$NO_PROXY" no_proxy="127.0.0.1,$no_proxy"'] : []),
  ];
}

/** A line for each variable. */
export function assignments(environment: Environment): readonly string[] {
  return Object.entries(environment).map(([name, value]) =>
    ON_WINDOWS ? `$env:${name} = "${value}"` : `export ${name}=${quoted(value)}`,
  );
}

/** The text as one word of a command line: in single quotes for a POSIX shell, in double quotes for a Windows shell. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return ON_WINDOWS ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
