import { describe, expect, it } from 'vitest';
import { type KeyedState, keyGroupOf, OperatorError } from '../../src/model/index.ts';
import { createKeyedState, type StateReader } from '../../src/storage/index.ts';
import type { ScanOptions } from '../../src/storage/state-reader.ts';
import { decodeTimer, encodeTimer, timeOfTimer } from '../../src/storage/timer-key.ts';
import { memoryMedium, StateRig } from './state-rig.ts';
import { ALL_GROUPS, KEY_GROUPS, SteppingClock } from './support.ts';

const TIMERS_PER_GROUP = 1_000_000 / KEY_GROUPS;

/** One key in each group. */
const KEY_OF_GROUP: readonly number[] = Array.from({ length: KEY_GROUPS }, (_, group) => {
  let key = 0;
  while (keyGroupOf(key, KEY_GROUPS) !== group) key++;
  return key;
});

/** Base tables with a million timers, one per millisecond, spread over the groups: made as they are read, and counted. */
class MillionTimers implements StateReader {
  entriesRead = 0;
  folded = 1;

  foldedThrough(): number {
    return this.folded;
  }

  refresh(): number {
    return this.folded;
  }

  place(): { readonly node: number; readonly state: number } {
    return { node: 0, state: 0 };
  }

  kind(_node: string, state: string): 'timers' | undefined {
    return state === 'timers:event' ? 'timers' : undefined;
  }

  read(): undefined {}

  *scan(
    _place: unknown,
    group: number,
    _key: Uint8Array,
    { from }: ScanOptions = {},
  ): Generator<{ sub: Uint8Array; value: Uint8Array }> {
    const first = from === undefined || from.length === 0 ? '' : Buffer.from(from).toString('latin1');
    const start = first === '' ? 0 : Math.max(0, Math.floor(timeOfTimer(first) / KEY_GROUPS) - 1);
    for (let i = start; i < TIMERS_PER_GROUP; i++) {
      const sub = encodeTimer(i * KEY_GROUPS + group, KEY_OF_GROUP[group]!, '');
      if (sub < first) continue;
      this.entriesRead++;
      yield { sub: Buffer.from(sub, 'latin1'), value: Uint8Array.of(0xc3) };
    }
  }

  *deltas(): Generator<never> {}

  close(): void {}
}

function open(reader: StateReader, cacheBytes: number): KeyedState {
  const state = createKeyedState({
    reader,
    node: 'count',
    subtask: 0,
    groups: ALL_GROUPS,
    keyGroups: KEY_GROUPS,
    epoch: 1,
    cacheBytes,
    clock: new SteppingClock(),
  });
  state.timers('event');
  return state;
}

describe('a million pending timers', () => {
  it('cost a group of 16 less than 40 entries each at the opening, and adding or removing far ones nothing', () => {
    const reader = new MillionTimers();
    const state = open(reader, 4_000_000);

    expect(state.nextTimerAt('event')).toBe(0);

    expect(reader.entriesRead).toBeLessThanOrEqual(40 * KEY_GROUPS);
    const before = reader.entriesRead;
    for (let i = 0; i < 10_000; i++) {
      state.setCurrentKey(i);
      state.timers('event').add(2_000_000 + i, 'far');
      state.timers('event').remove(900_000 + i, 'nobody');
      expect(state.nextTimerAt('event')).toBe(0);
    }
    expect(reader.entriesRead).toBe(before);
  });

  it.each([
    ['room for thousands', 4_000_000],
    ['room for hundreds', 200_000],
  ])('are taken in their order, each read once, in memory that stays bounded, with %s', (_size, cacheBytes) => {
    const reader = new MillionTimers();
    const state = open(reader, cacheBytes);
    const epochTimers = 500;
    for (let epoch = 2, next = 0; epoch <= 60; epoch++) {
      for (let i = 0; i < epochTimers; i++, next++) {
        expect(state.takeDueTimer('event', 1_000_000)?.at).toBe(next);
      }
      state.freeze(epoch);
      while (!state.encodeFrozen(1));
      state.takeDelta();
      reader.folded = epoch;
      state.onFolded(epoch);
      // Changed entries of two epochs, and what is read ahead, come on top of the bound.
      expect(state.memory().bytes).toBeLessThan(cacheBytes + (2 * epochTimers + 40 * KEY_GROUPS) * 300);
    }
    expect(reader.entriesRead).toBeLessThanOrEqual(2 * (59 * epochTimers + 40 * KEY_GROUPS));
  });
});

describe('timers', () => {
  it('that are set again while they fire come out of a later call, not of the same one', () => {
    const rig = new StateRig(memoryMedium());
    const state = rig.at('a');
    const timers = state.timers('processing');
    timers.add(10, 'tick');

    expect(state.takeDueTimer('processing', 50)).toEqual({ domain: 'processing', key: 'a', at: 10, tag: 'tick' });
    timers.add(10, 'tick');

    expect(state.nextTimerAt('processing')).toBe(10);
    expect(state.takeDueTimer('processing', 50)?.at).toBe(10);
    expect(state.takeDueTimer('processing', 50)).toBeUndefined();
    expect(state.nextTimerAt('processing')).toBe(Number.POSITIVE_INFINITY);
    rig.close();
  });

  it('of the end of the input are due there only, behind all others', () => {
    const rig = new StateRig(memoryMedium());
    const state = rig.at('a');
    state.timers('event').add(Number.POSITIVE_INFINITY, 'end');
    state.timers('event').add(Number.MAX_VALUE, 'late');

    expect(state.takeDueTimer('event', 1e300)).toBeUndefined();
    expect(state.takeDueTimer('event', Number.POSITIVE_INFINITY)?.tag).toBe('late');
    expect(state.takeDueTimer('event', Number.MAX_VALUE)).toBeUndefined();
    expect(state.takeDueTimer('event', Number.POSITIVE_INFINITY)?.tag).toBe('end');
    expect(state.takeDueTimer('event', Number.POSITIVE_INFINITY)).toBeUndefined();
    rig.close();
  });

  it('of the two clocks know nothing of each other', () => {
    const rig = new StateRig(memoryMedium());
    const state = rig.at('a');
    state.timers('event').add(5, 'x');

    expect(state.takeDueTimer('processing', 100)).toBeUndefined();
    expect(state.nextTimerAt('processing')).toBe(Number.POSITIVE_INFINITY);
    expect(state.nextTimerAt('event')).toBe(5);
    rig.close();
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])('are not set to %s', (at) => {
    const rig = new StateRig(memoryMedium());
    const state = rig.at('a');

    expect(() => state.timers('event').add(at, 'x')).toThrow(OperatorError);

    state.timers('event').remove(at, 'x');
    rig.close();
  });

  it('are stored under bytes that say all of them', () => {
    for (const [at, key, tag] of [
      [-1.5, 'a\0b', 'c\0'],
      [0, '', ''],
      [1.7e12, 12n, 'ü'],
      [Number.POSITIVE_INFINITY, false, '\ud800'],
    ] as const) {
      expect(decodeTimer(encodeTimer(at, key, tag))).toEqual({ at, key, tag });
    }
  });
});
