/**
 * A live subtask whose head is a source: polls the reader, and puts markers in when the coordinator says so.
 *
 * A source that has ended stays: it seals its last offsets with every epoch until the final one, so the set of subtasks that
 * take part in an epoch never changes during a generation.
 */
import type { SourceState } from '../execution/deployment.ts';
import type { RecordTarget } from '../execution/exchange-writer.ts';
import { INPUT_UNSET, watermarkOf } from '../execution/merge-times.ts';
import type { WatermarkAdvance } from '../execution/options.ts';
import type { RefusedRecords } from '../execution/refused-records.ts';
import type { SourceClock } from '../execution/source-clock.ts';
import { placedInSource } from '../execution/source-failure.ts';
import type { SourcePart, SubtaskHost } from '../execution/subtask-host.ts';
import {
  assert,
  type Clock,
  type DurationMs,
  type Epoch,
  type InputTime,
  type Marker,
  type MonotonicMs,
  type NodeId,
  type OutputIndex,
  type PollResult,
  type SourceEmitter,
  type SourceReader,
  type SplitId,
  type SplitOffsets,
  type StepResult,
  type StreamRecord,
  TIME_UNSET,
  type Watermark,
} from '../model/index.ts';
import { type LiveSubtask, type SubtaskCommand, SubtaskMailbox } from './subtask-command.ts';

/** Nobody rings when reading may go on. */
const HELD_LOOK_MS = 1;

export interface SourceSubtaskOptions {
  readonly host: SubtaskHost;
  readonly node: NodeId;
  readonly head: RecordTarget;
  readonly reader: SourceReader;
  readonly clock: Clock;
  /** Where the reader's context files what it refuses. */
  readonly refused: RefusedRecords;
  /** Event time of its splits. */
  readonly eventTime: SourceClock;
  /** `record`: watermarks follow the records. `epoch`: they rise at markers only, and then to where they stood at the marker before. */
  readonly advance: WatermarkAdvance;
  /** Least time between two watermarks that follow records. */
  readonly watermarkIntervalMs: DurationMs;
  /** Records read by this subtask after which it asks for an epoch; 0 = never. */
  readonly epochRecords: number;
  /** It does not read before it is released. */
  readonly isHeldBack: boolean;
  requestEpoch(reason: string): void;
  /** Some subtask of the generation holds too much changed state: nothing is read until its next epoch. */
  isStateFull(): boolean;
  /** Nothing will ever come again. */
  onEnded(): void;
}

export class SourceSubtask implements LiveSubtask, SourceEmitter {
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
  #isHeldBack: boolean;
  /** At the end of the last step. */
  #isBlocked = false;
  /** Since the last marker. */
  #read = 0;
  /** Before the last marker. */
  #readBefore = 0;
  #hasAskedForEpoch = false;
  /** Of the step at hand. */
  #now: MonotonicMs = 0;
  /** When the last record read was due. */
  #ingestTime: MonotonicMs | undefined;
  #watermark: Watermark = { kind: 'watermark', time: TIME_UNSET, isIdle: false, ingestTime: 0 };
  #watermarkAt: MonotonicMs = Number.NEGATIVE_INFINITY;
  /** Since when it may not read: its splits have not fallen silent, nobody has listened. */
  #deafSince: MonotonicMs | undefined;
  /** With `advance: 'epoch'`: what the next marker brings. */
  #nextTime: InputTime = INPUT_UNSET;
  /** It came, and waits for calls under way: nothing may be left behind a job that ends. */
  #finalMarker: Marker | undefined;

