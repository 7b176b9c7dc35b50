/**
 * Drives one operator of a job step by step, synchronously, under a clock that only the test moves. What the operator is comes from the
 * builder, as in a job; sources, sinks, threads and epochs are not there.
 */
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import { type DurationMs, END_OF_TIME, type Key, StreamRecord, type TimestampMs } from '../model/index.ts';
import { LATE_OUTPUT } from '../operators/operator-blueprint.ts';
import { DrivenOperator, type OperatorSnapshot } from './driven-operator.ts';
import { HarnessError } from './harness-error.ts';
import { type Approach, findOperator, type OperatorSketch } from './operator-under-test.ts';
import type { PendingTimer, StateContent } from './state-content.ts';

export interface TestOperatorOptions {
  /** Behind every step the operator is lost and goes on from its state in a new instance. Default false. */
  readonly restoreEachStep?: boolean | undefined;
  /** Where the wall clock stands at first. Default 2026-01-01, UTC. */
  readonly startedAt?: TimestampMs | undefined;
}

export interface AddOptions {
  /** Event time. Default: none. */
  readonly at?: TimestampMs | undefined;
}

/** What an operator emitted to one output. */
export interface EmittedRecord<T = unknown> {
  readonly value: T;
  readonly key: Key | undefined;
  /** Event time; NaN: none. */
  readonly timestamp: TimestampMs;
}

/** Every method that is a step returns the driver. A throw of the operator comes out of the step that led to it. */
export interface OperatorDriver<First, Second, Out> {
  /** A record of the first (or only) input. */
  add(value: First, options?: AddOptions): this;
  /** A record of the second input. */
  addSecond(value: Second, options?: AddOptions): this;
  /** The watermark of all inputs together rises. One that is not above the last says nothing. */
  advanceWatermark(to: TimestampMs): this;
  /** The wall clock goes on; processing-time timers fire on the way, each at its time. */
  advanceTime(byMs: DurationMs): this;
  /** The inputs end: the watermark goes to the end of time. */
  end(): this;
  /** For `asyncMap`: resolves when promises have settled and their results are out. Retries and timeouts come by {@link advanceTime}. */
  settle(): Promise<void>;
  /** Calls, results and watermarks that an asynchronous operator has not given out. */
  pending(): number;
  /** All values of the main output so far. */
  output(): readonly Out[];
  /** Those since it was last called. */
  take(): readonly Out[];
  /** Values of a side output. */
  side(name: string): readonly unknown[];
  /** The same with keys and event times; of the main output by default. */
  records(output?: string): readonly EmittedRecord[];
  /** Values of the side output for late records. Empty too where the operator has none. */
  late(): readonly unknown[];
  /** Records counted as late. */
  lateCount(): number;
  /** Behind the operator. */
  outputWatermark(): TimestampMs;
  now(): TimestampMs;
  /** What it keeps under a key, by name of the state: the value, the array of a list, the pairs of a map. Empty states are absent. */
  state(key: Key): Readonly<Record<string, StateContent>>;
  /** Pending timers of all keys, in the order in which they would fire, event time first. */
  timers(): readonly PendingTimer[];
  snapshot(): OperatorSnapshot;
  /** The instance is lost, and a new one goes on from `snapshot`; by default from where it is. */
  restore(snapshot?: OperatorSnapshot): this;
  close(): void;
}

/**
 * The operator that `sketch` returns the output of, ready to be driven. In front of it may be what keeps no state: `keyBy`, `map`, `filter`.
 * Throws `PlanError` for what a job could not be built of either.
 *
 * @example
 * ```ts
 * const hourly = testOperator((flights: Stream<Flight>) =>
 *   flights
 *     .keyBy((flight) => flight.origin)
 *     .window(windows.tumbling({ sizeMs: 3_600_000 }))
 *     .aggregate({ flights: aggregates.count() }),
 * );
 * hourly.add({ origin: 'HAM' }, { at: 0 }).advanceWatermark(3_600_000);
 * hourly.take(); // [{ key: 'HAM', windowStart: 0, windowEnd: 3_600_000, flights: 1 }]
 * ```
 */
export function testOperator<First, Second, Out>(
  sketch: OperatorSketch<First, Second, Out>,
  options: TestOperatorOptions = {},
): OperatorDriver<First, Second, Out> {
  return new SketchedOperatorDriver(sketch, options);
}

