/** Time to live against a plain program that looks at every entry: the same commands, on both media, must be seen to do the same. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { encodeKey } from '../../src/codec/key-codec.ts';
import type { Key, KeyedState, StateTtl } from '../../src/model/index.ts';
import { describeModel, fold, LONG, type ModelRun } from './model-runs.ts';
import { type Medium, StateRig } from './state-rig.ts';

interface Item {
  readonly value: number;
  /** Infinity: lives for ever. */
  end: number;
}

interface ModelEntry {
  total: Item | undefined;
  history: Item[];
  parts: Map<Key, Item>;
}

type Model = Map<Key, ModelEntry>;
type Ttl = StateTtl | undefined;

const KEYS: readonly Key[] = ['a', 'b', '', 7, Number.NaN, `${LONG}2`];
const SUBS: readonly Key[] = ['x', 3, `${LONG}b`, `${LONG}a`];
const TTLS: readonly Ttl[] = [
  undefined,
  { ttlMs: 64 },
  { ttlMs: 160, refresh: 'write' },
  { ttlMs: 32, refresh: 'read' },
  { ttlMs: 160, refresh: 'read' },
];

const key = fc.constantFrom(...KEYS);
const sub = fc.constantFrom(...SUBS);
const on = fc.constantFrom('total' as const, 'history' as const, 'parts' as const);
const command = fc.oneof(
  { weight: 9, arbitrary: fc.record({ type: fc.constant('write' as const), on, key, sub, n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('appendMany' as const), key, count: fc.nat({ max: 70 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('clear' as const), on, key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), key, sub }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('read' as const), on, key, sub }) },
  { weight: 9, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.nat({ max: 50 }) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('removeExpired' as const), limit: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.constant({ type: 'freeze' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'encode' as const }) },
  { weight: 5, arbitrary: fc.constant({ type: 'commit' as const }) },
  {
    weight: 3,
    arbitrary: fold,
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('crash' as const),
      parallelism: fc.integer({ min: 1, max: 4 }),
      ttl: fc.option(fc.constantFrom(...TTLS.keys()), { freq: 3 }),
    }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

class LivesRun implements ModelRun<Command> {
  ttl: Ttl = TTLS[1];
  readonly #rig: StateRig;
  #live: Model = new Map();
  #frozen: Model = new Map();
  #committed: Model = new Map();

  constructor(medium: Medium, cacheBytes: number) {
    this.#rig = new StateRig(medium, 3, cacheBytes, (state) => this.#declare(state));
  }

  run(step: Command): void {
    switch (step.type) {
      case 'write':
        this.#write(step.on, step.key, step.sub, step.n);
        return;
      case 'appendMany':
        for (let n = 0; n < step.count; n++) this.#write('history', step.key, 'x', n);
        return;
      case 'clear':
        this.#clear(step.on, step.key);
        return;
      case 'delete':
        this.#rig.at(step.key).map('parts').delete(step.sub);
        this.#entry(step.key).parts.delete(step.sub);
        return;
      case 'read':
        this.#read(step.on, step.key, step.sub);
        return;
      case 'pass':
        this.#rig.setNow(this.#rig.now + step.ms);
        return;
      case 'removeExpired':
        for (const state of this.#rig.states) this.#removeExpired(state, step.limit);
        return;
      case 'freeze':
        if (this.#rig.isFrozen) return;
        this.#frozen = structuredClone(this.#live);
        this.#rig.freeze();
        return;
      case 'encode':
        this.#rig.encodeSome();
        return;
      case 'commit':
        if (!this.#rig.isFrozen) this.run({ type: 'freeze' });
        this.#rig.commit();
        this.#committed = this.#frozen;
        return;
      case 'fold':
        this.#rig.fold(step.slices, step.told);
        return;
      case 'crash':
        if (step.ttl !== null) this.ttl = TTLS[step.ttl];
        this.#rig.crash(step.parallelism);
        this.#live = structuredClone(this.#committed);
        return;
    }
  }

  /** Everything is as it should be; and when all of it has expired, or been cleared where it lives for ever, nothing is left. */
  finish(): void {
    for (const key of KEYS) {
      for (const on of ['total', 'history', 'parts'] as const) this.#read(on, key, 'x');
    }
    if (this.#rig.isFrozen) this.#rig.commit();
    if (this.ttl === undefined) {
      for (const key of KEYS) for (const on of ['total', 'history', 'parts'] as const) this.#clear(on, key);
    }
    this.#rig.setNow(this.#rig.now + 1_000);
    for (const state of this.#rig.states) while (this.#removeExpired(state, 3));
    // Entries from before a time to live was declared live on until they are written.
    for (const key of KEYS) for (const on of ['total', 'parts'] as const) this.#clear(on, key);
    expect(this.#rig.settleToNothing()).toBe(true);
    for (const state of this.#rig.states) expect(state.nextExpiryAt()).toBe(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#rig.close();
  }

  #declare(state: KeyedState): void {
    state.value('total', this.ttl);
    state.list('history', this.ttl);
    state.map('parts', this.ttl);
  }

  #removeExpired(state: KeyedState, limit: number): boolean {
    const isMoreDue = state.removeExpired(limit);
    expect(isMoreDue).toBe(state.nextExpiryAt() <= this.#rig.now);
    return isMoreDue;
  }

  #write(on: 'total' | 'history' | 'parts', key: Key, sub: Key, value: number): void {
    const entry = this.#entry(key);
    const state = this.#rig.at(key);
    if (on === 'history') this.#useList(entry);
    const end = this.#rig.now + (this.ttl?.ttlMs ?? Number.POSITIVE_INFINITY);
    if (on === 'total') {
      state.value('total').set(value);
      entry.total = { value, end };
    } else if (on === 'parts') {
      state.map('parts').set(sub, value);
      entry.parts.set(sub, { value, end });
    } else {
      state.list('history').append(value);
      const { history } = entry;
      history.push({ value, end: Math.max(end, history.at(-1)?.end ?? 0) });
    }
  }

  #clear(on: 'total' | 'history' | 'parts', key: Key): void {
    const entry = this.#entry(key);
    const state = this.#rig.at(key);
    if (on === 'total') {
      state.value('total').clear();
      entry.total = undefined;
    } else if (on === 'history') {
      state.list('history').clear();
      entry.history = [];
    } else {
      state.map('parts').clear();
      entry.parts.clear();
    }
  }

  #read(on: 'total' | 'history' | 'parts', key: Key, sub: Key): void {
    const entry = this.#entry(key);
    const state = this.#rig.at(key);
    expect(state.nextExpiryAt()).toBeLessThanOrEqual(this.#firstEnd(key));
    if (on === 'total') {
      expect(state.value('total').get()).toBe(entry.total?.value);
      this.#refresh(entry.total);
    } else if (on === 'history') {
      this.#useList(entry);
      expect(state.list('history').length).toBe(entry.history.length);
      expect([...state.list('history').values()]).toEqual(entry.history.map(({ value }) => value));
      if (this.#isRefreshed(entry.history[0])) for (const item of entry.history) this.#prolong(item);
    } else {
      expect(state.map('parts').get(sub)).toBe(entry.parts.get(sub)?.value);
      this.#refresh(entry.parts.get(sub));
      expect(state.map('parts').has(sub)).toBe(entry.parts.has(sub));
      const ascending = [...entry.parts].sort(([a], [b]) => Buffer.compare(encodeKey(a), encodeKey(b)));
      expect([...state.map('parts').entries()]).toEqual(ascending.map(([at, { value }]) => [at, value]));
      for (const item of entry.parts.values()) this.#refresh(item);
    }
  }

  /** A list takes the declared form when it is first used. */
  #useList({ history }: ModelEntry): void {
    for (const item of history) {
      if (this.ttl === undefined) item.end = Number.POSITIVE_INFINITY;
      else if (item.end === Number.POSITIVE_INFINITY) item.end = this.#rig.now + this.ttl.ttlMs;
    }
  }

  #isRefreshed(item: Item | undefined): item is Item {
    if (item === undefined || this.ttl?.refresh !== 'read') return false;
    return item.end === Number.POSITIVE_INFINITY || this.#rig.now + this.ttl.ttlMs - item.end >= this.ttl.ttlMs / 16;
  }

  #refresh(item: Item | undefined): void {
    if (this.#isRefreshed(item)) item.end = this.#rig.now + this.ttl!.ttlMs;
  }

  #prolong(item: Item): void {
    item.end = Math.max(item.end, this.#rig.now + this.ttl!.ttlMs);
  }

  #firstEnd(key: Key): number {
    const { total, history, parts } = this.#entry(key);
    return Math.min(total?.end ?? Number.POSITIVE_INFINITY, ...[...history, ...parts.values()].map(({ end }) => end));
  }

  /** Without what has expired. */
  #entry(key: Key): ModelEntry {
    const { now } = this.#rig;
    let entry = this.#live.get(key);
    if (entry === undefined) {
      entry = { total: undefined, history: [], parts: new Map() };
      this.#live.set(key, entry);
    }
    if (entry.total !== undefined && entry.total.end <= now) entry.total = undefined;
    for (const [sub, { end }] of entry.parts) if (end <= now) entry.parts.delete(sub);
    entry.history = entry.history.filter(({ end }) => end > now);
    return entry;
  }
}

describeModel<Command>(
  'time to live',
  'hides and removes what a plain program would, through commits, folds and crashes behind which it is declared otherwise',
  {
    commands: fc.array(command, { minLength: 20, maxLength: 150, size: 'max' }),
    begin: (medium, cacheBytes) => new LivesRun(medium, cacheBytes),
    memoryRuns: 150,
    lmdbRuns: 25,
  },
);
