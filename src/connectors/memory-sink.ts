/**
 * Collects records in an array, for tests of jobs that run in one thread.
 *
 * Not for jobs on several workers: each thread loads the job module anew and would fill an array of its own. Not durable:
 * after a restart of the process the records of earlier epochs are gone.
 *
 * I3: with delivery `committed`, `records` grows only in `commit`. I4: a commit repeated changes nothing.
 */
import {
  assert,
  type CommitToken,
  type ConnectorDescription,
  type Delivery,
  type Epoch,
  type Generation,
  type PreparedOutput,
  type RecordStamp,
  type SinkCommitter,
  type SinkConnector,
  type SinkWriter,
  type SinkWriterContext,
  type StreamRecord,
  type SubtaskIndex,
} from '../model/index.ts';
import type { ImmediateStamp } from './immediate-stamp.ts';
import { OptionCheck } from './option-check.ts';

export interface MemorySinkOptions {
  /** `committed` (default): `records` holds what committed epochs wrote, once. `immediate`: whatever was written. */
  readonly delivery?: Delivery;
}

/** A record as a memory sink got it. */
export interface StampedRecord<T> extends ImmediateStamp {
  readonly record: StreamRecord<T>;
}

interface PreparedPart<T> {
  readonly subtask: SubtaskIndex;
  readonly attempt: number;
  readonly generation: Generation;
  readonly epoch: Epoch;
  readonly records: readonly StampedRecord<T>[];
}

export class MemorySink<T = unknown> implements SinkConnector<T> {
  readonly delivery: Delivery;
  /** Absent for `immediate`: nothing to commit. */
  readonly createCommitter?: () => SinkCommitter;
  readonly #stamped: StampedRecord<T>[] = [];
  #prepared: PreparedPart<T>[] = [];
  #committedEpoch: Epoch = 0;

  constructor(delivery: Delivery) {
    this.delivery = delivery;
    if (delivery === 'immediate') return;
    this.createCommitter = () => ({
      restore: async (token) => this.#restore(token),
      seal: async (epoch, tokens) => this.#seal(epoch, tokens),
      commit: async (token) => this.#commit(token),
      close: async () => {},
    });
  }

  /** The values by epoch, then by subtask, then as written; for an `immediate` sink as written. */
  get records(): readonly T[] {
    return this.#stamped.map(({ record }) => record.value);
  }

  /** The same with keys, times and stamps. */
  get stamped(): readonly StampedRecord<T>[] {
    return this.#stamped;
  }

  describe(): ConnectorDescription {
    return { type: 'memory', label: 'memory', identity: { delivery: this.delivery } };
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    const { attempt, generation, subtask } = context;
    if (this.delivery === 'immediate') return new MemorySinkWriter(context, this.#stamped, () => ({}));
    const written: StampedRecord<T>[] = [];
    // Of an attempt that is never asked to prepare nothing is left but this array.
    return new MemorySinkWriter(context, written, (epoch) => {
      this.#prepared.push({ subtask, attempt, generation, epoch, records: written.splice(0) });
      return { token: { subtask, attempt } };
    });
  }

  #restore(token: CommitToken | undefined): void {
    // Without a token nothing of this job was ever committed: what is here belongs to another run.
    if (token === undefined) {
      this.#stamped.length = 0;
      this.#committedEpoch = 0;
    } else {
      this.#commit(token);
    }
    this.#prepared = [];
  }

  /** An attempt whose thread died when it had prepared was made again: what no token names does not count. */
  #seal(epoch: Epoch, tokens: readonly CommitToken[]): CommitToken {
    const isNamed = (part: PreparedPart<T>): boolean =>
      tokens.some(({ subtask, attempt }) => subtask === part.subtask && attempt === part.attempt);
    this.#prepared = this.#prepared.filter((part) => part.epoch !== epoch || isNamed(part));
    return { epoch };
  }

  #commit(token: CommitToken): void {
    const epoch = Number(token['epoch']);
    assert(Number.isInteger(epoch), 'the token of a memory sink names its epoch');
    if (epoch <= this.#committedEpoch) return;
    // Of a restarted generation only what was prepared last can have been sealed (I10).
    const ofEpoch = this.#prepared.filter((part) => part.epoch === epoch).sort((a, b) => a.subtask - b.subtask);
    const generation = Math.max(0, ...ofEpoch.map((part) => part.generation));
    for (const part of ofEpoch) if (part.generation === generation) this.#stamped.push(...part.records);
    this.#prepared = this.#prepared.filter((part) => part.epoch > epoch);
    this.#committedEpoch = epoch;
  }
}

class MemorySinkWriter<T> implements SinkWriter<T> {
  readonly #context: SinkWriterContext;
  readonly #written: StampedRecord<T>[];
  readonly #onPrepare: (epoch: Epoch) => PreparedOutput;

  constructor(context: SinkWriterContext, written: StampedRecord<T>[], onPrepare: (epoch: Epoch) => PreparedOutput) {
    this.#context = context;
    this.#written = written;
    this.#onPrepare = onPrepare;
  }

  write(record: StreamRecord<T>, { epoch, sequence }: RecordStamp): void {
    const { generation, firstEpoch, subtask } = this.#context;
    this.#written.push({ record, generation, firstEpoch, epoch, sequence, subtask });
  }

  prepare(epoch: Epoch): PreparedOutput {
    return this.#onPrepare(epoch);
  }

  close(): void {}
}

/**
 * @example
 * const sink = sinks.memory<number>();
 * // ... run the job in this thread ...
 * sink.records; // what its committed epochs wrote
 */
export function memorySink<T = unknown>(options: MemorySinkOptions = {}): MemorySink<T> {
  const check = new OptionCheck('sinks.memory');
  check.keys(options, ['delivery']);
  const delivery = check.oneOf(options.delivery, 'committed', 'delivery', ['committed', 'immediate']);
  check.finish();
  return new MemorySink(delivery);
}
