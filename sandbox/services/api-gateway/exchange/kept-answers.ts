import type { Clock } from '../../../clock';

/** The answers of authorizers, each kept for the time that its authorizer configures. */
export class KeptAnswers<T> {
  /** By authorizer or stage, then by identity. A changed one is another object, so it starts with an empty cache. */
  private readonly kept = new WeakMap<object, Map<string, { readonly answer: T; readonly until: number }>>();

  constructor(private readonly clock: Clock) {}

  /**
   * The kept answer for the identity, or a new one. A failure isn't kept.
   * @param ttl in seconds; 0 keeps nothing
   */
  async get(owner: object, identity: readonly string[], ttl: number, ask: () => Promise<T>): Promise<T> {
    if (ttl === 0 || identity.length === 0) return ask();
    const answers = this.kept.get(owner) ?? new Map();
    this.kept.set(owner, answers);
    const key = JSON.stringify(identity);
    const now = this.clock.now().getTime();
    const found = answers.get(key);
    if (found && found.until > now) return found.answer;
    const answer = await ask();
    answers.set(key, { answer, until: now + ttl * 1000 });
    return answer;
  }
}
