/** Why a caller is refused, and what is known of its certificate. */
export class DeniedError extends Error {
  override readonly name = 'DeniedError';

  constructor(
    reason: string,
    readonly subject?: string,
    readonly serialNumber?: string,
  ) {
    super(reason);
  }
}
