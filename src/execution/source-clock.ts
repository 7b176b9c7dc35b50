/**
 * Event time of what one live source subtask reads, split by split: the greatest time seen in each, which of them are silent, and the
 * watermark that follows. Times of splits survive a restart (they are sealed with the offsets); silence begins anew.
 *
 * Silent is a split that was looked at in vain, not one that waits for its turn behind others, nor one that nobody could read because of
 * back-pressure: taken for idle, all that it holds would be late.
 */
import {
  assert,
  type DurationMs,
  END_OF_TIME,
  type InputTime,
  type MonotonicMs,
  OperatorError,
  type SplitId,
  StreamRecord,
  TIME_UNSET,
  type TimestampMs,
} from '../model/index.ts';
import type { EventTime } from '../plan/logical-plan.ts';
import { mergeTimes } from './merge-times.ts';

interface SplitClock {
  readonly split: SplitId;
  /** Greatest event time. */
  seen: TimestampMs;
  /** Records without an event time since they were last taken. */
  untimed: number;
  isEnded: boolean;
  /** When it last had a record; at first, when the clock began. */
  spokeAt: MonotonicMs;
  /** Since when it has been looked at in vain. Absent: there may be something whose turn has not come. */
  silentSince: MonotonicMs | undefined;
}

export interface SourceClockStart {
  readonly splits: readonly SplitId[];
  /** Of the checkpoint, by split. */
  readonly seen: Readonly<Record<SplitId, TimestampMs>>;
  readonly isBounded: boolean;
  readonly now: MonotonicMs;
}

export class SourceClock {
  readonly #eventTime: EventTime | undefined;
  readonly #splits = new Map<SplitId, SplitClock>();
  readonly #isBounded: boolean;
  #current: SplitClock | undefined;

  constructor(eventTime: EventTime | undefined, { splits, seen, isBounded, now }: SourceClockStart) {
    this.#eventTime = eventTime;
    this.#isBounded = isBounded;
    for (const split of splits) {
      const known = Object.hasOwn(seen, split) ? seen[split]! : TIME_UNSET;
      this.#splits.set(split, startOf(split, known, now));
    }
    // A connector that has one split need not name it.
    if (splits.length === 1) this.#current = this.#splits.get(splits[0]!);
  }

  /** Goes on with a split that stood at `seen`: in batches a split may have been read elsewhere since. */
  begin(split: SplitId, seen: TimestampMs): void {
    this.#splits.set(split, startOf(split, seen, 0));
    this.#current = this.#splits.get(split);
  }

