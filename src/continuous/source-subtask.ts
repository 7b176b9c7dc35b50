/**
 * A live subtask whose head is a source: polls the reader, and puts markers in when the coordinator says so.
 *
 * A source that has ended stays: it seals its last offsets with every epoch until the final one, so the set of subtasks that
 * take part in an epoch never changes during a generation.
 */
import type { SourceState } from '../execution/deployment.ts';
import type { RecordTarget } from '../execution/exchange-writer.ts';
import type { RefusedRecords } from '../execution/refused-records.ts';
import { placedInSource } from '../execution/source-failure.ts';
import type { SourcePart, SubtaskHost } from '../execution/subtask-host.ts';
import {
  assert,
  type Clock,
  type Emitter,
  type Epoch,
  type Marker,
  type MonotonicMs,
  type NodeId,
  type OutputIndex,
  type PollResult,
  type SourceReader,
  type SplitOffsets,
  type StepResult,
  type StreamRecord,
} from '../model/index.ts';
import { type LiveSubtask, type SubtaskCommand, SubtaskMailbox } from './subtask-command.ts';

export interface SourceSubtaskOptions {
  readonly host: SubtaskHost;
  readonly node: NodeId;
  readonly head: RecordTarget;
  readonly reader: SourceReader;
  readonly clock: Clock;
  /** Where the reader's context files what it refuses. */
  readonly refused: RefusedRecords;
  /** Records read by this subtask after which it asks for an epoch; 0 = never. */
  readonly epochRecords: number;
  requestEpoch(reason: string): void;
  /** Nothing will ever come again. */
  onEnded(): void;
}

export class SourceSubtask implements LiveSubtask, Emitter {
  readonly name: string;
  readonly #options: SourceSubtaskOptions;
  readonly #host: SubtaskHost;
  readonly #head: RecordTarget;
  readonly #reader: SourceReader;
  readonly #uncommitted: { readonly epoch: Epoch; readonly offsets: SplitOffsets }[] = [];
  readonly #mailbox: SubtaskMailbox;
  #state: SourceState = 'active';
  /** When it last had nothing left to read; at first, when it began. */
  #caughtUpAt: MonotonicMs;
  #isFinished = false;
  /** At the end of the last step. */
  #isBlocked = false;
  /** Since the last marker. */
  #read = 0;
  /** Before the last marker. */
  #readBefore = 0;
  #hasAskedForEpoch = false;

  constructor(options: SourceSubtaskOptions) {
    this.name = options.host.id;
    this.#options = options;
    this.#host = options.host;
    this.#head = options.head;
    this.#reader = options.reader;
    this.#caughtUpAt = options.clock.monotonic();
    this.#mailbox = new SubtaskMailbox(this.name, {
      beginEpoch: (marker) => this.#seal(marker),
      committed: (epoch, foldedThrough) => this.#onCommitted(epoch, foldedThrough),
    });
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Records read since the start of the generation. */
  recordsRead(): number {
    return this.#readBefore + this.#read;
  }

  /** For how long there has been something left to read, ms. */
  behindMs(): number {
    return this.#state === 'active' ? this.#options.clock.monotonic() - this.#caughtUpAt : 0;
  }

  tell(command: SubtaskCommand): void {
    this.#mailbox.post(command);
  }

  step(budget: number): StepResult {
    const host = this.#host;
    const { refused } = this.#options;
    host.stepBegins();
    this.#isBlocked = host.isBlocked();
    if (this.#isBlocked) return host.encodeSlice() ? 'progress' : 'blocked';
    let hasWorked = this.#mailbox.obeyAll();
    if (!this.#isFinished && this.#state !== 'ended' && !refused.isFull() && this.#poll(budget) === 'progress')
      hasWorked = true;
    if (host.handOver()) hasWorked = true;
    this.#isBlocked = host.isBlocked();
    if (host.encodeSlice()) hasWorked = true;
    return hasWorked ? 'progress' : 'idle';
  }

  emit(record: StreamRecord): void {
    this.#read++;
    this.#head.receive(record);
  }

  emitTo(output: OutputIndex): void {
    assert(false, `a source has one output; ${this.#options.node} emitted to number ${output}`);
  }

  hasInput(): boolean {
    if (!this.#mailbox.isEmpty || this.#host.isEncoding()) return true;
    return this.#isBlocked && !this.#host.isBlocked();
  }

  wakeAt(): MonotonicMs {
    return this.#isFinished || this.#state === 'ended' ? Number.POSITIVE_INFINITY : this.#reader.wakeAt();
  }

  close(): void {
    this.#mailbox.close();
    this.#reader.close();
    this.#host.close();
  }

  #poll(budget: number): PollResult {
    let result: PollResult;
    try {
      result = this.#reader.poll(this, budget);
    } catch (thrown) {
      throw placedInSource(thrown, this.#options.node, this.#reader);
    }
    const { epochRecords } = this.#options;
    if (epochRecords > 0 && this.#read >= epochRecords && !this.#hasAskedForEpoch) {
      this.#hasAskedForEpoch = true;
      this.#options.requestEpoch(`${this.name} has read ${this.#read} records`);
    }
    if (result === 'progress') {
      this.#state = 'active';
      return result;
    }
    this.#state = result;
    this.#caughtUpAt = this.#options.clock.monotonic();
    if (result === 'ended') this.#options.onEnded();
    return result;
  }

  #onCommitted(epoch: Epoch, foldedThrough: Epoch): void {
    this.#host.onFolded(foldedThrough);
    while (this.#uncommitted.length > 0 && this.#uncommitted[0]!.epoch <= epoch) {
      this.#reader.acknowledge(this.#uncommitted.shift()!.offsets);
    }
  }

  #seal(marker: Marker): void {
    const offsets = this.#reader.offsets();
    const { deadLetters, skipped } = this.#options.refused.take();
    const part: SourcePart = {
      offsets: { [this.#options.node]: offsets },
      deadLetters,
      counts: { recordsRead: this.#read, recordsSkipped: skipped, deadLetters: deadLetters.length },
    };
    this.#readBefore += this.#read;
    this.#read = 0;
    this.#hasAskedForEpoch = false;
    this.#uncommitted.push({ epoch: marker.epoch, offsets });
    this.#isFinished = marker.isFinal;
    this.#host.seal(marker, part);
  }
}
