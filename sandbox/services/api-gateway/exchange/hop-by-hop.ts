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
 * The headers that are meant for the next server alone: some by their nature, others because `Connection` names them
 * (RFC 9110, section 7.6.1). They end at the gateway before anything is mapped: a caller who names an identity header
 * in `Connection` removes what it sent itself, and nothing that the gateway writes.
 */
export function hopByHopHeaders(connection = ''): string[] {
  return [...HOP_BY_HOP, ...connection.split(',').map((name) => name.trim().toLowerCase())];
}
