/**
 * Says how much of a paced source can be read now: what the source inside has, and of that what is due.
 *
 * `records` and `bytes` of an extent are upper bounds where the source inside does not know how many records it has left.
 */
import {
  assert,
  type MonotonicMs,
  type Offset,
  type SourceConnector,
  type SourceSurveyor,
  type SplitExtent,
  type SplitId,
  type SplitOffsets,
  type SurveyContext,
  type SurveyHint,
} from '../model/index.ts';
import { pacedHint } from './paced-hint.ts';
import { type PacedSplitName, pacedOffset, parsePacedOffset, parsePacedSplit } from './paced-offset.ts';
import { PacedSchedule } from './paced-schedule.ts';
import type { PacedSettings } from './paced-source.ts';
import { recordsOfSplit } from './paced-split.ts';

/** What is left to be read of a split when its last survey is read. */
interface Waiting {
  readonly dueAt: MonotonicMs;
  /** The source inside has nothing for it either. */
  readonly isDry: boolean;
}

export class PacedSurveyor implements SourceSurveyor {
  /** There where the source inside has it. */
  readonly cut?: (split: SplitId, from: Offset | undefined, bytes: number) => Offset;
  readonly #context: SurveyContext;
  readonly #settings: PacedSettings;
  readonly #inner: SourceSurveyor;
  readonly #names: ReadonlyMap<SplitId, PacedSplitName>;
  /** Begins with the first survey, or when the first reader is told of it. */
  #schedule: PacedSchedule | undefined;
  /** Records that may have been read at the end of the extents of the last survey. */
  #bounds: ReadonlyMap<SplitId, number> = new Map();
  #waiting: readonly Waiting[] = [];

  constructor(context: SurveyContext, inner: SourceConnector, settings: PacedSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#names = new Map(context.splits.map((split) => [split, parsePacedSplit(split)]));
    const splits = [...this.#names.values()].map((name) => name.inner);
    this.#inner = inner.createSurveyor({ ...context, splits, offsets: this.#innerOffsets(context.offsets) });
    const cutInner = this.#inner.cut?.bind(this.#inner);
    if (cutInner !== undefined) {
      this.cut = (split, from, bytes) => {
        const cut = cutInner(this.#nameOf(split).inner, parsePacedOffset(split, from).inner, bytes);
        return pacedOffset({ records: this.#bounds.get(split) ?? Number.MAX_SAFE_INTEGER, inner: cut });
      };
    }
  }

  get hint(): SurveyHint {
    return pacedHint(this.#begun().toHint(), this.#inner.hint);
  }

  async survey(from: SplitOffsets, end: SplitOffsets = {}): Promise<Readonly<Record<SplitId, SplitExtent>>> {
    const surveys = await this.#inner.survey(this.#innerOffsets(from), this.#innerOffsets(end));
    const extents = new Map(Object.entries(surveys));
    const schedule = this.#begun();
    const now = this.#context.clock.monotonic();
    const bounds = new Map<SplitId, number>();
    const waiting: Waiting[] = [];
    const surveyed = [...this.#names].map(([split, name]): [SplitId, SplitExtent] => {
      const inner = extents.get(name.inner);
      assert(inner !== undefined, `a survey of ${name.inner} leaves it out`);
      const { records } = parsePacedOffset(split, from[split]);
      const recordsMax = recordsOfSplit(name, this.#settings.records);
      const last = end[split] === undefined ? Number.POSITIVE_INFINITY : parsePacedOffset(split, end[split]).records;
      const bound = Math.min(schedule.recordsDue(name, now), recordsMax, last);
      const extent = limited(inner, records, bound, recordsMax);
      bounds.set(split, Math.min(bound, Number.MAX_SAFE_INTEGER));
      if (!extent.isEnd) waiting.push({ dueAt: schedule.dueAt(name, records), isDry: inner.isEmpty });
      return [split, extent];
    });
    this.#bounds = bounds;
    this.#waiting = waiting;
    return Object.fromEntries(surveyed);
  }

  wakeAt(): MonotonicMs {
    const innerWakeAt = this.#inner.wakeAt();
    const times = this.#waiting.map(({ dueAt, isDry }) => (isDry ? Math.max(dueAt, innerWakeAt) : dueAt));
    return Math.min(Number.POSITIVE_INFINITY, ...times);
  }

  close(): void {
    this.#inner.close();
  }

  #begun(): PacedSchedule {
    if (this.#schedule !== undefined) return this.#schedule;
    const { clock, offsets } = this.#context;
    const firsts = [...this.#names.keys()].map((split) => parsePacedOffset(split, offsets[split]).records);
    this.#schedule = new PacedSchedule(clock.monotonic(), firsts, this.#settings.periodMs);
    return this.#schedule;
  }

  #nameOf(split: SplitId): PacedSplitName {
    const name = this.#names.get(split);
    assert(name !== undefined, `${split} is no split of source '${this.#context.node}'`);
    return name;
  }

  #innerOffsets(offsets: SplitOffsets): SplitOffsets {
    const known = Object.entries(offsets).flatMap(([split, offset]) => {
      const { inner } = parsePacedOffset(split, offset);
      return inner === undefined ? [] : [[this.#nameOf(split).inner, inner] as const];
    });
    return Object.fromEntries(known);
  }
}

/** What of an extent is left when no more than `bound` records may have been read, `records` of which were before. Pure. */
function limited(inner: SplitExtent, records: number, bound: number, recordsMax: number): SplitExtent {
  // NaN, which is neither more nor less than any bound, where the source inside does not know.
  const there = records + (inner.isEmpty ? 0 : (inner.records ?? Number.NaN));
  const left = Math.max(0, (there < bound ? there : bound) - records);
  return {
    until: pacedOffset({ records: Math.min(bound, Number.MAX_SAFE_INTEGER), inner: inner.until }),
    ...(left === Number.POSITIVE_INFINITY ? {} : { records: left }),
    ...(inner.bytes === undefined ? {} : { bytes: inner.bytes }),
    isEmpty: left === 0,
    isEnd: hasEnd(inner, there, Math.max(records, bound), recordsMax),
  };
}

/** Whether nothing but an end bounds the extent: that of the source inside, or the number of records. */
function hasEnd(inner: SplitExtent, there: number, bound: number, recordsMax: number): boolean {
  if (inner.isEnd) return bound >= recordsMax || there <= bound;
  return bound >= recordsMax && there >= recordsMax;
}
