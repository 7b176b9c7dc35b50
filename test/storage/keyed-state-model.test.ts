/** Keyed state against a plain program: the same commands, on both media, must be seen to do the same. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { encodeKey } from '../../src/codec/key-codec.ts';
import type { Key } from '../../src/model/index.ts';
import { describeModel, fold, LONG, type ModelRun } from './model-runs.ts';
import { StateRig } from './state-rig.ts';

interface ModelEntry {
  total: { n: number } | undefined;
  history: number[];
  parts: Map<Key, number>;
}

type Model = Map<Key, ModelEntry>;

const KEYS: readonly Key[] = ['a', 'b', '__proto__', '', 7, -1.5, Number.NaN, 12n, true, LONG, `${LONG}2`];
const SUBS: readonly Key[] = ['x', 'y', 3, `${LONG}b`, `${LONG}a`, LONG, 'constructor'];

const keyIndex = fc.nat({ max: KEYS.length - 1 });
const subIndex = fc.nat({ max: SUBS.length - 1 });

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('bump' as const), key: keyIndex }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('clear' as const), key: keyIndex }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('append' as const), key: keyIndex, count: fc.nat({ max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clearList' as const), key: keyIndex }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key: keyIndex, sub: subIndex, n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key: keyIndex, sub: subIndex }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('clearMap' as const), key: keyIndex }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('check' as const), key: keyIndex, sub: subIndex }) },
  { weight: 3, arbitrary: fc.constant({ type: 'freeze' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'encode' as const }) },
  { weight: 4, arbitrary: fc.constant({ type: 'commit' as const }) },
  {
    weight: 3,
    arbitrary: fold,
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('reopen' as const), subtask: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('crash' as const), parallelism: fc.integer({ min: 1, max: 4 }) }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

class EntryRun implements ModelRun<Command> {
  readonly #rig: StateRig;
  #live: Model = new Map();
  #frozen: Model = new Map();
  #committed: Model = new Map();

  constructor(rig: StateRig) {
    this.#rig = rig;
  }

  run(step: Command): void {
    switch (step.type) {
      case 'bump':
      case 'clear':
      case 'append':
      case 'clearList':
      case 'put':
      case 'delete':
      case 'clearMap':
        this.#change(step);
        return;
      case 'check':
        this.#check(KEYS[step.key]!, SUBS[step.sub]!);
        return;
      case 'freeze':
        if (this.#rig.isFrozen) return;
        this.#frozen = copy(this.#live);
        this.#rig.freeze();
        return;
      case 'encode':
        this.#rig.encodeSome();
        return;
      case 'commit':
        if (!this.#rig.isFrozen) return;
        this.#rig.commit();
        this.#committed = this.#frozen;
        return;
      case 'fold':
        this.#rig.fold(step.slices, step.told);
        return;
      case 'reopen':
        this.#reopen(step.subtask % this.#rig.states.length);
        return;
      case 'crash':
        this.#rig.crash(step.parallelism);
        this.#live = copy(this.#committed);
        return;
    }
  }

  finish(): void {
    for (const key of KEYS) this.#check(key, 'x');
  }

  close(): void {
    this.#rig.close();
  }

  /** What the subtask did since the last epoch is lost; the others keep what they did. */
  #reopen(subtask: number): void {
    if (this.#rig.isFrozen) return;
    this.#rig.reopen(subtask);
    const committed = copy(this.#committed);
    for (const key of KEYS) {
      if (this.#rig.ownerOf(key) !== subtask) continue;
      const entry = committed.get(key);
      if (entry === undefined) this.#live.delete(key);
      else this.#live.set(key, entry);
    }
  }

  #change(step: Extract<Command, { key: number }>): void {
    const key = KEYS[step.key]!;
    const model = this.#entry(key);
    const state = this.#rig.at(key);
    switch (step.type) {
      case 'bump': {
        // Changed in place, as user code may do.
        const total = state.value<{ n: number }>('total').get() ?? { n: 0 };
        total.n++;
        state.value('total').set(total);
        model.total = { n: (model.total?.n ?? 0) + 1 };
        return;
      }
      case 'clear':
        state.value('total').clear();
        model.total = undefined;
        return;
      case 'append':
        for (let i = 0; i < step.count; i++) {
          state.list('history').append(i);
          model.history.push(i);
        }
        return;
      case 'clearList':
        state.list('history').clear();
        model.history = [];
        return;
      case 'put':
        state.map('parts').set(SUBS[step.sub]!, step.n);
        model.parts.set(SUBS[step.sub]!, step.n);
        return;
      case 'delete':
        state.map('parts').delete(SUBS[step.sub]!);
        model.parts.delete(SUBS[step.sub]!);
        return;
      case 'clearMap':
        state.map('parts').clear();
        model.parts.clear();
        return;
    }
  }

  #check(key: Key, sub: Key): void {
    const model = this.#entry(key);
    const state = this.#rig.at(key);
    expect(state.value('total').get()).toEqual(model.total);
    expect(state.list('history').length).toBe(model.history.length);
    expect([...state.list('history').values()]).toEqual(model.history);
    expect(state.map('parts').get(sub)).toBe(model.parts.get(sub));
    expect(state.map('parts').has(sub)).toBe(model.parts.has(sub));
    const ascending = [...model.parts].sort(([a], [b]) => Buffer.compare(encodeKey(a), encodeKey(b)));
    expect([...state.map('parts').entries()]).toEqual(ascending);
  }

  #entry(key: Key): ModelEntry {
    let entry = this.#live.get(key);
    if (entry === undefined) {
      entry = { total: undefined, history: [], parts: new Map() };
      this.#live.set(key, entry);
    }
    return entry;
  }
}

function copy(model: Model): Model {
  return new Map(
    Array.from(model, ([key, { total, history, parts }]) => [
      key,
      { total: total && { ...total }, history: [...history], parts: new Map(parts) },
    ]),
  );
}

describeModel<Command>(
  'keyed state',
  'does what a plain program does, through freezes, commits, folds, subtasks begun anew and crashes',
  {
    commands: fc.array(command, { minLength: 20, maxLength: 150, size: 'max' }),
    begin: (medium, cacheBytes) => new EntryRun(new StateRig(medium, 3, cacheBytes)),
    memoryRuns: 150,
    lmdbRuns: 25,
  },
);
