/**
 * Runs one operator, without plan, threads or epochs, in the four ways an engine may run it (design section 10, after Jet's
 * `TestSupport`), and demands the same output from all:
 *
 * - `one-at-a-time`: what a record leads to is copied, as by a channel between threads, before the next record;
 * - `all-at-once`: outputs are kept by reference to the end, as in a chain, then copied: an operator that changes what it
 *   has emitted shows here;
 * - `output-full`: what every other record leads to waits, by reference, until the next record is through;
 * - `restore-each-time`: behind every record the state is snapshotted and restored into a new instance: whatever an
 *   operator keeps outside its state shows here.
 *
 * Inputs are frozen: an operator that changes a record fails. Not for operators with randomness of their own.
 */
import { isDeepStrictEqual } from 'node:util';
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import {
  assert,
  type Emitter,
  type KeyedState,
  MillraceError,
  type Operator,
  type OutputIndex,
  type StateDelta,
  type StreamRecord,
} from '../model/index.ts';
import { openDeltaState } from './delta-state.ts';

const NODE = 'operator';

export interface OperatorHarnessOptions<In> {
  /** A new instance, as for a subtask. */
  readonly create: () => Operator<In>;
  readonly input: readonly StreamRecord<In>[];
  /** Number of outputs; default 1. */
  readonly outputs?: number;
  /** Whether the operator has keyed state; then all records need keys. Default false. */
  readonly isStateful?: boolean;
}

export type HarnessWay = 'one-at-a-time' | 'all-at-once' | 'output-full' | 'restore-each-time';

export const HARNESS_WAYS: readonly HarnessWay[] = ['one-at-a-time', 'all-at-once', 'output-full', 'restore-each-time'];

/** Emitted records by output. */
export type HarnessOutput = readonly (readonly StreamRecord[])[];

/** Raised when two ways of running an operator lead to different outputs. */
export class HarnessError extends MillraceError {
  constructor(message: string) {
    super(message, { code: 'ERR_HARNESS', domain: 'user', recovery: 'none' });
  }
}

/** The output of the operator, the same in all ways. Throws {@link HarnessError} otherwise, and what the operator throws. */
export function runOperator<In>(options: OperatorHarnessOptions<In>): HarnessOutput {
  const [first, ...others] = HARNESS_WAYS;
  const expected = runOperatorOneWay(options, first!);
  for (const way of others) {
    const output = runOperatorOneWay(options, way);
    if (isDeepStrictEqual(output, expected)) continue;
    throw new HarnessError(
      `the operator emits otherwise when run ${way} than when run ${first}; ${firstDifference(expected, output)}`,
    );
  }
  return expected;
}

/** As {@link runOperator}, in one way only. */
export function runOperatorOneWay<In>(options: OperatorHarnessOptions<In>, way: HarnessWay): HarnessOutput {
  const run = new OperatorRun(options);
  for (const [index, record] of options.input.entries()) {
    run.process(freeze(record));
    if (way === 'one-at-a-time' || way === 'restore-each-time') run.deliver();
    if (way === 'output-full' && index % 2 === 1) run.deliver();
    if (way === 'restore-each-time') run.restart(index + 1);
  }
  run.deliver();
  run.close();
  return run.delivered;
}

class OperatorRun<In> {
  readonly delivered: readonly StreamRecord[][];
  readonly #options: OperatorHarnessOptions<In>;
  readonly #waiting: { readonly output: OutputIndex; readonly record: StreamRecord }[] = [];
  readonly #deltas: StateDelta[] = [];
  readonly #out: Emitter;
  #operator: Operator<In>;
  #state: KeyedState | undefined;

  constructor(options: OperatorHarnessOptions<In>) {
    this.#options = options;
    this.delivered = Array.from({ length: options.outputs ?? 1 }, () => []);
    this.#out = {
      emit: (record) => this.#emitTo(0, record),
      emitTo: (output, record) => this.#emitTo(output, record),
    };
    this.#operator = options.create();
    this.#open();
  }

  process(record: StreamRecord<In>): void {
    if (this.#state !== undefined) {
      assert(record.key !== undefined, 'the input of a keyed operator has keys');
      this.#state.setCurrentKey(record.key);
    }
    this.#operator.process(record, this.#out);
  }

  /** Copies what waits, as a channel between threads does. */
  deliver(): void {
    for (const { output, record } of this.#waiting.splice(0)) {
      this.delivered[output]!.push(record.withValue(decodeValue(encodeValue(record.value))));
    }
  }

  restart(epoch: number): void {
    if (this.#state !== undefined) {
      this.#state.freeze(epoch);
      while (!this.#state.encodeFrozen(Number.POSITIVE_INFINITY));
      const delta = this.#state.takeDelta();
      if (delta !== undefined) this.#deltas.push(delta);
    }
    this.close();
    this.#operator = this.#options.create();
    this.#open();
  }

  close(): void {
    this.#operator.close?.();
    this.#state?.close();
  }

  #open(): void {
    this.#state = this.#options.isStateful === true ? openDeltaState(NODE, this.#deltas) : undefined;
    this.#operator.open?.({ node: NODE, subtask: 0, parallelism: 1, state: this.#state });
  }

  #emitTo(output: OutputIndex, record: StreamRecord): void {
    if (this.delivered[output] === undefined) {
      throw new HarnessError(
        `the operator emits to output ${output}; the harness was told of ${this.delivered.length}`,
      );
    }
    this.#waiting.push({ output, record });
  }
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
  return JSON.stringify({ key: record.key, value: record.value }, (_, field: unknown) =>
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
