const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * The headers that apply to a single connection: the standard ones, and those that `Connection` names (RFC 9110,
 * section 7.6.1). The gateway removes them before parameter mapping. A caller that names an identity header in
 * `Connection` therefore removes only its own value, and nothing that the gateway writes.
 */
export function hopByHopHeaders(connection = ''): string[] {
  return [...HOP_BY_HOP, ...connection.split(',').map((name) => name.trim().toLowerCase())];
}
