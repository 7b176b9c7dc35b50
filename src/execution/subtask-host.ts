/**
 * One subtask's part in the epoch protocol, the same in both engines: what happens at a marker and until the snapshot is
 * delivered.
 *
 * Owns the operator chain, the outgoing channels and the one snapshot in the making. Does not own the inputs: the engines
 * differ in how they read, and bring the marker.
 *
 * S1. Nothing is read while an output is blocked (`isBlocked`).
 * S2. At most one snapshot is in the making: the coordinator begins no epoch before the last one is complete.
 * S3. The marker is forwarded behind every record of its epoch and before any record of the next (I1).
 */
import {
  assert,
  type ChannelWriter,
  type Clock,
  type DeadLetter,
  type Epoch,
  type EpochCounts,
  type ErrorReport,
  type Generation,
  type Marker,
  type MonotonicMs,
  type NodeId,
  type SinkOutput,
  type SourceOffsets,
  type StateDelta,
  type SubtaskId,
  type SubtaskIndex,
  type SubtaskSnapshot,
  type SubtaskTime,
  toReport,
  type Watermark,
} from '../model/index.ts';
import type { LatencyRecorder } from './latency-recorder.ts';
import type { OperatorChain } from './operator-chain.ts';
import type { TimerBudget } from './operator-link.ts';
import { placed } from './placed-error.ts';
import type { SinkProbe } from './sink-probe.ts';

/** What a source adds to the snapshot of its subtask. */
export interface SourcePart {
  readonly offsets: SourceOffsets;
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: Omit<EpochCounts, 'recordsWritten'>;
  /** See `SubtaskTime`. */
  readonly splits: SubtaskTime['splits'];
  readonly untimed: SubtaskTime['untimed'];
}

export const NO_SOURCE: SourcePart = {
  offsets: {},
  deadLetters: [],
  counts: { recordsRead: 0, recordsSkipped: 0, deadLetters: 0 },
  splits: {},
  untimed: undefined,
};

/** A channel out of the subtask, and the node whose records go there: the one to name when they cannot be encoded. */
export interface ChainOutput {
  readonly node: NodeId;
  readonly channel: ChannelWriter;
}

/** Changed state at which nothing more is read, in multiples of what asks for an early epoch. */
const HOLD_FACTOR = 2;

export interface SubtaskHostOptions {
  readonly id: SubtaskId;
  readonly subtask: SubtaskIndex;
  readonly generation: Generation;
  /** The epoch the run continues behind. */
  readonly restoredEpoch: Epoch;
  readonly chain: OperatorChain;
  readonly outputs: readonly ChainOutput[];
  readonly probe: SinkProbe;
  /** Durations of the pause at markers, for `status`. */
  readonly pauses: LatencyRecorder;
  readonly clock: Clock;
  /** State encoding between two steps, at most. */
  readonly encodeSliceMs: number;
  /** Changed bytes of one subtask that ask for an early epoch. */
  readonly dirtyBytesMax: number;
  deliver(snapshot: SubtaskSnapshot): void;
  requestEpoch(reason: string): void;
  /** Nothing is to be read until it says so again with `false`. */
  holdSources(isHeld: boolean): void;
  /** A sink's asynchronous prepare failed. */
  fail(report: ErrorReport): void;
}

interface PendingSnapshot {
  readonly epoch: Epoch;
  readonly source: SourcePart;
  readonly time: SubtaskTime;
  readonly recordsWritten: number;
  /** `undefined` while an asynchronous sink is still preparing. */
  outputs: readonly SinkOutput[] | undefined;
  isEncoded: boolean;
}

export class SubtaskHost {
  readonly id: SubtaskId;
  readonly #options: SubtaskHostOptions;
  readonly #outputs: readonly ChannelWriter[];
  #sealedEpoch: Epoch;
  #pending: PendingSnapshot | undefined;
  #hasRequestedEpoch = false;
  #isHolding = false;
  #foldedThrough: Epoch = 0;
  #isClosed = false;
  /** Of the call at hand. */
  readonly #timers: TimerBudget = { left: 0, isBlocked: () => this.isBlocked() };

  constructor(options: SubtaskHostOptions) {
    this.id = options.id;
    this.#options = options;
    this.#outputs = options.outputs.map(({ channel }) => channel);
    this.#sealedEpoch = options.restoredEpoch;
    for (const sink of options.chain.sinks) sink.stamp.epoch = options.restoredEpoch + 1;
  }

