/**
 * One subtask on one thread of the pool: built for its first task there, kept while the thread gets the tasks of this subtask epoch
 * after epoch, thrown away as soon as one of its attempts does not win.
 *
 * Owns chain, state, readers and shuffle writers. Does not know of attempts elsewhere: it asks its claim.
 *
 * B1. Nothing leaves it (no sink is written outside its own files, no snapshot is made) before its claim is taken.
 * B2. Its state is that of the epoch before the task's.
 */
import { ShuffleReader, ShuffleWriter } from '../channels/index.ts';
import type { RecordTarget } from '../execution/exchange-writer.ts';
import { hostSubtask, type SubtaskSite } from '../execution/host-subtask.ts';
import type { LatencyRecorder } from '../execution/latency-recorder.ts';
import type { OperatorChain } from '../execution/operator-chain.ts';
import { inNode } from '../execution/placed-error.ts';
import { RefusedRecords } from '../execution/refused-records.ts';
import { SinkProbe } from '../execution/sink-probe.ts';
import { SourceClock } from '../execution/source-clock.ts';
import { NO_SOURCE, type SourcePart, type SubtaskHost } from '../execution/subtask-host.ts';
import {
  assert,
  END_OF_TIME,
  type Epoch,
  type ErrorReport,
  fromReport,
  type InputTime,
  type KeyedState,
  type MonotonicMs,
  type NodeId,
  type OutputIndex,
  type RecordReceiver,
  type SplitId,
  type StreamRecord,
  type SubtaskIndex,
  type SubtaskSnapshot,
  TIME_UNSET,
} from '../model/index.ts';
import type { OperatorNode, SourceNode } from '../plan/logical-plan.ts';
import type { ExchangeIndex, Stage } from '../plan/physical-plan.ts';
import { HeldLatencies } from './held-latencies.ts';
import { HeldSinkWriter } from './held-sink-writer.ts';
import { deriveShuffle } from './shuffle-layout.ts';
import { type CountingEmitter, SplitReaders } from './split-readers.ts';
import type { TaskInput, TaskOutput, TaskWork } from './task.ts';

/** While a task waits for calls. */
const LOOK_UP_MS = 50;

export interface BatchSubtaskOptions {
  readonly site: SubtaskSite;
  readonly stage: Stage;
  readonly subtask: SubtaskIndex;
  readonly attempt: number;
  readonly restoredEpoch: Epoch;
  readonly latency: LatencyRecorder;
  readonly pauses: LatencyRecorder;
  createState(node: OperatorNode): KeyedState;
}

/** Who hears how a task has ended. */
export interface TaskEnd {
  deliver(output: TaskOutput): void;
  fail(report: ErrorReport): void;
}

/** How a task looks up from its work now and then. False: another attempt has taken the claim, give up. */
export type LookUp = () => boolean;

export class BatchSubtask implements RecordReceiver, CountingEmitter {
  /** Records read from the source by the task at hand. */
  count = 0;
  readonly #options: BatchSubtaskOptions;
  /** Records between two looks: as many as a step has in continuous mode, so that a hang is the same in both. */
  readonly #chunkRecords: number;
  readonly #chain: OperatorChain;
  readonly #heads: readonly RecordTarget[];
  readonly #host: SubtaskHost;
  readonly #probe: SinkProbe;
  readonly #latencies: HeldLatencies = new HeldLatencies();
  readonly #heldSinks: { readonly node: NodeId; readonly writer: HeldSinkWriter }[] = [];
  readonly #shuffles = new Map<ExchangeIndex, ShuffleWriter>();
  /** Behind everything written so far. */
  readonly #watermarks = new Map<ExchangeIndex, InputTime>();
  readonly #source:
    | { readonly node: SourceNode; readonly refused: RefusedRecords; readonly clock: SourceClock }
    | undefined;
  /** The input that is being read. */
  #into: RecordTarget;
  #readers: SplitReaders | undefined;
  #wake: () => void = () => {};
  /** By the task at hand. */
  #written: TaskOutput['exchanges'] = [];
  #onSnapshot: { deliver(snapshot: SubtaskSnapshot): void; fail(report: ErrorReport): void } | undefined;

