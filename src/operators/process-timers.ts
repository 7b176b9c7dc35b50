/**
 * The timers of a `process` by name, in one domain. Timers of the engine are (time, tag) pairs; which time a name has now is remembered in a
 * map state of its own, so that a timer can be replaced and deleted.
 */
import {
  type MapState,
  OperatorError,
  TIME_UNSET,
  type TimeDomain,
  type TimerQueue,
  type TimestampMs,
} from '../model/index.ts';
import type { NamedTimers } from './process-definition.ts';

/** Name of the state that remembers the times, those of both domains. */
export const TIMER_TIMES_STATE = 'timers:names';

/** Names that states of users may not begin with. */
export const TIMER_STATE_PREFIX = 'timers:';

export interface ProcessTimersParts {
  readonly domain: TimeDomain;
  readonly queue: TimerQueue;
  /** Of both domains. */
  readonly times: MapState<TimestampMs>;
}

export class ProcessTimers implements NamedTimers {
  readonly #parts: ProcessTimersParts;

  constructor(parts: ProcessTimersParts) {
    this.#parts = parts;
  }

  set(name: string, at: TimestampMs): void {
    const { queue, times } = this.#parts;
    this.#check(name, at);
    const entry = this.#entryOf(name);
    const before = times.get(entry);
    if (before === at) return;
    if (before !== undefined) queue.remove(before, name);
    queue.add(at, name);
    times.set(entry, at);
  }

  get(name: string): TimestampMs | undefined {
    return this.#parts.times.get(this.#entryOf(name));
  }

  delete(name: string): void {
    const { queue, times } = this.#parts;
    const entry = this.#entryOf(name);
    const at = times.get(entry);
    if (at === undefined) return;
    queue.remove(at, name);
    times.delete(entry);
  }

  /** The queue has taken out the timer of that name. */
  forget(name: string): void {
    this.#parts.times.delete(this.#entryOf(name));
  }

  #entryOf(name: string): string {
    return `${this.#parts.domain}:${name}`;
  }

  #check(name: string, at: TimestampMs): void {
    if (typeof name !== 'string') throw new OperatorError(`a timer is set by a name, not by a ${typeof name}`);
    if (typeof at === 'number' && at > TIME_UNSET) return;
    throw new OperatorError(
      `the timer '${name}' was set to ${String(at)}; a timer needs a time in milliseconds (a record without event time has none: add withEventTime to the source, or use processingTimers)`,
    );
  }
}

/** In place of timers where a definition has no `onTimer` to call. */
export const NO_TIMERS: NamedTimers = { set: refuse, get: refuse, delete: refuse };

function refuse(name: string): never {
  throw new OperatorError(`the timer '${name}' has nobody to fire for: give the definition an onTimer`);
}
