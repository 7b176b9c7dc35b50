/**
 * Runs one operator, without plan, threads or epochs, in the four ways an engine may run it (design section 10, after Jet's
 * `TestSupport`), and demands the same output from all:
 *
 * - `one-at-a-time`: what a step leads to is copied, as by a channel between threads, before the next step;
 * - `all-at-once`: outputs are kept by reference to the end, as in a chain, then copied: an operator that changes what it
 *   has emitted shows here;
 * - `output-full`: what every other step leads to waits, by reference, until the next step is through;
 * - `restore-each-time`: behind every step the state is snapshotted and restored into a new instance: whatever an
 *   operator keeps outside its state shows here, and timers that do not come back.
 *
 * A step is a record of either input, a watermark, or time that passes. Records are frozen: an operator that changes one fails. Not for
 * operators with randomness of their own.
 */
import { isDeepStrictEqual } from 'node:util';
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import {
  type DurationMs,
  type Operator,
  type OutputIndex,
  type StateUse,
  StreamRecord,
  type TimestampMs,
} from '../model/index.ts';
import { DrivenOperator } from './driven-operator.ts';
import { HarnessError } from './harness-error.ts';

export { HarnessError } from './harness-error.ts';

/** A record of the first input, or one of the others. */
export type HarnessStep<In = unknown> =
  | StreamRecord<In>
  | { readonly kind: 'second'; readonly record: StreamRecord }
  | { readonly kind: 'watermark'; readonly time: TimestampMs }
  | { readonly kind: 'time'; readonly byMs: DurationMs };

/** Steps other than records of the first input. */
export const step: {
  /** A record of the second input. */
  second(record: StreamRecord): HarnessStep<never>;
  /** The watermark of all inputs together rises. END_OF_TIME: they have ended. */
  watermark(time: TimestampMs): HarnessStep<never>;
  /** The wall clock goes on. */
  time(byMs: DurationMs): HarnessStep<never>;
} = Object.freeze({
  second: (record: StreamRecord): HarnessStep<never> => ({ kind: 'second', record }),
  watermark: (time: TimestampMs): HarnessStep<never> => ({ kind: 'watermark', time }),
  time: (byMs: DurationMs): HarnessStep<never> => ({ kind: 'time', byMs }),
});

export interface OperatorHarnessOptions<In> {
  /** A new instance, as for a subtask. */
  readonly create: () => Operator<In>;
  readonly input: readonly HarnessStep<In>[];
  /** Number of outputs; default 1. */
  readonly outputs?: number;
  /** Whether the operator has keyed state; then all records need keys. Default false. Another use of state: {@link state}. */
  readonly isStateful?: boolean;
  readonly state?: StateUse | undefined;
  /** The output for late records: what is counted as late must be what is emitted there. */
  readonly lateOutput?: OutputIndex | undefined;
  /** Which records of the input have to be on the late output, given the watermark in force. With {@link lateOutput}. */
  readonly isLate?: ((record: StreamRecord, watermark: TimestampMs) => boolean) | undefined;
  /** Results may come in any order: compared as if they were sorted. */
  readonly isUnordered?: boolean | undefined;
  /** Default 2026-01-01, UTC. */
  readonly startedAt?: TimestampMs | undefined;
}

export type HarnessWay = 'one-at-a-time' | 'all-at-once' | 'output-full' | 'restore-each-time';

export const HARNESS_WAYS: readonly HarnessWay[] = ['one-at-a-time', 'all-at-once', 'output-full', 'restore-each-time'];

/** Emitted records by output. */
export type HarnessOutput = readonly (readonly StreamRecord[])[];

/** The output of the operator, the same in all ways. Throws {@link HarnessError} otherwise, and what the operator throws. */
export function runOperator<In>(options: OperatorHarnessOptions<In>): HarnessOutput {
  return compareWays(
    options,
    HARNESS_WAYS.map((way) => runOperatorOneWay(options, way)),
  );
}

/** As {@link runOperator}, in one way only. */
export function runOperatorOneWay<In>(options: OperatorHarnessOptions<In>, way: HarnessWay): HarnessOutput {
  const run = new OperatorRun(options);
  const steps = run.steps(way);
  for (let next = steps.next(); next.done !== true; next = steps.next()) {
    if (run.isAsynchronous) {
      run.close();
      throw new HarnessError('the operator waits for something outside; run it with runAsyncOperator');
    }
  }
  return run.delivered;
}

/**
 * As {@link runOperator}, for operators that wait for calls: where a way has it so, calls settle (and simulated time passes for
 * retries and timeouts) before the next step. Restored every time, they are lost as often as not and asked again.
 */
export async function runAsyncOperator<In>(options: OperatorHarnessOptions<In>): Promise<HarnessOutput> {
  const outputs: HarnessOutput[] = [];
  for (const way of HARNESS_WAYS) {
    const run = new OperatorRun(options);
    for (const wanted of run.steps(way)) {
      await run.driven.settleUntil(() => (wanted === 'room' ? !run.driven.isFull() : run.driven.pending() === 0));
    }
    outputs.push(run.delivered);
  }
  return compareWays(options, outputs);
}

/** What a run waits for: room for the next record, or all that is under way. */
type Wanted = 'room' | 'all';

