/** How a call fails. When the process is killed, nothing that it would have called later happens either. */
export const FAULTS = ['before effect', 'after effect', 'killed before effect', 'killed after effect'] as const;
export type Fault = (typeof FAULTS)[number];

class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

type Method = (...given: unknown[]) => unknown;

/** Counts the calls to ports, and has something happen to them. */
export class Calls {
  readonly names: string[] = [];

  get count(): number {
    return this.names.length;
  }

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
    this.names.push(name);
    return this.carryOut(name, work);
  }

  protected carryOut(_name: string, work: () => unknown): unknown {
    return work();
  }
}

/** Has one call fail. */
export class FaultyCalls extends Calls {
  /** @param at the call that fails, counted from 1 */
  constructor(
    private readonly at: number,
    private readonly fault: Fault,
  ) {
    super();
  }

  protected override carryOut(name: string, work: () => unknown): unknown {
    const isKilled = this.fault.startsWith('killed') && this.count > this.at;
    if (this.count !== this.at && !isKilled) return work();
    const fault = new InjectedFault(`${name}: ${this.fault}`);
    if (isKilled || this.fault.endsWith('before effect')) return failing(fault);
    return failing(fault, work());
  }
}

/** Has one call still under way when its caller is given up, and the calls after it never made. */
export class LateCalls extends Calls {
  private underWay: () => unknown = () => undefined;

  /** @param at the call that is under way, counted from 1 */
  constructor(private readonly at: number) {
    super();
  }

  /** It takes effect. A failure of it is nobody's any more. */
  async land(): Promise<void> {
    const late = this.underWay;
    this.underWay = () => undefined;
    await Promise.resolve(late()).catch(() => undefined);
  }

  protected override carryOut(name: string, work: () => unknown): unknown {
    if (this.count < this.at) return work();
    if (this.count === this.at) this.underWay = work;
    return failing(new InjectedFault(`${name}: given up`));
  }
}

/** Has another's late call take effect before one of these. */
export class OvertakenCalls extends Calls {
  /** @param at the call before which it does, counted from 1 */
  constructor(
    private readonly at: number,
    private readonly late: LateCalls,
  ) {
    super();
  }

  protected override carryOut(_name: string, work: () => unknown): unknown {
    return this.count === this.at ? this.late.land().then(work) : work();
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
