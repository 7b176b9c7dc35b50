/**
 * Finds the timer that keeps a job from ending: at the end of input every time has passed, so one that sets itself again whenever it fires
 * (a tick) would fire for ever.
 *
 * Watches one timer at a time, whatever the number of keys: one that stops makes room for the next, so an endless one has its turn. What it
 * remembers is no state: a restart begins to count anew.
 */
import { type DueTimer, END_OF_TIME, type Key, OperatorError, type TimeDomain } from '../model/index.ts';

/** Nearly 70 days of a tick every minute. */
export const FIRINGS_MAX = 100_000;

interface WatchedTimer {
  readonly key: Key;
  readonly name: string;
  readonly domain: TimeDomain;
  firings: number;
}

export class EndlessTimer {
  #watched: WatchedTimer | undefined;

  /** A timer has fired at the end of input; `next` is what its name is set to now. Throws when it will not end. */
  onFired({ key, tag: name, domain }: DueTimer, next: number | undefined): void {
    const watched = this.#watched;
    const isSetAgain = next !== undefined && next !== END_OF_TIME;
    if (watched === undefined) {
      if (isSetAgain) this.#watched = { key, name, domain, firings: 1 };
      return;
    }
    if (watched.name !== name || watched.domain !== domain || !Object.is(watched.key, key)) return;
    if (!isSetAgain) {
      this.#watched = undefined;
      return;
    }
    watched.firings++;
    if (watched.firings < FIRINGS_MAX) return;
    const timers = domain === 'event' ? 'timers' : 'processingTimers';
    throw new OperatorError(
      `the timer '${name}' has set itself again ${FIRINGS_MAX} times since the input ended: every time has passed then, so the job would never end; in onTimer, call ${timers}.set only while context.watermark is less than Infinity`,
    );
  }
}
