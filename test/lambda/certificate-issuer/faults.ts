/** How a call fails. When the process is killed, nothing that it would have called later happens either. */
export const FAULTS = ['before effect', 'after effect', 'killed before effect', 'killed after effect'] as const;
export type Fault = (typeof FAULTS)[number];

class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

type Method = (...given: unknown[]) => unknown;

/** Counts the calls to ports, and has one of them fail. */
export class FaultyCalls {
  count = 0;

  /** @param at the call that fails, counted from 1; 0 for none */
  constructor(
    private readonly at: number,
    private readonly fault: Fault,
  ) {}

  around<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...given: unknown[]) => this.call(`${String(name)}`, () => (method as Method).apply(target, given));
      },
    });
  }

  private call(name: string, work: () => unknown): unknown {
    this.count += 1;
    const isKilled = this.fault.startsWith('killed') && this.at > 0 && this.count > this.at;
    if (this.count !== this.at && !isKilled) return work();
    const fault = new InjectedFault(`${name}: ${this.fault}`);
    if (isKilled || this.fault.endsWith('before effect')) return failing(fault);
    return failing(fault, work());
  }
}

/** Fails whether it is awaited or iterated. */
function failing(fault: Error, effect: unknown = undefined) {
  const rejection = Promise.resolve(effect).then(() => Promise.reject(fault));
  rejection.catch(() => undefined);
  return Object.assign(rejection, {
    [Symbol.asyncIterator]: () => ({ next: () => rejection }),
  });
}