class SketchedOperatorDriver<First, Second, Out> implements OperatorDriver<First, Second, Out> {
  readonly #driven: DrivenOperator;
  readonly #approaches: readonly (Approach | undefined)[];
  readonly #outputs: readonly string[];
  readonly #emitted: readonly EmittedRecord[][];
  readonly #isRestoredEachStep: boolean;
  #taken = 0;
  #late = 0;
  #outputWatermark: TimestampMs = Number.NEGATIVE_INFINITY;

  constructor(sketch: OperatorSketch<First, Second, Out>, options: TestOperatorOptions) {
    const { node, approaches } = findOperator(sketch);
    this.#approaches = approaches;
    this.#outputs = node.outputs;
    this.#emitted = node.outputs.map(() => []);
    this.#isRestoredEachStep = options.restoreEachStep ?? false;
    this.#driven = new DrivenOperator({
      create: () => node.create(),
      state: node.state,
      startedAt: options.startedAt,
      onEmit: (output, { value, key, timestamp }) => {
        this.#emitted[output]!.push({ value: copied(value), key, timestamp });
      },
      onLate: (records) => {
        this.#late += records;
      },
      onWatermark: (watermark) => {
        this.#outputWatermark = watermark;
      },
    });
  }

  add(value: First, options: AddOptions = {}): this {
    return this.#step(() => this.#add(0, value, options));
  }

  addSecond(value: Second, options: AddOptions = {}): this {
    return this.#step(() => this.#add(1, value, options));
  }

  advanceWatermark(to: TimestampMs): this {
    return this.#step(() => this.#driven.advanceWatermark(to));
  }

  advanceTime(byMs: DurationMs): this {
    return this.#step(() => this.#driven.advanceTime(byMs));
  }

  end(): this {
    return this.advanceWatermark(END_OF_TIME);
  }

  settle(): Promise<void> {
    return this.#driven.settle();
  }

  pending(): number {
    return this.#driven.pending();
  }

  output(): readonly Out[] {
    return this.#emitted[0]!.map(({ value }) => value as Out);
  }

  take(): readonly Out[] {
    const from = this.#taken;
    this.#taken = this.#emitted[0]!.length;
    return this.output().slice(from);
  }

  side(name: string): readonly unknown[] {
    return this.records(name).map(({ value }) => value);
  }

  records(output: string = this.#outputs[0]!): readonly EmittedRecord[] {
    const at = this.#outputs.indexOf(output);
    if (at >= 0) return [...this.#emitted[at]!];
    throw new HarnessError(`the operator has no output '${output}'; it has ${this.#outputs.join(', ')}`);
  }

  late(): readonly unknown[] {
    return this.#outputs.includes(LATE_OUTPUT) ? this.side(LATE_OUTPUT) : [];
  }

  lateCount(): number {
    return this.#late;
  }

  outputWatermark(): TimestampMs {
    return this.#outputWatermark;
  }

  now(): TimestampMs {
    return this.#driven.clock.now();
  }

  state(key: Key): Readonly<Record<string, StateContent>> {
    return this.#driven.readState(key);
  }

  timers(): readonly PendingTimer[] {
    return this.#driven.timers();
  }

  snapshot(): OperatorSnapshot {
    return this.#driven.snapshot();
  }

  restore(snapshot: OperatorSnapshot = this.snapshot()): this {
    this.#driven.restore(snapshot);
    return this;
  }

  close(): void {
    this.#driven.close();
  }

  #step(body: () => void): this {
    body();
    this.#driven.flush();
    return this.#isRestoredEachStep ? this.restore() : this;
  }

  #add(input: number, value: unknown, { at = Number.NaN }: AddOptions): void {
    const approach = this.#approaches[input];
    if (approach === undefined) throw new HarnessError('the operator has no second input');
    if (this.#driven.isFull()) {
      throw new HarnessError('the operator has as many calls under way as it may; settle() before the next record');
    }
    const record = new StreamRecord(copied(value), undefined, at, this.#driven.clock.monotonic());
    approach(record, (arrived) => (input === 0 ? this.#driven.process(arrived) : this.#driven.processSecond(arrived)));
  }
}

/** As a channel between threads does: what a test changes later changes nothing, and values outside the domain are refused. */
function copied(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}
