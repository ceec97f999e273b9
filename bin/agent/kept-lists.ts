import { failureSentence } from '../../aws/failure';
import {
  heldRevocationLists,
  UnusableListsError,
  type VerifiedLists,
  verifyRevocationLists,
} from '../shared/client-files/revocation-lists';

/** What belongs into the files. */
interface Kept {
  readonly lists: VerifiedLists;
  /** Why these are the lists of before, and not those that the mesh publishes now. */
  readonly failure?: Error;
}

/** The revocation lists in the files of a client. The certificate rotates also while the lists can't be read. */
export class KeptLists {
  private taken: string | undefined;

  /**
   * @param directory of the client
   * @param read the PEM that the mesh publishes
   */
  constructor(
    private readonly directory: string,
    private readonly read: () => Promise<string>,
  ) {}

  /** Whether the last look has seen another text, or none. */
  isNew(published: string): boolean {
    return published !== this.taken;
  }

  /** @throws UnusableListsError, or what reading them throws, if there are no lists of before either */
  async look(clientAuthorities: string, now: Date): Promise<Kept> {
    const before = await heldRevocationLists(this.directory);
    try {
      this.taken = await this.read();
      return { lists: verifyRevocationLists(this.taken, { clientAuthorities, before, now }) };
    } catch (cause) {
      const lists = usable(before, clientAuthorities, now);
      if (lists === undefined) throw cause;
      const until = `the revocation lists of before stay, which are valid until ${lists.nextUpdate.toISOString()}`;
      return { lists, failure: new Error(`${failureSentence(cause)}; ${until}`, { cause }) };
    }
  }
}

function usable(before: string | undefined, clientAuthorities: string, now: Date): VerifiedLists | undefined {
  try {
    return before === undefined ? undefined : verifyRevocationLists(before, { clientAuthorities, now });
  } catch (error) {
    if (error instanceof UnusableListsError) return undefined;
    throw error;
  }
}
