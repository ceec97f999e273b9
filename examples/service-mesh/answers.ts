/** The data that the services get from each other. */

/** Names of users by their IDs. */
export type Names = Readonly<Record<string, string>>;

/** IDs of users by the name of their group. */
export type Members = Readonly<Record<string, readonly string[]>>;

/** A piece of equipment that a user has checked out. */
export interface Checkout {
  readonly item: string;
  readonly userId: string;
  readonly userName: string;
}