  constructor(options: BatchSubtaskOptions) {
    const { site, stage, subtask, attempt, restoredEpoch, pauses } = options;
    this.#options = options;
    this.#chunkRecords = site.options.loop.stepRecords;
    this.#probe = new SinkProbe((ingestTime, records) => this.#latencies.hold(ingestTime, records));
    const { chain, host } = hostSubtask(site, stage, subtask, {
      attempt,
      restoredEpoch,
      probe: this.#probe,
      pauses,
      channelsOf: (exchange) => this.#openShuffle(exchange).channels,
      createState: (node) => options.createState(node),
      onWatermark: (exchange, { time, isIdle }) => {
        const isEnded = time === END_OF_TIME;
        const before = this.#watermarks.get(exchange)?.time ?? TIME_UNSET;
        this.#watermarks.set(exchange, { time: isEnded ? before : time, isIdle, isEnded });
      },
      wake: () => this.#wake(),
      guardWriter: (node, writer) => {
        if (node.connector.delivery === 'committed') return writer;
        const held = new HeldSinkWriter(writer);
        this.#heldSinks.push({ node: node.id, writer: held });
        return held;
      },
      deliver: (snapshot) => this.#onSnapshot?.deliver(snapshot),
      requestEpoch: () => {},
      fail: (report) => this.#onSnapshot?.fail(report),
    });
    this.#chain = chain;
    this.#heads = chain.heads;
    this.#into = chain.heads[0]!;
    this.#host = host;
    const head = stage.chain[0]!.node;
    // A batch is bounded, and so are the letters of one: nobody needs to be asked for an earlier epoch.
    if (head.role === 'source') {
      const start = { splits: [], seen: {}, isBounded: head.connector.isBounded, now: 0 };
      this.#source = {
        node: head,
        refused: new RefusedRecords(head.id, () => {}),
        clock: new SourceClock(head.eventTime, start),
      };
    }
  }

  /** Processes the input of one batch. False: given up. After false or a throw only {@link discard} may follow. */
  async process(work: TaskWork, lookUp: LookUp): Promise<boolean> {
    const steps = this.steps(work, lookUp);
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      await this.#call();
    }
  }

  /** As {@link process}; gives way only where it waits for calls. */
  *steps(work: TaskWork, lookUp: LookUp): Generator<void, boolean> {
    this.#host.onFolded(work.foldedThrough);
    this.count = 0;
    const { before, now } = work.time;
    this.#chain.time.restore(before);
    this.#chain.time.tick(now, this.#options.site.clock.monotonic());
    // The epoch before is committed: nobody who counts reads its blocks any more.
    for (const shuffle of this.#shuffles.values()) shuffle.recycle();
    const { input } = work;
    const isRead = yield* input.kind === 'ranges' ? this.#readRanges(input, lookUp) : this.#readBlocks(input, lookUp);
    if (!isRead || !(yield* this.#advanceTime(work, lookUp))) return false;
    this.#written = this.#takeShuffles();
    return true;
  }

  /** The claim is taken: lets the sinks write, seals the epoch, and returns what the task made. */
  finish(work: TaskWork, lookUp: LookUp): Promise<TaskOutput> {
    return new Promise((resolve, reject) => {
      this.seal(work, lookUp, { deliver: resolve, fail: (report) => reject(fromReport(report)) });
    });
  }

  /** As {@link finish}; delivers before it returns where sinks prepare synchronously. */
  seal(work: TaskWork, lookUp: LookUp, to: TaskEnd): void {
    for (const { node, writer } of this.#heldSinks) inNode(node, () => writer.release());
    const arrivedAt = this.#options.site.clock.monotonic();
    this.#onSnapshot = {
      deliver: (snapshot) => to.deliver(this.#outputOf(snapshot, arrivedAt)),
      fail: (report) => to.fail(report),
    };
    this.#host.seal({ kind: 'marker', epoch: work.epoch, isFinal: work.isFinal }, this.#sourcePart());
    while (this.#host.isEncoding()) {
      this.#host.encodeSlice();
      lookUp();
    }
  }

  #outputOf(snapshot: SubtaskSnapshot, arrivedAt: MonotonicMs): TaskOutput {
    const { latency, pauses } = this.#options;
    // Only now: the recorder is the thread's, and a task that fails here is made again.
    this.#latencies.release(arrivedAt, latency);
    const memory = this.#chain.states.map((state) => state.memory());
    return {
      snapshot,
      exchanges: this.#written,
      watermarks: [...this.#watermarks].map(([exchange, time]) => ({ exchange, time })),
      latency: latency.take(),
      pauses: pauses.take(),
      stateBytes: memory.reduce((sum, { bytes }) => sum + bytes, 0),
      stateEntries: memory.reduce((sum, { entries }) => sum + entries, 0),
    };
  }

  /** Leaves without a trace. Idempotent. */
  discard(): void {
    this.#readers?.close();
    for (const shuffle of this.#shuffles.values()) shuffle.discard();
    this.#host.close();
  }

  receive(record: StreamRecord): void {
    this.#into.receive(record);
  }

  /** What a task makes is bounded by its batch. */
  isBlocked(): boolean {
    return false;
  }

  emit(record: StreamRecord): void {
    this.count++;
    this.#into.receive(this.#source!.clock.stamp(record, 0));
  }

  enterSplit(split: SplitId): void {
    this.#source!.clock.enterSplit(split);
  }

  /** The driver sees it by its surveys. */
  caughtUpSplit(): void {}

  endSplit(split: SplitId): void {
    this.#source!.clock.endSplit(split);
  }

  emitTo(output: OutputIndex): void {
    assert(false, `a source has one output; ${this.#source?.node.id} emitted to number ${output}`);
  }

  *#readRanges(input: Extract<TaskInput, { kind: 'ranges' }>, lookUp: LookUp): Generator<void, boolean> {
    const source = this.#source;
    assert(source !== undefined, `${this.#host.id} got ranges to read and has no source`);
    const { site, stage, subtask } = this.#options;
    this.#readers ??= new SplitReaders({ site, stage, subtask, ...source, hint: input.hint });
    for (const split of input.splits) {
      this.#probe.stepBegins();
      source.clock.begin(split.split, split.seen);
      for (const isMore of this.#readers.read(split, this, this.#chunkRecords)) {
        if (!lookUp() || !(yield* this.#settle(lookUp))) return false;
        if (!isMore) break;
      }
    }
    return true;
  }

  *#readBlocks(input: Extract<TaskInput, { kind: 'blocks' }>, lookUp: LookUp): Generator<void, boolean> {
    const { plan } = this.#options.site;
    for (const { exchange, parts } of input.exchanges) {
      const { first, last } = deriveShuffle(plan, plan.exchanges[exchange]!).binsOf(this.#options.subtask);
      const reader = new ShuffleReader(parts, first, last);
      this.#probe.stepBegins();
      this.#into = this.#heads[plan.exchanges[exchange]!.input]!;
      while (reader.drain(this, this.#chunkRecords) > 0) {
        if (!lookUp() || !(yield* this.#settle(lookUp))) return false;
      }
    }
    return true;
  }

  /** Behind the last record: the watermark of the batch, and what it and the wall clock lead to. */
  *#advanceTime({ time: { after, isIdle } }: TaskWork, lookUp: LookUp): Generator<void, boolean> {
    const { time } = this.#chain;
    const ingestTime = this.#options.site.clock.monotonic();
    this.#probe.stepBegins();
    time.flush();
    time.begin({ kind: 'watermark', time: after, isIdle, ingestTime });
    for (;;) {
      if (!lookUp()) return false;
      time.advance({ left: this.#chunkRecords, isBlocked: () => false });
      if (time.asyncPending() > 0) {
        time.emitSettled();
        yield;
      } else if (!time.isDue()) return true;
    }
  }

  /** Waits where an operator takes no more before its calls have settled. */
  *#settle(lookUp: LookUp): Generator<void, boolean> {
    const { time } = this.#chain;
    time.emitSettled();
    while (time.isAsyncFull()) {
      yield;
      if (!lookUp()) return false;
      time.emitSettled();
    }
    return true;
  }

  /** Until a call settles, or it is time to look up. */
  #call(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.site.clock.schedule(LOOK_UP_MS, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #sourcePart(): SourcePart {
    if (this.#source === undefined) return NO_SOURCE;
    const { clock, node, refused } = this.#source;
    const { deadLetters, skipped } = refused.take();
    return {
      offsets: { [node.id]: this.#readers?.offsets() ?? {} },
      deadLetters,
      counts: { recordsRead: this.count, recordsSkipped: skipped, deadLetters: deadLetters.length },
      splits: clock.seen(),
      untimed: clock.takeUntimed(),
    };
  }

  /** Encodes what still waits: what cannot be encoded fails before the claim is taken. */
  #takeShuffles(): TaskOutput['exchanges'] {
    const { exchanges } = this.#options.site.plan;
    return [...this.#shuffles].map(([exchange, writer]) => ({
      exchange,
      output: inNode(exchanges[exchange]!.fromNode, () => writer.take()),
    }));
  }

  #openShuffle(index: ExchangeIndex): ShuffleWriter {
    const { plan, options } = this.#options.site;
    const { bins } = deriveShuffle(plan, plan.exchanges[index]!);
    const writer = new ShuffleWriter({ bins, bytesMax: options.batch.shuffleBytesMax });
    this.#shuffles.set(index, writer);
    return writer;
  }
}
