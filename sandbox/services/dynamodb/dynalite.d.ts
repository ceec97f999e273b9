/** The parts of dynalite below its web server. It has no types of its own. */

declare module 'dynalite/db' {
  export interface Store {
    readonly tableDb: { awsAccountId: string; awsRegion: string };
  }
  /** Times are in milliseconds; the store is in memory unless a path is given. */
  export function create(options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
}

declare module 'dynalite/validations' {
  import type { Store } from 'dynalite/db';

  /** Changes `input`. Throws as DynamoDB does when a member is not of its type. */
  export function checkTypes(input: object, types: object): object;
  /** Throws as DynamoDB does when a constraint is broken. */
  export function checkValidations(input: object, types: object, custom: unknown, store: Store): void;
}

declare module 'dynalite/validations/*' {
  export const types: Readonly<Record<string, unknown>>;
  export const custom: unknown;
}

declare module 'dynalite/actions/*' {
  import type { Store } from 'dynalite/db';

  function action(store: Store, input: object, callback: (error: unknown, output: object) => void): void;
  export = action;
}