class OperatorRun<In> {
  readonly delivered: readonly StreamRecord[][];
  readonly driven: DrivenOperator;
  readonly #options: OperatorHarnessOptions<In>;
  readonly #waiting: { readonly output: OutputIndex; readonly record: StreamRecord }[] = [];
  /** Records that have to be on the late output. */
  #lateExpected = 0;
  #lateCounted = 0;

  constructor(options: OperatorHarnessOptions<In>) {
    this.#options = options;
    this.delivered = Array.from({ length: options.outputs ?? 1 }, () => []);
    this.driven = new DrivenOperator({
      create: () => options.create() as Operator,
      state: options.state ?? (options.isStateful === true ? 'keyed' : 'none'),
      startedAt: options.startedAt,
      onEmit: (output, record) => this.#emitTo(output, record),
      onLate: (records) => {
        this.#lateCounted += records;
      },
    });
  }

  get isAsynchronous(): boolean {
    return this.driven.operator.asynchronous !== undefined;
  }

  /** Takes all steps, and gives way where an asynchronous operator has to go on. */
  *steps(way: HarnessWay): Generator<Wanted, void> {
    for (const [index, taken] of this.#options.input.entries()) {
      if (this.driven.isFull()) yield 'room';
      this.#take(taken);
      const isOdd = index % 2 === 1;
      if (this.isAsynchronous && (way === 'one-at-a-time' || (way !== 'all-at-once' && isOdd))) yield 'all';
      if (way === 'one-at-a-time' || way === 'restore-each-time' || (way === 'output-full' && isOdd)) this.#deliver();
      if (way === 'restore-each-time') this.driven.restore(this.driven.snapshot());
    }
    if (this.isAsynchronous) yield 'all';
    this.#deliver();
    this.close();
    this.#checkLate();
  }

  close(): void {
    this.driven.close();
  }

  #take(taken: HarnessStep<In>): void {
    if (taken instanceof StreamRecord) {
      this.#expectLate(taken);
      this.driven.process(freeze(taken));
    } else if (taken.kind === 'second') {
      this.#expectLate(taken.record);
      this.driven.processSecond(freeze(taken.record));
    } else if (taken.kind === 'watermark') {
      this.driven.advanceWatermark(taken.time);
    } else {
      this.driven.advanceTime(taken.byMs);
    }
  }

  /** Copies what waits, as a channel between threads does. */
  #deliver(): void {
    this.driven.flush();
    for (const { output, record } of this.#waiting.splice(0)) {
      this.delivered[output]!.push(record.withValue(decodeValue(encodeValue(record.value))));
    }
  }

  #emitTo(output: OutputIndex, record: StreamRecord): void {
    if (this.delivered[output] === undefined) {
      throw new HarnessError(
        `the operator emits to output ${output}; the harness was told of ${this.delivered.length}`,
      );
    }
    this.#waiting.push({ output, record });
  }

  #expectLate(record: StreamRecord): void {
    if (this.#options.isLate?.(record, this.driven.watermark) === true) this.#lateExpected++;
  }

  #checkLate(): void {
    const { isLate, lateOutput } = this.#options;
    if (lateOutput === undefined) return;
    const emitted = this.delivered[lateOutput]?.length ?? 0;
    if (emitted !== this.#lateCounted) {
      throw new HarnessError(`${this.#lateCounted} records are counted as late, and ${emitted} are on the late output`);
    }
    if (isLate !== undefined && emitted !== this.#lateExpected) {
      throw new HarnessError(`${this.#lateExpected} records were late, and ${emitted} are on the late output`);
    }
  }
}

function compareWays<In>(options: OperatorHarnessOptions<In>, outputs: readonly HarnessOutput[]): HarnessOutput {
  const comparable = options.isUnordered === true ? outputs.map(sorted) : outputs;
  const [expected] = comparable;
  for (const [index, output] of comparable.entries()) {
    if (isDeepStrictEqual(output, expected)) continue;
    throw new HarnessError(
      `the operator emits otherwise when run ${HARNESS_WAYS[index]!} than when run ${HARNESS_WAYS[0]!}; ${firstDifference(expected!, output)}`,
    );
  }
  return outputs[0]!;
}

function sorted(output: HarnessOutput): HarnessOutput {
  return output.map((records) =>
    records
      .map((record) => [show(record), record] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, record]) => record),
  );
}

function firstDifference(expected: HarnessOutput, actual: HarnessOutput): string {
  for (const [output, records] of expected.entries()) {
    const others = actual[output]!;
    const at = records.findIndex((record, i) => !isDeepStrictEqual(record, others[i]));
    if (at === -1 && records.length === others.length) continue;
    const index = at === -1 ? records.length : at;
    return `output ${output}, record ${index}: ${show(others[index])} instead of ${show(records[index])}`;
  }
  return 'the outputs differ';
}

function show(record: StreamRecord | undefined): string {
  if (record === undefined) return 'no record';
  const { key, value, timestamp } = record;
  // Without event time there is none to show.
  return JSON.stringify(Number.isNaN(timestamp) ? { key, value } : { key, value, timestamp }, (_, field: unknown) =>
    typeof field === 'bigint' ? `${field}n` : field,
  );
}

function freeze<In>(record: StreamRecord<In>): StreamRecord<In> {
  freezeDeeply(record.value);
  return Object.freeze(record);
}

function freezeDeeply(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const field of Object.values(value)) freezeDeeply(field);
}