  /** Whether an output waits for room. Asked after every record. */
  isBlocked(): boolean {
    const outputs = this.#outputs;
    for (let i = 0; i < outputs.length; i++) if (outputs[i]!.isBlocked()) return true;
    return false;
  }

  /** The end of a step: output goes to channels and sinks. True when a channel holds something back for company. */
  handOver(): boolean {
    this.#options.chain.time.flush();
    let isHeld = false;
    const outputs = this.#outputs;
    for (let i = 0; i < outputs.length; i++) if (this.#handOverTo(outputs[i]!, i)) isHeld = true;
    if (this.#options.probe.writtenInStep() > 0) for (const sink of this.#options.chain.sinks) sink.writer.flush?.();
    return isHeld;
  }

  stepBegins(): void {
    const { chain, clock, probe } = this.#options;
    probe.stepBegins();
    chain.time.tick(clock.now(), clock.monotonic());
  }

  /** Whether promises are waited for: the worker must not sleep where they cannot settle. */
  isAsyncPending(): boolean {
    if (this.#pending !== undefined && this.#pending.outputs === undefined) return true;
    return this.isWaitingForCalls();
  }

  /** Whether input may be taken: no watermark is on its way, and no call is waited for. */
  mayRead(): boolean {
    const { time } = this.#options.chain;
    return time.isSettled() && !time.isAsyncFull();
  }

  /** Whether calls under way have to settle before input may be taken. */
  isWaitingForRoom(): boolean {
    return this.#options.chain.time.isAsyncFull();
  }

  /** Whether calls, their results or what waits behind them are still inside the chain. */
  isWaitingForCalls(): boolean {
    return this.#options.chain.time.asyncPending() > 0;
  }

  /** A higher watermark in front of the chain. Only while the last one is through. */
  raise(watermark: Watermark): void {
    this.#options.chain.time.begin(watermark);
  }

  /** Takes time on: watermarks, timers, settled calls; at most `budget` timers. True when it did something. */
  advanceTime(budget: number): boolean {
    const { time } = this.#options.chain;
    const hasEmitted = time.emitSettled();
    if (!time.isDue()) return hasEmitted;
    this.#timers.left = budget;
    return time.advance(this.#timers) || hasEmitted;
  }

  /** Whether {@link advanceTime} would do something now. */
  isTimeDue(): boolean {
    const { time } = this.#options.chain;
    return time.isDue() || time.hasSettled();
  }

  /** When the wall clock makes something due. */
  wakeAt(): MonotonicMs {
    const { chain, clock } = this.#options;
    const at = chain.time.nextDueAt();
    return at === Number.POSITIVE_INFINITY ? at : clock.monotonic() + Math.max(0, at - clock.now());
  }

  /** Whether frozen state waits for its next slice. */
  isEncoding(): boolean {
    return this.#pending !== undefined && !this.#pending.isEncoded;
  }

  isSnapshotPending(): boolean {
    return this.#pending !== undefined;
  }

  /**
   * The marker has arrived on all inputs (or was put into the source): freeze, forward, prepare. This is the only pause
   * an epoch costs a subtask.
   */
  seal(marker: Marker, source: SourcePart): void {
    assert(this.#pending === undefined, `S2: ${this.id} got marker ${marker.epoch} while it still makes a snapshot`);
    assert(
      marker.epoch === this.#sealedEpoch + 1,
      `I1, I2: ${this.id} got marker ${marker.epoch} after sealing ${this.#sealedEpoch}`,
    );
    const { chain, clock, probe } = this.#options;
    const beganAt = clock.monotonic();
    assert(
      chain.time.isSettled(),
      `I1: ${this.id} got marker ${marker.epoch} before a watermark in front of it was through`,
    );
    chain.time.flush();
    const timers = chain.time.nextTimers();
    const time: SubtaskTime = {
      watermark: chain.time.watermark,
      splits: source.splits,
      nextEventTimer: timers.event,
      nextProcessingTimer: timers.processing,
      now: chain.time.now,
      late: chain.time.takeLate(),
      ...(source.untimed === undefined ? {} : { untimed: source.untimed }),
    };
    for (const state of chain.states) state.freeze(marker.epoch);
    if (this.#isHolding) this.#options.holdSources(false);
    this.#isHolding = false;
    this.#eachOutput((channel) => channel.control(marker));
    this.#eachOutput((channel) => channel.flush());
    const pending: PendingSnapshot = {
      epoch: marker.epoch,
      source,
      time,
      recordsWritten: probe.takeWritten(),
      outputs: undefined,
      isEncoded: chain.states.length === 0,
    };
    this.#pending = pending;
    this.#sealedEpoch = marker.epoch;
    this.#prepareSinks(pending);
    this.#hasRequestedEpoch = false;
    this.#options.pauses.record(clock.monotonic() - beganAt);
    this.#deliverIfComplete();
  }

  /** One slice of encoding. True when it did something. */
  encodeSlice(): boolean {
    const pending = this.#pending;
    this.#watchDirtyBytes();
    if (pending === undefined || pending.isEncoded) return false;
    let budgetMs = this.#options.encodeSliceMs;
    const { chain, clock } = this.#options;
    for (const state of chain.states) {
      const beganAt = clock.monotonic();
      if (!state.encodeFrozen(budgetMs)) return true;
      budgetMs -= clock.monotonic() - beganAt;
      if (budgetMs <= 0) budgetMs = 0;
    }
    pending.isEncoded = true;
    this.#deliverIfComplete();
    return true;
  }

  /** Deltas through `foldedThrough` are in the base tables. */
  onFolded(foldedThrough: Epoch): void {
    if (foldedThrough <= this.#foldedThrough) return;
    this.#foldedThrough = foldedThrough;
    for (const state of this.#options.chain.states) state.onFolded(foldedThrough);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.chain.close();
    for (const output of this.#outputs) output.close();
  }

  /** A value outside the domain shows when its frame is encoded, which may be long after the operator emitted it. */
  #eachOutput(act: (channel: ChannelWriter) => void): void {
    for (const { node, channel } of this.#options.outputs) {
      try {
        act(channel);
      } catch (thrown) {
        throw placed(thrown, node, undefined);
      }
    }
  }

  #handOverTo(channel: ChannelWriter, output: number): boolean {
    try {
      return channel.handOver();
    } catch (thrown) {
      throw placed(thrown, this.#options.outputs[output]!.node, undefined);
    }
  }

  #prepareSinks(pending: PendingSnapshot): void {
    const { chain, subtask } = this.#options;
    const prepared = chain.sinks.map((sink) => {
      const output = sink.writer.prepare(pending.epoch);
      sink.stamp.epoch = pending.epoch + 1;
      sink.stamp.sequence = 0;
      return { node: sink.node, output };
    });
    if (!prepared.some(({ output }) => output instanceof Promise)) {
      pending.outputs = prepared.map(({ node, output }) => ({ node, subtask, output }) as SinkOutput);
      return;
    }
    const settled = prepared.map(
      async ({ node, output }): Promise<SinkOutput> => ({ node, subtask, output: await output }),
    );
    Promise.all(settled).then(
      (outputs) => {
        if (this.#isClosed) return;
        pending.outputs = outputs;
        this.#deliverIfComplete();
      },
      (thrown: unknown) => this.#options.fail(toReport(thrown, { subtask: this.id, epoch: pending.epoch })),
    );
  }

  #deliverIfComplete(): void {
    const pending = this.#pending;
    if (pending === undefined || !pending.isEncoded || pending.outputs === undefined) return;
    this.#pending = undefined;
    const deltas: StateDelta[] = [];
    for (const state of this.#options.chain.states) {
      const delta = state.takeDelta();
      if (delta !== undefined) deltas.push(delta);
    }
    this.#options.deliver({
      subtask: this.id,
      epoch: pending.epoch,
      generation: this.#options.generation,
      offsets: pending.source.offsets,
      deltas,
      outputs: pending.outputs,
      deadLetters: pending.source.deadLetters,
      counts: { ...pending.source.counts, recordsWritten: pending.recordsWritten },
      time: pending.time,
    });
  }

  /** Asks for an epoch, and stops the sources where it does not come in time: the one before may still be committed or folded (I8). */
  #watchDirtyBytes(): void {
    if (this.#isHolding) return;
    let bytes = 0;
    for (const state of this.#options.chain.states) bytes += state.dirtyBytes();
    const { dirtyBytesMax } = this.#options;
    if (bytes < dirtyBytesMax) return;
    if (!this.#hasRequestedEpoch) {
      this.#hasRequestedEpoch = true;
      this.#options.requestEpoch(`I8: ${this.id} holds ${bytes} bytes of changed state`);
    }
    if (bytes < HOLD_FACTOR * dirtyBytesMax) return;
    this.#isHolding = true;
    this.#options.holdSources(true);
  }
}
