/** The parts of dynalite without its web server. The package has no types. */

declare module 'dynalite/db' {
  export interface Store {
    readonly tableDb: { awsAccountId: string; awsRegion: string };
  }
  /** Times are in milliseconds. The store is in memory unless a path is given. */
  export function create(options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
}

declare module 'dynalite/validations' {
  import type { Store } from 'dynalite/db';

  /** Changes `input`. Throws DynamoDB's error for a member of the wrong type. */
  export function checkTypes(input: object, types: object): object;
  /** Throws DynamoDB's error for a violated constraint. */
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