  /** Nothing will come of any split again. */
  end(): void {
    for (const split of this.#splits.values()) split.isEnded = true;
  }

  enterSplit(split: SplitId): void {
    this.#current = this.#splits.get(split);
    assert(this.#current !== undefined, `the source entered split '${split}', which is not one of its own`);
  }

  endSplit(split: SplitId): void {
    const clock = this.#splits.get(split);
    assert(clock !== undefined, `the source ended split '${split}', which is not one of its own`);
    clock.isEnded = true;
  }

  /** Nothing of that split is there now. */
  caughtUpSplit(split: SplitId, now: MonotonicMs): void {
    const clock = this.#splits.get(split);
    if (clock !== undefined) clock.silentSince ??= now;
  }

  /** Nothing of any split is there now. */
  caughtUp(now: MonotonicMs): void {
    for (const split of this.#splits.values()) split.silentSince ??= now;
  }

  /** For so long, up to now, nothing could be read: that is no silence. */
  excuse(pauseMs: DurationMs): void {
    for (const split of this.#splits.values()) if (split.silentSince !== undefined) split.silentSince += pauseMs;
  }

  /** The record with its event time. Without a finite one it is counted and passes as it is: what needs a time takes it for late. */
  stamp(record: StreamRecord, now: MonotonicMs): StreamRecord {
    const eventTime = this.#eventTime;
    const split = this.#current;
    if (eventTime === undefined || split === undefined) return record;
    split.spokeAt = now;
    split.silentSince = undefined;
    const timestamp = eventTime.timestampOf(record.value);
    if (typeof timestamp !== 'number') {
      if (timestamp !== null && timestamp !== undefined) throw noTime(timestamp);
      split.untimed++;
      return record;
    }
    if (!Number.isFinite(timestamp)) {
      split.untimed++;
      return record;
    }
    if (timestamp > split.seen) split.seen = timestamp;
    return new StreamRecord(record.value, record.key, timestamp, record.ingestTime);
  }

  /** Where all its splits together stand. A source without event time is idle until it ends: it never holds others back. */
  time(now: MonotonicMs): InputTime {
    const splits = [...this.#splits.values()];
    if (splits.length === 0) return { time: TIME_UNSET, isIdle: !this.#isBounded, isEnded: this.#isBounded };
    if (this.#eventTime === undefined) {
      const isEnded = splits.every((split) => split.isEnded);
      return { time: TIME_UNSET, isIdle: !isEnded, isEnded };
    }
    const { outOfOrderMs } = this.#eventTime;
    return mergeTimes(
      splits.map((split) => ({
        time: split.seen - outOfOrderMs,
        isIdle: this.#isSilent(split, now),
        isEnded: split.isEnded,
      })),
      'min',
    );
  }

  /** When the next split will have been silent for long enough, if nothing comes; +Infinity: none. */
  idleAt(now: MonotonicMs): MonotonicMs {
    let at = Number.POSITIVE_INFINITY;
    const timeoutMs = this.#eventTime?.idleTimeoutMs ?? Number.POSITIVE_INFINITY;
    for (const split of this.#splits.values()) {
      if (split.isEnded || split.silentSince === undefined || this.#isSilent(split, now)) continue;
      at = Math.min(at, split.silentSince + timeoutMs);
    }
    return at;
  }

  /** For the checkpoint: greatest event time by split, END_OF_TIME where it has ended. */
  seen(): Readonly<Record<SplitId, TimestampMs>> {
    return Object.fromEntries(
      [...this.#splits.values()].map(({ split, seen, isEnded }) => [split, isEnded ? END_OF_TIME : seen]),
    );
  }

  /** For the checkpoint: records without an event time since the last call, by split; `undefined`: all had one. */
  takeUntimed(): Readonly<Record<SplitId, number>> | undefined {
    const counts: [SplitId, number][] = [];
    for (const split of this.#splits.values()) {
      if (split.untimed === 0) continue;
      counts.push([split.split, split.untimed]);
      split.untimed = 0;
    }
    return counts.length === 0 ? undefined : Object.fromEntries(counts);
  }

  /** For the status: which splits hold the watermark back. */
  splits(now: MonotonicMs): readonly SplitStatus[] {
    if (this.#eventTime === undefined) return [];
    const { outOfOrderMs } = this.#eventTime;
    return [...this.#splits.values()].map((split) => ({
      split: split.split,
      watermark: split.isEnded ? END_OF_TIME : split.seen - outOfOrderMs,
      isIdle: this.#isSilent(split, now),
      silentMs: now - split.spokeAt,
    }));
  }

  #isSilent({ isEnded, silentSince }: SplitClock, now: MonotonicMs): boolean {
    if (isEnded || silentSince === undefined || this.#eventTime === undefined) return false;
    return now - silentSince >= this.#eventTime.idleTimeoutMs;
  }
}

/** How far one split has come, for people. */
export interface SplitStatus {
  readonly split: SplitId;
  readonly watermark: TimestampMs;
  readonly isIdle: boolean;
  /** Since its last record. */
  readonly silentMs: number;
}

/** Whether a split has ended its reader says again. */
function startOf(split: SplitId, seen: TimestampMs, spokeAt: MonotonicMs): SplitClock {
  const from = seen === END_OF_TIME ? TIME_UNSET : seen;
  return { split, seen: from, untimed: 0, isEnded: false, spokeAt, silentSince: undefined };
}

/** Only plain JavaScript gets here. */
function noTime(returned: unknown): OperatorError {
  const what = returned instanceof Date ? 'a Date' : `a ${typeof returned}`;
  return new OperatorError(
    `withEventTime returned ${what}; it must return milliseconds since the Unix epoch (of a Date its getTime(), of a text Date.parse(text)), or nothing`,
  );
}