  constructor(options: SourceSubtaskOptions) {
    this.name = options.host.id;
    this.#options = options;
    this.#host = options.host;
    this.#head = options.head;
    this.#reader = options.reader;
    this.#caughtUpAt = options.clock.monotonic();
    this.#isHeldBack = options.isHeldBack;
    this.#mailbox = new SubtaskMailbox(this.name, {
      beginEpoch: (marker) => this.#seal(marker),
      committed: (epoch, foldedThrough) => this.#onCommitted(epoch, foldedThrough),
      release: () => {
        this.#isHeldBack = false;
      },
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
    this.#now = this.#options.clock.monotonic();
    this.#isBlocked = host.isBlocked();
    if (this.#isBlocked) {
      this.#deafSince ??= this.#now;
      return host.encodeSlice() ? 'progress' : 'blocked';
    }
    let hasWorked = this.#mailbox.obeyAll();
    if (host.advanceTime(budget)) hasWorked = true;
    const isHeld = this.#options.isStateFull();
    if (!isHeld && this.#mayPoll() && !refused.isFull()) {
      this.#listen();
      if (this.#poll(budget) === 'progress') hasWorked = true;
    } else {
      this.#deafSince ??= this.#now;
    }
    // One that may not read has not fallen silent.
    const mayRaise = !isHeld || this.#state === 'ended';
    if (mayRaise && this.#options.advance === 'record' && this.#raiseWithRecords()) hasWorked = true;
    if (this.#finalMarker !== undefined && !host.isWaitingForCalls()) {
      this.#sealNow(this.#finalMarker);
      hasWorked = true;
    }
    if (host.handOver()) hasWorked = true;
    this.#isBlocked = host.isBlocked();
    if (this.#isBlocked) this.#deafSince ??= this.#now;
    if (host.encodeSlice()) hasWorked = true;
    return hasWorked ? 'progress' : 'idle';
  }

  emit(record: StreamRecord): void {
    this.#read++;
    this.#ingestTime = record.ingestTime;
    this.#head.receive(this.#options.eventTime.stamp(record, this.#now));
  }

  enterSplit(split: SplitId): void {
    this.#options.eventTime.enterSplit(split);
  }

  caughtUpSplit(split: SplitId): void {
    this.#options.eventTime.caughtUpSplit(split, this.#now);
  }

  endSplit(split: SplitId): void {
    this.#options.eventTime.endSplit(split);
  }

  emitTo(output: OutputIndex): void {
    assert(false, `a source has one output; ${this.#options.node} emitted to number ${output}`);
  }

  hasInput(): boolean {
    if (!this.#mailbox.isEmpty || this.#host.isEncoding()) return true;
    if (this.#isBlocked) return !this.#host.isBlocked();
    return this.#host.isTimeDue();
  }

  wakeAt(): MonotonicMs {
    const timeAt = this.#host.wakeAt();
    if (this.#isFinished || this.#state === 'ended') return timeAt;
    const { advance, clock, eventTime } = this.#options;
    if (this.#options.isStateFull()) return Math.min(timeAt, clock.monotonic() + HELD_LOOK_MS);
    const idleAt = advance === 'record' ? eventTime.idleAt(clock.monotonic()) : Number.POSITIVE_INFINITY;
    return Math.min(timeAt, idleAt, this.#isHeldBack ? Number.POSITIVE_INFINITY : this.#reader.wakeAt());
  }

  close(): void {
    this.#mailbox.close();
    this.#reader.close();
    this.#host.close();
  }

  /** Time in which nobody listened is no silence: otherwise whichever split is read first then would leave the others behind. */
  #listen(): void {
    if (this.#deafSince === undefined) return;
    this.#options.eventTime.excuse(this.#now - this.#deafSince);
    this.#deafSince = undefined;
  }

  /** Up to when silence counts. */
  #heardAt(): MonotonicMs {
    return this.#deafSince ?? this.#now;
  }

  #mayPoll(): boolean {
    if (this.#isFinished || this.#isHeldBack || this.#finalMarker !== undefined) return false;
    return this.#state !== 'ended' && this.#host.mayRead();
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
    if (result === 'idle') this.#options.eventTime.caughtUp(this.#now);
    if (result === 'ended') {
      this.#options.eventTime.end();
      this.#options.onEnded();
    }
    return result;
  }

  #onCommitted(epoch: Epoch, foldedThrough: Epoch): void {
    this.#host.onFolded(foldedThrough);
    while (this.#uncommitted.length > 0 && this.#uncommitted[0]!.epoch <= epoch) {
      this.#reader.acknowledge(this.#uncommitted.shift()!.offsets);
    }
  }

  /** A step reads many records: the watermark follows behind them, at most every so often, and at once where nothing more is there. */
  #raiseWithRecords(): boolean {
    const { eventTime, watermarkIntervalMs } = this.#options;
    if (this.#state === 'active' && this.#now - this.#watermarkAt < watermarkIntervalMs) return false;
    return this.#raise(eventTime.time(this.#heardAt()));
  }

  /** True when that is news. */
  #raise(time: InputTime): boolean {
    const next = Math.max(this.#watermark.time, watermarkOf(time));
    if (next === this.#watermark.time && time.isIdle === this.#watermark.isIdle) return false;
    // Silence has no record that was due; nor has the end of a source without any.
    const isOfRecord = !time.isIdle && this.#ingestTime !== undefined;
    const ingestTime = isOfRecord ? this.#ingestTime! : this.#now;
    this.#watermark = { kind: 'watermark', time: next, isIdle: time.isIdle, ingestTime };
    this.#watermarkAt = this.#now;
    this.#host.raise(this.#watermark);
    // What a source is fused with has no timers of event time: one call takes it through.
    this.#host.advanceTime(1);
    return true;
  }

  #seal(marker: Marker): void {
    const { advance, eventTime } = this.#options;
    if (advance === 'epoch') {
      const isEnd = marker.isFinal && this.#state === 'ended';
      this.#raise(isEnd ? eventTime.time(this.#now) : this.#nextTime);
      this.#nextTime = eventTime.time(this.#heardAt());
    }
    if (marker.isFinal) this.#finalMarker = marker;
    else this.#sealNow(marker);
  }

  #sealNow(marker: Marker): void {
    this.#finalMarker = undefined;
    const offsets = this.#reader.offsets();
    const { deadLetters, skipped } = this.#options.refused.take();
    const part: SourcePart = {
      offsets: { [this.#options.node]: offsets },
      deadLetters,
      counts: { recordsRead: this.#read, recordsSkipped: skipped, deadLetters: deadLetters.length },
      splits: this.#options.eventTime.seen(),
      untimed: this.#options.eventTime.takeUntimed(),
    };
    this.#readBefore += this.#read;
    this.#read = 0;
    this.#hasAskedForEpoch = false;
    this.#uncommitted.push({ epoch: marker.epoch, offsets });
    this.#isFinished = marker.isFinal;
    this.#host.seal(marker, part);
  }
}
