/** Reads the splits of one subtask of a paced source in turn. */
import type {
  MonotonicMs,
  PollResult,
  SourceConnector,
  SourceEmitter,
  SourceReader,
  SourceReaderContext,
  SplitOffsets,
} from '../model/index.ts';
import { innerHint } from './paced-hint.ts';
import { parsePacedOffset } from './paced-offset.ts';
import { PacedSchedule } from './paced-schedule.ts';
import type { PacedSettings } from './paced-source.ts';
import { PacedSplit } from './paced-split.ts';
import { SplitAnnouncer } from './split-announcer.ts';

export class PacedReader<T> implements SourceReader<T> {
  readonly #context: SourceReaderContext;
  readonly #settings: PacedSettings;
  readonly #splits: readonly PacedSplit<T>[];
  readonly #announcer: SplitAnnouncer = new SplitAnnouncer();
  /** Begins with the first poll, where no surveyor has begun it. */
  #schedule: PacedSchedule | undefined;
  /** Which split comes first in the next poll: none starves behind a busy one. */
  #first = 0;

  constructor(context: SourceReaderContext, inner: SourceConnector<T>, settings: PacedSettings) {
    this.#context = context;
    this.#settings = settings;
    const hint = innerHint(context.hint);
    this.#splits = context.splits.map(
      (split) => new PacedSplit(split, context, inner, settings, hint, this.#announcer),
    );
    this.#schedule = PacedSchedule.fromHint(context.hint, settings.periodMs);
  }

  offsets(): SplitOffsets {
    return Object.fromEntries(this.#splits.map((split) => [split.split, split.offset()]));
  }

  poll(out: SourceEmitter<T>, limit: number, until?: SplitOffsets): PollResult {
    this.#announcer.begin(out);
    const now = this.#context.clock.monotonic();
    this.#schedule ??= this.#begin(now);
    const schedule = this.#schedule;
    const splits = this.#splits;
    let left = limit;
    let hasProgress = false;
    let hasEnded = true;
    for (let turn = 0; turn < splits.length && left > 0; turn++) {
      const split = splits[(this.#first + turn) % splits.length]!;
      const bound = until?.[split.split];
      const before = split.records;
      const result = split.poll(
        out,
        left,
        bound === undefined ? undefined : parsePacedOffset(split.split, bound),
        schedule,
        now,
      );
      left -= split.records - before;
      if (split.hasEnded) this.#announcer.end(split.split);
      else if (result === 'idle') this.#announcer.caughtUp(split.split);
      if (result === 'progress') hasProgress = true;
      if (result !== 'ended') hasEnded = false;
    }
    if (splits.length > 0) this.#first = (this.#first + 1) % splits.length;
    if (hasProgress) return 'progress';
    return hasEnded ? 'ended' : 'idle';
  }

  wakeAt(): MonotonicMs {
    const schedule = this.#schedule;
    if (schedule === undefined) return this.#context.clock.monotonic();
    return this.#splits.reduce(
      (earliest, split) => Math.min(earliest, split.wakeAt(schedule)),
      Number.POSITIVE_INFINITY,
    );
  }

  acknowledge(upTo: SplitOffsets): void {
    for (const split of this.#splits) {
      const offset = upTo[split.split];
      if (offset !== undefined) split.acknowledge(offset);
    }
  }

  close(): void {
    for (const split of this.#splits) split.close();
  }

  #begin(now: MonotonicMs): PacedSchedule {
    const firsts: number[] = [];
    for (const { name, records } of this.#splits) firsts[name.index] = records;
    return new PacedSchedule(now, firsts, this.#settings.periodMs);
  }
}
