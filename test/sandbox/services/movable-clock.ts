import { Clock } from '../../../sandbox/clock';

/** Real time, shifted by what a test says. */
export class MovableClock extends Clock {
  #shift = 0;

  override now(): Date {
    return new Date(super.now().getTime() + this.#shift);
  }

  advance(milliseconds: number): void {
    this.#shift += milliseconds;
  }
}
