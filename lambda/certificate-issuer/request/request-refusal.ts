/** A request that is not granted. The message is for the caller; what else is to be known stands in the cause, for the log. */
export class RequestRefusal extends Error {
  override readonly name = 'RequestRefusal';

  constructor(
    /** Of HTTP. */
    readonly status: 400 | 403 | 405 | 413,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
