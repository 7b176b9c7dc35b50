/** Entries that come and go within one epoch: as if they had never been, but where something was written of them before. */
import { describe, expect, it } from 'vitest';
import type { KeyedState } from '../../src/model/index.ts';
import { memoryMedium, StateRig } from './state-rig.ts';

/** How an entry `n` of each kind of state is made, and how it goes. */
const KINDS: readonly (readonly [
  string,
  (state: KeyedState, n: number) => void,
  (state: KeyedState, n: number) => void,
])[] = [
  ['value', (state, n) => state.value('total').set(n), (state) => state.value('total').clear()],
  ['list', (state, n) => state.list('history').append(n), (state) => state.list('history').clear()],
  ['map', (state, n) => state.map('parts').set(n, n), (state, n) => state.map('parts').delete(n)],
  ['timer', (state, n) => state.timers('event').add(n, 'it'), (state, n) => state.timers('event').remove(n, 'it')],
  [
    'timer that fires',
    (state, n) => state.timers('event').add(n, 'it'),
    (state) => void state.takeDueTimer('event', 100),
  ],
];

function rigOf(): StateRig {
  return new StateRig(memoryMedium(), 1, 1_000_000, (state) => {
    state.value('total');
    state.list('history');
    state.map('parts');
    state.timers('event');
  });
}

function foldAll(rig: StateRig): void {
  for (let epoch = 0; epoch < 4; epoch++) rig.epoch();
  while (rig.store.foldSlice('early'));
}

function lookAt(state: KeyedState): void {
  state.value('total').get();
  state.list('history').values();
  for (const _entry of state.map('parts').entries());
  state.nextTimerAt('event');
}

function entriesOfEpoch(rig: StateRig): number {
  rig.freeze();
  return rig.commit().reduce((sum, { entries }) => sum + entries, 0);
}

