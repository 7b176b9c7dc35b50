/** The clocks of one chain, as its operators see them: they move between calls, never during one. */
import { type MonotonicMs, type OperatorTime, TIME_UNSET, type TimestampMs } from '../model/index.ts';

/** Shared by all operators of a chain. */
export class ChainClock {
  /** Wall clock. */
  now: TimestampMs = 0;
  /** What the chain works for was due at. */
  ingestTime: MonotonicMs = 0;
}

/** That of one operator: watermarks travel along the chain. */
export class LinkTime implements OperatorTime {
  /** In force. */
  time: TimestampMs = TIME_UNSET;
  readonly #clock: ChainClock;

  constructor(clock: ChainClock) {
    this.#clock = clock;
  }

  watermark(): TimestampMs {
    return this.time;
  }

  now(): TimestampMs {
    return this.#clock.now;
  }

  ingestTime(): MonotonicMs {
    return this.#clock.ingestTime;
  }
}
