/** An asynchronous operator under virtual time, a service that answers when told, and state that can be cut up and put together. Not a test. */
import { decodeValue, encodeValue } from '../../../src/codec/value-codec.ts';
import {
  type Key,
  keyGroupOf,
  type MapState,
  type OperatorContext,
  type StateAccess,
  type StreamRecord,
  TIME_UNSET,
  type TimestampMs,
} from '../../../src/model/index.ts';
import { asyncMapBlueprint } from '../../../src/operators/async-map/async-map-blueprint.ts';
import type { AsyncCall, AsyncMapOptions } from '../../../src/operators/async-map/async-map-definition.ts';
import { AsyncMapOperator } from '../../../src/operators/async-map/async-map-operator.ts';
import { SimulatedClock } from '../../../src/testing/simulated-clock.ts';

export const KEY_GROUPS = 8;

/** The smallest natural number in each key group. */
export const OWN_KEYS: readonly number[] = Array.from({ length: KEY_GROUPS }, (_, group) => {
  let key = 0;
  while (keyGroupOf(key, KEY_GROUPS) !== group) key++;
  return key;
});

/** By own key, then state, then entry: what a checkpoint holds, as bytes. */
export type Stored = ReadonlyMap<Key, ReadonlyMap<string, ReadonlyMap<Key, Uint8Array>>>;

/** Value and map state under own keys, in memory. Everything is encoded when it is snapshotted, as the engine does. */
export class OwnState {
  readonly #tables = new Map<Key, Map<string, Map<Key, unknown>>>();
  /** Cells that were ever written. */
  readonly written: Set<string> = new Set<string>();
  readonly #ownKeys: readonly Key[];
  #key: Key | undefined;

  constructor(ownKeys: readonly Key[], stored: Stored) {
    this.#ownKeys = ownKeys;
    for (const key of ownKeys) {
      const states = [...(stored.get(key) ?? [])].map(
        ([name, cells]) => [name, new Map([...cells].map(([sub, bytes]) => [sub, decodeValue(bytes)]))] as const,
      );
      this.#tables.set(key, new Map(states));
    }
  }

  useKey(key: Key): void {
    if (!this.#ownKeys.includes(key)) throw new Error(`${String(key)} is none of the own keys`);
    this.#key = key;
  }

  /** Of all states under all keys. */
  entries(): number {
    return [...this.#tables.values()]
      .flatMap((states) => [...states.values()])
      .reduce((sum, { size }) => sum + size, 0);
  }

  snapshot(): Stored {
    return new Map(
      [...this.#tables].map(([key, states]) => [
        key,
        new Map(
          [...states].map(([name, cells]) => [
            name,
            new Map([...cells].map(([sub, value]) => [sub, encodeValue(value)])),
          ]),
        ),
      ]),
    );
  }

  readonly access: StateAccess = {
    value: (name) => ({
      get: () => this.#cells(name).get(0) as never,
      set: (value) => void this.#write(name, 0, value),
      clear: () => void this.#cells(name).delete(0),
    }),
    map: <V>(name: string): MapState<V> => ({
      get: (sub) => this.#cells(name).get(sub) as V | undefined,
      set: (sub, value) => void this.#write(name, sub, value),
      has: (sub) => this.#cells(name).has(sub),
      delete: (sub) => void this.#cells(name).delete(sub),
      entries: () => [...this.#cells(name)] as [Key, V][],
      clear: () => this.#cells(name).clear(),
    }),
    list: () => {
      throw new Error('no lists here');
    },
    timers: () => {
      throw new Error('no timers here');
    },
  };

  #write(name: string, sub: Key, value: unknown): void {
    this.written.add(`${String(this.#key)}/${name}/${String(sub)}`);
    this.#cells(name).set(sub, value);
  }

  #cells(name: string): Map<Key, unknown> {
    if (this.#key === undefined) throw new Error('no key is current');
    const states = this.#tables.get(this.#key)!;
    if (!states.has(name)) states.set(name, new Map());
    return states.get(name)!;
  }
}

interface Asked extends AsyncCall {
  readonly value: unknown;
  readonly at: number;
  answer(result: unknown): void;
  fail(reason: unknown): void;
}

/** Answers when it is told to. */
export class FakeService {
  readonly asked: Asked[] = [];
  readonly #clock: SimulatedClock;
  /** Calls without an answer, and the most there ever were. */
  underWay = 0;
  underWayMax = 0;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  readonly ask = (value: unknown, { signal, attempt }: AsyncCall): Promise<unknown> =>
    new Promise((resolve, reject) => {
      this.underWayMax = Math.max(this.underWayMax, ++this.underWay);
      const end = (settle: (outcome: unknown) => void) => (outcome: unknown) => {
        this.underWay--;
        settle(outcome);
      };
      const at = this.#clock.monotonic();
      this.asked.push({ value, signal, attempt, at, answer: end(resolve), fail: end(reject) });
    });

