import { AwsError } from '../../../endpoint/api';

/** All of the function's reserved concurrency is in use. */
export class ConcurrencyExceeded extends AwsError {
  constructor(readonly reserved: number) {
    super('TooManyRequestsException', 'Rate Exceeded.', 429);
  }
}
