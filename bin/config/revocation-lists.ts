/** What the configuration of each server has in addition, to refuse revoked clients. */
interface Directives {
  /** The line that names `client-ca.pem`, in the syntax of one server. */
  readonly line: RegExp;
  readonly replacement: string;
}

const COMMENT = '# Refuses revoked clients, and all clients of an authority without a list.';

const SERVERS: readonly Directives[] = [
  {
    // https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_crl
    line: /^( *)ssl_client_certificate (.*)client-ca\.pem;$/m,
    replacement: `$&\n$1${COMMENT}\n$1ssl_crl $2crl.pem;`,
  },
  {
    // https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#sslcarevocationcheck
    line: /^( *)SSLCACertificateFile (.*)client-ca\.pem$/m,
    replacement: `$&\n$1${COMMENT}\n$1SSLCARevocationFile $2crl.pem\n$1SSLCARevocationCheck chain`,
  },
  {
    // https://docs.haproxy.org/2.6/configuration.html#5.1-crl-file
    line: /^( *)(bind .* ca-file (\S*)client-ca\.pem)/m,
    replacement: `$1${COMMENT}\n$1$2 crl-file $3crl.pem`,
  },
  {
    // https://www.envoyproxy.io/docs/envoy/v1.38.0/api-v3/extensions/transport_sockets/tls/v3/common.proto
    line: /^( *)trusted_ca: { filename: (.*)client-ca\.pem }$/m,
    replacement: `$&\n$1${COMMENT}\n$1crl: { filename: $2crl.pem }`,
  },
];

/** The command line of the agent in the comment at the beginning. */
const AGENT = /^(# +)mtls-mesh agent .* --client \S+/m;

/**
 * The configurations of a program, with `crl.pem` where the server can use it.
 *
 * @param url of the lists, for the command line of the agent
 * @returns undefined if none of the texts is that of such a server
 */
export function withRevocationLists(texts: readonly string[], url: string): readonly string[] | undefined {
  const changed = texts.map((text) =>
    SERVERS.reduce((before, { line, replacement }) => before.replace(line, replacement), text),
  );
  if (changed.every((text, index) => text === texts[index])) return undefined;
  return changed.map((text) => text.replace(AGENT, (agent, margin) => `${agent} \\\n${margin}  --crl ${url}`));
}