  /** The last call for that value. */
  of(value: unknown): Asked {
    return this.asked.findLast((asked) => asked.value === value)!;
  }

  get values(): unknown[] {
    return this.asked.map(({ value }) => value);
  }
}

export interface AsyncRigOptions {
  readonly options?: AsyncMapOptions;
  /** In place of the service. */
  readonly fn?: (value: never, call: AsyncCall) => unknown;
  readonly stored?: Stored;
  readonly ownKeys?: readonly Key[];
  /** In force in front of the operator when it begins: that of a checkpoint for the whole stage. Default: none. */
  readonly watermark?: TimestampMs;
}

export class AsyncRig {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly service: FakeService = new FakeService(this.clock);
  readonly operator: AsyncMapOperator;
  readonly state: OwnState;
  /** What was given out, in order: values of the main output, failed calls, and `w<time>` for watermarks. */
  readonly story: unknown[] = [];
  readonly records: StreamRecord[] = [];
  woken = 0;

  constructor({
    options = {},
    fn,
    stored = new Map(),
    ownKeys = OWN_KEYS,
    watermark = TIME_UNSET,
  }: AsyncRigOptions = {}) {
    this.state = new OwnState(ownKeys, stored);
    const blueprint = asyncMapBlueprint((fn ?? this.service.ask) as never, options);
    if (blueprint.problems.length > 0) throw new Error(blueprint.problems.join('; '));
    const operator = blueprint.create();
    if (!(operator instanceof AsyncMapOperator)) throw new Error('the blueprint makes another operator');
    this.operator = operator;
    const context: OperatorContext = {
      node: 'enrich',
      subtask: 0,
      parallelism: 1,
      state: this.state.access,
      ownKeys,
      keyGroups: KEY_GROUPS,
      useKey: (key) => this.state.useKey(key),
      time: { watermark: () => watermark, now: () => this.clock.now(), ingestTime: () => 77 },
      countLate: () => {},
      schedule: (delayMs, callback) => this.clock.schedule(delayMs, callback),
      wake: () => {
        this.woken++;
      },
    };
    operator.open(context);
  }

  process(...records: readonly StreamRecord[]): void {
    for (const record of records) this.operator.process(record);
  }

  /** Lets promises settle, then gives out what has. */
  async giveOut(): Promise<unknown[]> {
    await settled();
    const before = this.story.length;
    const out = {
      emit: (record: StreamRecord) => this.#emitted(record),
      emitTo: (_output: number, record: StreamRecord) => this.#emitted(record),
    };
    while (this.operator.hasSettled()) this.operator.emitSettled(out, (time) => this.#passed(time));
    return this.story.slice(before);
  }

  #emitted(record: StreamRecord): void {
    this.records.push(record);
    this.story.push(record.value);
  }

  #passed(time: TimestampMs): void {
    this.story.push(`w${time}`);
  }
}

export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
