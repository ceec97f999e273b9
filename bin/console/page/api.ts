/** The requests of the page. Their paths are relative to the page's own, which has the token. */
import type { ActionResult, CertificateView, ConsoleState } from '../state';

export type Verb = 'rotate' | 'revoke' | 'disable' | 'enable';

/** The console answered with an error, or not at all. */
class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
}

export function getState(): Promise<ConsoleState> {
  return send<ConsoleState>('api/state');
}

/** All certificates of a client, the latest first. */
export async function getCertificates(clientName: string): Promise<readonly CertificateView[]> {
  const { certificates } = await send<{ readonly certificates: readonly CertificateView[] }>(
    `api/clients/${encodeURIComponent(clientName)}`,
  );
  return certificates;
}

export function act(clientName: string, verb: Verb, body: object): Promise<ActionResult> {
  return send<ActionResult>(`api/clients/${encodeURIComponent(clientName)}/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** @throws ConsoleError */
async function send<T>(path: string, options?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    throw new ConsoleError('The console does not answer. Is `mtls-mesh console` still running?', { cause });
  }
  const answer = await response.json().catch(() => ({ error: `the console answered with status ${response.status}` }));
  if (response.ok) return answer;
  throw new ConsoleError(answer.error);
}
