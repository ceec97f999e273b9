import type { Answer } from '../../shared/function-answer';
import type { Exchange } from './exchange';

/** Adds what the call of an integration tells the access log: status, latency, and error. */
export async function observed(exchange: Exchange, call: () => Promise<Answer>): Promise<Answer> {
  const before = performance.now();
  try {
    const answer = await call();
    exchange.integrationStatus = answer.status;
    return answer;
  } catch (error) {
    exchange.integrationError = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    exchange.integrationLatency = Math.round(performance.now() - before);
  }
}
