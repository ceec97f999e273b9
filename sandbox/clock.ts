/** The one source of time in a sandbox. */
export class Clock {
  now(): Date {
    return new Date();
  }
}
