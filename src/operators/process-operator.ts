/** Runs a keyed {@link ProcessDefinition}: opens the declared states and maps the names of side outputs to their indexes. */

import type { Operator, OperatorContext, StreamRecord, TimestampMs, ValueState } from '../model/index.ts';
import { assert, type Emitter, type Key, type ListState, type MapState, OperatorError } from '../model/index.ts';
import type { ProcessDefinition, SideDeclarations, StateDeclarations } from './process-definition.ts';

/** A definition whose inferred types no longer matter. */
export type ErasedProcess = ProcessDefinition<unknown, Key, StateDeclarations, unknown, SideDeclarations>;

type Handle = ValueState<unknown> | ListState<unknown> | MapState<unknown>;

export class ProcessOperator implements Operator {
  readonly #definition: ErasedProcess;
  readonly #context: CurrentRecord;

  constructor(definition: ErasedProcess) {
    this.#definition = definition;
    this.#context = new CurrentRecord(Object.keys(definition.sides ?? {}));
  }

  open(context: OperatorContext): void {
    assert(context.state !== undefined, `the process '${context.node}' was opened without keyed state`);
    for (const [name, { kind }] of Object.entries(this.#definition.states ?? {})) {
      this.#context.states[name] = context.state[kind](name);
    }
    this.#definition.open?.({ node: context.node, subtask: context.subtask, parallelism: context.parallelism });
  }

  process(record: StreamRecord, out: Emitter): void {
    this.#context.enter(record, out);
    this.#definition.process(record.value, this.#context);
  }

  close(): void {
    this.#definition.close?.();
  }
}

/** The context handed to user code: one object for all records of a subtask. */
class CurrentRecord {
  /** Without a prototype: nothing but the declared states can be read from it. */
  readonly states: Record<string, Handle> = Object.create(null);
  readonly #sides: ReadonlyMap<string, number>;
  #record!: StreamRecord;
  #out!: Emitter;

  constructor(sides: readonly string[]) {
    this.#sides = new Map(sides.map((name, i) => [name, i + 1]));
  }

  enter(record: StreamRecord, out: Emitter): void {
    this.#record = record;
    this.#out = out;
  }

  get key(): Key {
    const { key } = this.#record;
    assert(key !== undefined, 'a record without a key reached a keyed process');
    return key;
  }

  get timestamp(): TimestampMs {
    return this.#record.timestamp;
  }

  /** An arrow function, as the next one: user code may take it out of the context. */
  readonly emit = (value: unknown): void => this.#out.emit(this.#record.withValue(value));

  readonly emitTo = (side: string, value: unknown): void => {
    const output = this.#sides.get(side);
    if (output === undefined) {
      const declared = [...this.#sides.keys()].map((name) => `'${name}'`).join(', ') || 'none';
      throw new OperatorError(`emitTo('${side}'): no such side output; declared in 'sides': ${declared}`);
    }
    this.#out.emitTo(output, this.#record.withValue(value));
  };
}
