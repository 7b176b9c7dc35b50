/**
 * The readers of one source subtask: one per split, so that the range of a split is exact whatever the others hold. A reader is kept
 * from batch to batch as long as it stands where the next range begins.
 */
import { openReader, type SubtaskSite } from '../execution/host-subtask.ts';
import type { RefusedRecords } from '../execution/refused-records.ts';
import { placedInSource } from '../execution/source-failure.ts';
import type {
  Offset,
  SourceEmitter,
  SourceReader,
  SplitId,
  SplitOffsets,
  SubtaskIndex,
  SurveyHint,
} from '../model/index.ts';
import type { SourceNode } from '../plan/logical-plan.ts';
import type { Stage } from '../plan/physical-plan.ts';
import type { SplitInput } from './task.ts';

export interface SplitReadersOptions {
  readonly site: SubtaskSite;
  readonly stage: Stage;
  readonly subtask: SubtaskIndex;
  readonly node: SourceNode;
  readonly refused: RefusedRecords;
  readonly hint: SurveyHint | undefined;
}

/** Emits to the chain and counts. */
export interface CountingEmitter extends SourceEmitter {
  readonly count: number;
}

export class SplitReaders {
  readonly #options: SplitReadersOptions;
  readonly #readers = new Map<SplitId, SourceReader>();

  constructor(options: SplitReadersOptions) {
    this.#options = options;
  }

  /** Reads the range of one split, `limit` records at a time. Yields behind each poll, and whether there may be more. */
  *read(input: SplitInput, out: CountingEmitter, limit: number): Generator<boolean, void> {
    const { split, range } = input;
    const reader = this.#readerAt(split, input.from);
    const until = range.until === undefined ? undefined : Object.fromEntries([[split, range.until]]);
    const last = out.count + (range.recordsMax ?? Number.POSITIVE_INFINITY);
    while (out.count < last) {
      let result: ReturnType<SourceReader['poll']>;
      try {
        result = reader.poll(out, Math.min(limit, last - out.count), until);
      } catch (thrown) {
        throw placedInSource(thrown, this.#options.node.id, reader);
      }
      yield result === 'progress';
      if (result !== 'progress') return;
    }
  }

  /** Next offsets of the splits that were read. */
  offsets(): SplitOffsets {
    // Built from entries: split names are data, `__proto__` included.
    return Object.fromEntries([...this.#readers.values()].flatMap((reader) => Object.entries(reader.offsets())));
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close();
    this.#readers.clear();
  }

  /** What lies before `from` is committed: a range begins where the last epoch ended. */
  #readerAt(split: SplitId, from: Offset | undefined): SourceReader {
    const known = this.#readers.get(split);
    if (known !== undefined && from !== undefined && isSameOffset(offsetOf(known, split), from)) {
      known.acknowledge(Object.fromEntries([[split, from]]));
      return known;
    }
    known?.close();
    const { site, stage, subtask, node, refused, hint } = this.#options;
    const offsets = from === undefined ? {} : Object.fromEntries([[split, from]]);
    const reader = openReader(site, stage, subtask, node, { splits: [split], offsets, refused, hint });
    this.#readers.set(split, reader);
    return reader;
  }
}

function offsetOf(reader: SourceReader, split: SplitId): Offset | undefined {
  return new Map(Object.entries(reader.offsets())).get(split);
}

/** Offsets are plain JSON data that one connector makes in one way. */
function isSameOffset(a: Offset | undefined, b: Offset): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
