/**
 * In place of a source's own connector while a test drives the job: what the test adds is what there is to read. Everything that was ever
 * added stays, so a job that goes back to its last epoch reads it again.
 *
 * Its values are {@link DrivenInput}s, unwrapped behind the point where event times are read (`driven-plan.ts`).
 */
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import type {
  Clock,
  ConnectorDescription,
  MonotonicMs,
  PollResult,
  SourceConnector,
  SourceEmitter,
  SourceReader,
  SourceReaderContext,
  SourceSurveyor,
  SplitExtent,
  SplitId,
  SplitOffsets,
  SurveyContext,
  TimestampMs,
} from '../model/index.ts';
import { StreamRecord } from '../model/index.ts';
import { HarnessError } from './harness-error.ts';

/** A record that a test added, or its word on how far event time has come. */
export interface DrivenInput {
  readonly value: unknown;
  /** Event time; `undefined`: what the job reads from the value. */
  readonly at: TimestampMs | undefined;
  /** No record: the watermark of its split is at least this. */
  readonly watermark: TimestampMs | undefined;
}

interface DrivenSplit {
  readonly split: SplitId;
  readonly inputs: DrivenInput[];
}

export class DrivenSource implements SourceConnector<DrivenInput> {
  readonly isBounded: boolean;
  readonly #name: string;
  readonly #splits: readonly DrivenSplit[];
  #hasEnded = false;

  /** `of`: the connector it stands for. */
  constructor(name: string, of: SourceConnector, splits: number) {
    this.#name = name;
    this.isBounded = of.isBounded;
    this.#splits = Array.from({ length: splits }, (_, index) => ({ split: String(index), inputs: [] }));
  }

  get splits(): readonly SplitId[] {
    return this.#splits.map(({ split }) => split);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  add(split: number, input: DrivenInput): void {
    const at = this.#splits[split];
    if (at === undefined) {
      throw new HarnessError(`the source '${this.#name}' has no split ${split}; it has ${this.#splits.length}`);
    }
    if (this.#hasEnded) throw new HarnessError(`the source '${this.#name}' has ended; nothing can be added to it`);
    at.inputs.push({ ...input, value: decodeValue(encodeValue(input.value)) });
  }

  end(): void {
    this.#hasEnded = true;
  }

  describe(): ConnectorDescription {
    return { type: 'driven', label: 'a test', identity: {} };
  }

  async listSplits(): Promise<readonly SplitId[]> {
    return this.splits;
  }

  createReader(context: SourceReaderContext): SourceReader<DrivenInput> {
    const cursors = this.#splits
      .filter(({ split }) => context.splits.includes(split))
      .map(({ split, inputs }) => ({ split, inputs, next: Number(context.offsets[split] ?? 0), isEndTold: false }));
    return new DrivenReader(cursors, context.clock, () => this.#hasEnded);
  }

  createSurveyor({ splits }: SurveyContext): SourceSurveyor {
    return {
      survey: async (from) => this.survey(splits, from),
      wakeAt: () => Number.POSITIVE_INFINITY,
      close: () => {},
    };
  }

  survey(splits: readonly SplitId[], from: SplitOffsets): Readonly<Record<SplitId, SplitExtent>> {
    const mine = this.#splits.filter(({ split }) => splits.includes(split));
    return Object.fromEntries(
      mine.map(({ split, inputs }) => {
        const records = inputs.length - Number(from[split] ?? 0);
        return [split, { until: inputs.length, records, isEmpty: records === 0, isEnd: this.#hasEnded }];
      }),
    );
  }
}

interface DrivenCursor extends DrivenSplit {
  next: number;
  isEndTold: boolean;
}

class DrivenReader implements SourceReader<DrivenInput> {
  readonly #cursors: readonly DrivenCursor[];
  readonly #clock: Clock;
  readonly #hasEnded: () => boolean;

  constructor(cursors: readonly DrivenCursor[], clock: Clock, hasEnded: () => boolean) {
    this.#cursors = cursors;
    this.#clock = clock;
    this.#hasEnded = hasEnded;
  }

  offsets(): SplitOffsets {
    return Object.fromEntries(this.#cursors.map(({ split, next }) => [split, next]));
  }

  poll(out: SourceEmitter<DrivenInput>, limit: number, until?: SplitOffsets): PollResult {
    const ingestTime = this.#clock.monotonic();
    let left = limit;
    for (const cursor of this.#cursors) {
      const stop = Math.min(Number(until?.[cursor.split] ?? Number.POSITIVE_INFINITY), cursor.inputs.length);
      if (left > 0 && cursor.next < stop) out.enterSplit(cursor.split);
      for (; left > 0 && cursor.next < stop; left--) {
        const input = cursor.inputs[cursor.next++]!;
        out.emit(new StreamRecord(input, undefined, Number.NaN, ingestTime));
      }
      if (cursor.isEndTold || !this.#hasEnded() || cursor.next < cursor.inputs.length) continue;
      cursor.isEndTold = true;
      out.endSplit(cursor.split);
    }
    if (left < limit) return 'progress';
    return this.#cursors.every(({ isEndTold }) => isEndTold) && this.#hasEnded() ? 'ended' : 'idle';
  }

  /** Whoever drives asks when it has added something. */
  wakeAt(): MonotonicMs {
    return Number.POSITIVE_INFINITY;
  }

  acknowledge(): void {}

  close(): void {}
}
