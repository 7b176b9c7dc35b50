/** One split of a paced source: a reader of the source inside for this split alone, asked for no more than is due. */
import {
  assert,
  type MonotonicMs,
  type Offset,
  type PollResult,
  type SourceConnector,
  type SourceEmitter,
  type SourceReader,
  type SourceReaderContext,
  type SplitId,
  StreamRecord,
  type SurveyHint,
} from '../model/index.ts';
import {
  innerOffsets,
  type PacedOffset,
  type PacedSplitName,
  pacedOffset,
  parsePacedOffset,
  parsePacedSplit,
} from './paced-offset.ts';
import type { PacedSchedule } from './paced-schedule.ts';
import type { PacedSettings } from './paced-source.ts';
import type { SplitAnnouncer } from './split-announcer.ts';

export class PacedSplit<T> implements SourceEmitter<T> {
  readonly split: SplitId;
  readonly name: PacedSplitName;
  readonly #reader: SourceReader<T>;
  readonly #isPaced: boolean;
  readonly #recordsMax: number;
  readonly #announcer: SplitAnnouncer;
  #records: number;
  #hasEnded = false;
  /** The reader had nothing when it was asked last: it knows when it wants to be asked again. */
  #isDry = false;
  /** Of the poll under way. */
  #out: SourceEmitter<T> | undefined;
  #now: MonotonicMs = 0;
  #schedule: PacedSchedule | undefined;

  constructor(
    split: SplitId,
    context: SourceReaderContext,
    inner: SourceConnector<T>,
    settings: PacedSettings,
    hint: SurveyHint | undefined,
    announcer: SplitAnnouncer,
  ) {
    const offset = parsePacedOffset(split, context.offsets[split]);
    this.split = split;
    this.name = parsePacedSplit(split);
    this.#isPaced = settings.periodMs > 0;
    this.#recordsMax = recordsOfSplit(this.name, settings.records);
    this.#records = offset.records;
    this.#announcer = announcer;
    const offsets = innerOffsets(this.name, offset);
    this.#reader = inner.createReader({ ...context, splits: [this.name.inner], offsets, hint });
  }

  /** Records read, those before the run included. */
  get records(): number {
    return this.#records;
  }

  /** Nothing will ever come of it again. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  offset(): Offset {
    return pacedOffset({ records: this.#records, inner: this.#reader.offsets()[this.name.inner] });
  }

  /** `bound`: of a range, which is read whether it is due or not. */
  poll(
    out: SourceEmitter<T>,
    limit: number,
    bound: PacedOffset | undefined,
    schedule: PacedSchedule,
    now: MonotonicMs,
  ): PollResult {
    this.#hasEnded ||= this.#records >= this.#recordsMax;
    if (this.#hasEnded) return 'ended';
    const admitted = bound === undefined ? schedule.recordsDue(this.name, now) : bound.records;
    const want = Math.min(limit, admitted - this.#records, this.#recordsMax - this.#records);
    if (want <= 0) return 'idle';
    this.#out = out;
    this.#now = now;
    this.#schedule = schedule;
    const until = bound?.inner === undefined ? undefined : innerOffsets(this.name, bound);
    const result = this.#reader.poll(this, want, until);
    this.#hasEnded ||= result === 'ended' || this.#records >= this.#recordsMax;
    this.#isDry = result === 'idle';
    return result;
  }

  emit(record: StreamRecord<T>): void {
    this.#announcer.enter(this.split);
    const { value, key, timestamp } = record;
    const dueAt = this.#isPaced ? this.#schedule!.dueAt(this.name, this.#records) : this.#now;
    this.#records++;
    this.#out!.emit(new StreamRecord(value, key, timestamp, Math.min(dueAt, this.#now)));
  }

  emitTo(): void {
    assert(false, 'a source has one output');
  }

  /** The reader has one split, and the reader around this one names it by the name it has there. */
  enterSplit(): void {}

  caughtUpSplit(): void {}

  endSplit(): void {
    this.#hasEnded = true;
  }

  wakeAt(schedule: PacedSchedule): MonotonicMs {
    if (this.#hasEnded) return Number.POSITIVE_INFINITY;
    const dueAt = schedule.dueAt(this.name, this.#records);
    return this.#isDry ? Math.max(dueAt, this.#reader.wakeAt()) : dueAt;
  }

  acknowledge(upTo: Offset): void {
    this.#reader.acknowledge(innerOffsets(this.name, parsePacedOffset(this.split, upTo)));
  }

  close(): void {
    this.#reader.close();
  }
}

/** How many of the first `records` records of the source are in this split. */
export function recordsOfSplit({ index, splits }: PacedSplitName, records: number): number {
  return Math.max(0, Math.ceil((records - index) / splits));
}
