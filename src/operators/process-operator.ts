/**
 * Runs a keyed {@link ProcessDefinition}: opens the declared states, keeps timers by their names, and maps the names of side outputs to their
 * indexes.
 */
import {
  assert,
  type DueTimer,
  type Emitter,
  END_OF_TIME,
  type Key,
  type ListState,
  type MapState,
  type Operator,
  type OperatorContext,
  OperatorError,
  StreamRecord,
  type TimestampMs,
  type ValueState,
} from '../model/index.ts';
import { EndlessTimer } from './endless-timer.ts';
import type { NamedTimers, ProcessDefinition, SideDeclarations, StateDeclarations } from './process-definition.ts';
import { NO_TIMERS, ProcessTimers, TIMER_TIMES_STATE } from './process-timers.ts';

/** A definition whose inferred types no longer matter. */
export type ErasedProcess = ProcessDefinition<unknown, Key, StateDeclarations, unknown, SideDeclarations>;

type Handle = ValueState<unknown> | ListState<unknown> | MapState<unknown>;

export class ProcessOperator implements Operator {
  readonly #definition: ErasedProcess;
  readonly #current: CurrentWork;
  readonly #endless: EndlessTimer = new EndlessTimer();
  #timers: { readonly event: ProcessTimers; readonly processing: ProcessTimers } | undefined;

  constructor(definition: ErasedProcess) {
    this.#definition = definition;
    this.#current = new CurrentWork(Object.keys(definition.sides ?? {}));
  }

  open(context: OperatorContext): void {
    const { state, node, subtask, parallelism } = context;
    assert(state !== undefined, `the process '${node}' was opened without keyed state`);
    for (const [name, { kind, ttl }] of Object.entries(this.#definition.states ?? {})) {
      this.#current.states[name] = state[kind](name, ttl);
    }
    if (this.#definition.onTimer !== undefined) {
      const times = state.map<TimestampMs>(TIMER_TIMES_STATE);
      const timersOf = (domain: 'event' | 'processing'): ProcessTimers =>
        new ProcessTimers({ domain, queue: state.timers(domain), times });
      this.#timers = { event: timersOf('event'), processing: timersOf('processing') };
    }
    this.#current.open(context, this.#timers?.event ?? NO_TIMERS, this.#timers?.processing ?? NO_TIMERS);
    this.#definition.open?.({ node, subtask, parallelism });
  }

  process(record: StreamRecord, out: Emitter): void {
    this.#current.enter(record, out);
    this.#definition.process(record.value, this.#current);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    const { domain, at, tag: name } = timer;
    const timers = this.#timers;
    // A job whose definition has lost its onTimer is refused at the start.
    assert(timers !== undefined, `the timer '${name}' fired in a process without onTimer`);
    this.#current.enterTimer(timer, out);
    timers[domain].forget(name);
    this.#definition.onTimer!({ name, at, domain }, this.#current);
    if (this.#current.watermark === END_OF_TIME) this.#endless.onFired(timer, timers[domain].get(name));
  }

  close(): void {
    this.#definition.close?.();
  }
}

/** The context handed to user code: one object for all records and timers of a subtask. */
class CurrentWork {
  /** Without a prototype: nothing but the declared states can be read from it. */
  readonly states: Record<string, Handle> = Object.create(null);
  timers: NamedTimers = NO_TIMERS;
  processingTimers: NamedTimers = NO_TIMERS;
  readonly #sides: ReadonlyMap<string, number>;
  #operator!: OperatorContext;
  /** The one at hand; for a timer, one that has its key and time. */
  #record!: StreamRecord;
  #out!: Emitter;

  constructor(sides: readonly string[]) {
    this.#sides = new Map(sides.map((name, i) => [name, i + 1]));
  }

  open(operator: OperatorContext, timers: NamedTimers, processingTimers: NamedTimers): void {
    this.#operator = operator;
    this.timers = timers;
    this.processingTimers = processingTimers;
  }

  enter(record: StreamRecord, out: Emitter): void {
    this.#record = record;
    this.#out = out;
  }

  enterTimer({ key, at }: DueTimer, out: Emitter): void {
    // The end of time is no time that a record could have: no window holds it.
    const timestamp = at === END_OF_TIME ? Number.NaN : at;
    this.enter(new StreamRecord<unknown>(undefined, key, timestamp, this.#operator.time.ingestTime()), out);
  }

  get key(): Key {
    const { key } = this.#record;
    assert(key !== undefined, 'a record without a key reached a keyed process');
    return key;
  }

  get timestamp(): TimestampMs {
    return this.#record.timestamp;
  }

  get watermark(): TimestampMs {
    return this.#operator.time.watermark();
  }

  get now(): TimestampMs {
    return this.#operator.time.now();
  }

  /** An arrow function, as the next ones: user code may take it out of the context. */
  readonly emit = (value: unknown): void => this.#out.emit(this.#record.withValue(value));

  readonly emitTo = (side: string, value: unknown): void => {
    const output = this.#sides.get(side);
    if (output === undefined) {
      const declared = [...this.#sides.keys()].map((name) => `'${name}'`).join(', ') || 'none';
      throw new OperatorError(`emitTo('${side}'): no such side output; declared in 'sides': ${declared}`);
    }
    this.#out.emitTo(output, this.#record.withValue(value));
  };

  readonly countLate = (): void => this.#operator.countLate();
}