describe.each(KINDS)('a %s', (_kind, make, remove) => {
  it('that came and went within one epoch leaves no delta', () => {
    const rig = rigOf();
    const state = rig.at('a');
    for (let n = 0; n < 10; n++) {
      make(state, n);
      remove(state, n);
    }

    expect(state.dirtyBytes()).toBe(0);
    rig.freeze();
    expect(rig.commit()).toEqual([]);
  });

  it('that went leaves those that stay, and each of them may still go', () => {
    const rig = rigOf();
    for (let n = 0; n < 4; n++) make(rig.at(n), n);
    // Each that goes gives its place among the changed ones to another.
    for (const n of [0, 3]) remove(rig.at(n), n);
    make(rig.at(4), 4);
    remove(rig.at(1), 1);
    const changed = rig.at(0).dirtyBytes();

    expect(changed).toBeGreaterThan(0);
    for (const n of [2, 4]) remove(rig.at(n), n);
    expect(rig.at(0).dirtyBytes()).toBe(0);
    expect(entriesOfEpoch(rig)).toBe(0);
  });

  it('that was written before is written as gone, once', () => {
    const rig = rigOf();
    make(rig.at('a'), 1);
    const written = entriesOfEpoch(rig);
    remove(rig.at('a'), 1);
    const gone = entriesOfEpoch(rig);
    make(rig.at('a'), 1);
    remove(rig.at('a'), 1);
    const again = entriesOfEpoch(rig);

    expect(written).toBeGreaterThan(0);
    expect([gone, again]).toEqual([written, 0]);
  });

  it.each([
    { isFolded: false, isLookedAt: false },
    { isFolded: false, isLookedAt: true },
    { isFolded: true, isLookedAt: false },
    { isFolded: true, isLookedAt: true },
  ])('that was written before a restart is gone behind the next one: %j', ({ isFolded, isLookedAt }) => {
    const rig = rigOf();
    make(rig.at('a'), 1);
    rig.epoch();
    if (isFolded) foldAll(rig);
    rig.crash(1);
    if (isLookedAt) lookAt(rig.at('a'));
    else make(rig.at('a'), 1);
    remove(rig.at('a'), 1);
    rig.epoch();
    rig.crash(1);

    const state = rig.at('a');
    expect(state.value('total').get()).toBeUndefined();
    expect(state.list('history').length).toBe(0);
    expect([...state.map('parts').entries()]).toEqual([]);
    expect(state.nextTimerAt('event')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a time to live', () => {
  it('that is over within the epoch of its entry leaves no delta, and neither does its place in the index', () => {
    const rig = rigOf();
    const state = rig.at('a');
    const brief = state.value('brief', { ttlMs: 10 });
    for (let now = 1_000; now < 1_100; now += 20) {
      rig.setNow(now);
      brief.set(now);
    }
    rig.setNow(2_000);
    while (state.removeExpired(10));

    rig.freeze();
    expect(rig.commit()).toEqual([]);
  });
});

describe('timers that were set and have fired within one epoch', () => {
  it('leave memory at once', () => {
    const rig = rigOf();
    const state = rig.at('a');
    const before = state.memory();
    for (let at = 0; at < 1_000; at++) {
      state.timers('event').add(at, 'it');
      if (at % 2 === 0) state.timers('event').remove(at, 'it');
      else state.takeDueTimer('event', at);
    }

    expect(state.memory()).toEqual(before);
  });

  it('stay in memory where the base tables have them still, or they would be read from there', () => {
    const rig = rigOf();
    for (let at = 0; at < 200; at++) rig.at('a').timers('event').add(at, 'it');
    rig.epoch();
    foldAll(rig);
    rig.crash(1);
    const state = rig.at('a');
    // Far timers are not read yet.
    expect(state.nextTimerAt('event')).toBe(0);
    const timers = state.timers('event');
    timers.remove(190, 'it');
    rig.epoch();
    timers.add(190, 'it');
    timers.remove(190, 'it');

    const fired = Array.from({ length: 200 }, () => state.takeDueTimer('event', 1_000)?.at);
    expect(fired).toEqual([...Array.from({ length: 200 }, (_, at) => at).filter((at) => at !== 190), undefined]);
  });
});

describe('a map', () => {
  it('whose entries came and went within one epoch leaves memory at once', () => {
    const rig = rigOf();
    const before = rig.at('a').memory();
    for (let key = 0; key < 100; key++) {
      const parts = rig.at(key).map('parts');
      for (const sub of [1, 2]) parts.set(sub, key);
      for (const sub of [2, 1]) parts.delete(sub);
    }

    expect(rig.at('a').memory()).toEqual(before);
  });

  it.each([[[Number.NaN]], [[Number.NaN, 1]]])(
    'has NaN for a key like any other, alone and among others: %j',
    (subs) => {
      const rig = rigOf();
      const parts = rig.at('a').map<number>('parts');
      for (const value of [1, 2]) for (const sub of subs) parts.set(sub, value);
      expect([...parts.entries()].map(([, value]) => value)).toEqual(subs.map(() => 2));

      for (const sub of subs) parts.delete(sub);
      expect(parts.has(Number.NaN)).toBe(false);
      expect(entriesOfEpoch(rig)).toBe(0);
    },
  );

  it('knows that some of its entries are in the base tables only, once they have left memory', () => {
    const subs = Array.from({ length: 40 }, (_, sub) => sub);
    const rig = new StateRig(memoryMedium(), 1, 4_000);
    for (const sub of subs) rig.at('a').map('parts').set(sub, sub);
    rig.epoch();
    foldAll(rig);
    for (const state of rig.states) state.onFolded(rig.store.foldedThrough());
    // Some of them have to make room.
    for (let key = 0; key < 8; key++) rig.at(key).value('total').get();

    const seen = subs.map((sub) => rig.at('a').map('parts').get(sub));
    expect(seen).toEqual(subs);
    expect([...rig.at('a').map('parts').entries()].map(([sub]) => sub)).toEqual(subs);
  });
});
