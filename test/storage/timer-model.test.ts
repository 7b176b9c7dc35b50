/** Timers against a plain sorted array: the same commands, on both media, must be seen to do the same. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { encodeKey } from '../../src/codec/key-codec.ts';
import type { Key, KeyedState, TimeDomain } from '../../src/model/index.ts';
import { describeModel, fold, LONG, type ModelRun } from './model-runs.ts';
import { StateRig } from './state-rig.ts';

interface Timer {
  readonly domain: TimeDomain;
  readonly at: number;
  readonly key: Key;
  readonly tag: string;
}

const KEYS: readonly Key[] = [
  'a',
  'b',
  'ab',
  '',
  'a\0',
  'a\0\0b',
  'ä',
  '\ud800',
  7,
  0,
  -1.5,
  Number.NaN,
  12n,
  true,
  LONG,
  `${LONG}2`,
];
const TIMES: readonly number[] = [
  -1e15,
  -1_000.5,
  -1,
  -0,
  0,
  0.25,
  1,
  2,
  3,
  4,
  5,
  60_000,
  1.7e12,
  1.7e12 + 1,
  Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
];
const TAGS: readonly string[] = ['', 'x', 'y', 'xy', '\0', 'ü', '\udfff', `${LONG}b`, `${LONG}a`];

const at = fc.constantFrom(...TIMES);
const timer = fc.record({
  domain: fc.constantFrom<TimeDomain>('event', 'processing'),
  at,
  key: fc.constantFrom(...KEYS),
  tag: fc.constantFrom(...TAGS),
});
const command = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ type: fc.constant('add' as const), timers: fc.array(timer, { maxLength: 12 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('addMany' as const), timer }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('remove' as const), timer }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('removeOneThere' as const), index: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('take' as const), upTo: at, limit: fc.nat({ max: 20 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('takeAndSetAgain' as const), upTo: at }) },
  { weight: 6, arbitrary: fc.constant({ type: 'check' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'freeze' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'encode' as const }) },
  { weight: 6, arbitrary: fc.constant({ type: 'commit' as const }) },
  {
    weight: 4,
    arbitrary: fold,
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reopen' as const), subtask: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('crash' as const), parallelism: fc.integer({ min: 1, max: 4 }) }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

class TimerRun implements ModelRun<Command> {
  readonly #rig: StateRig;
  #live: readonly Timer[] = [];
  #frozen: readonly Timer[] = [];
  #committed: readonly Timer[] = [];

  constructor(rig: StateRig) {
    this.#rig = rig;
  }

  run(step: Command): void {
    switch (step.type) {
      case 'add':
        for (const each of step.timers) this.#add(each);
        return;
      case 'addMany':
        // More than a page, in one key group.
        for (const at of TIMES) for (const tag of ['x', 'y', '']) this.#add({ ...step.timer, at, tag });
        return;
      case 'remove':
        this.#remove(step.timer);
        return;
      case 'removeOneThere':
        if (this.#live.length > 0) this.#remove(this.#live[step.index % this.#live.length]!);
        return;
      case 'take':
        for (let i = 0; i < step.limit; i++) for (const subtask of this.#subtasks()) this.#take(subtask, step.upTo);
        return;
      case 'takeAndSetAgain':
        for (const subtask of this.#subtasks()) {
          const taken = this.#take(subtask, step.upTo);
          if (taken !== undefined) this.#add(taken);
        }
        return;
      case 'check':
        this.#checkNext();
        return;
      case 'freeze':
        if (this.#rig.isFrozen) return;
        this.#frozen = this.#live;
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
      case 'reopen':
        this.#reopen(step.subtask % this.#rig.states.length);
        return;
      case 'crash':
        this.#rig.crash(step.parallelism);
        this.#live = this.#committed;
        return;
    }
  }

  /** Takes all that is left, in its order. */
  finish(): void {
    this.#checkNext();
    for (const subtask of this.#subtasks()) while (this.#take(subtask, Number.POSITIVE_INFINITY) !== undefined);
    expect(this.#live).toEqual([]);
    if (this.#rig.isFrozen) this.#rig.commit();
    expect(this.#rig.settleToNothing()).toBe(true);
  }

  close(): void {
    this.#rig.close();
  }

  #subtasks(): number[] {
    return this.#rig.states.map((_, subtask) => subtask);
  }

  #add({ domain, at, key, tag }: Timer): void {
    this.#rig.at(key).timers(domain).add(at, tag);
    const timer = { domain, at: at + 0, key, tag };
    if (!this.#live.some((other) => isSame(other, timer))) this.#live = insert(this.#live, timer);
  }

  #remove(timer: Timer): void {
    this.#rig.at(timer.key).timers(timer.domain).remove(timer.at, timer.tag);
    this.#live = this.#live.filter((other) => !isSame(other, timer));
  }

  #take(subtask: number, upTo: number): Timer | undefined {
    let taken: Timer | undefined;
    for (const domain of ['event', 'processing'] as const) {
      const state = this.#rig.states[subtask]!;
      const expected = this.#earliest(subtask, domain);
      const due = expected !== undefined && expected.at <= upTo ? expected : undefined;
      expect(state.takeDueTimer(domain, upTo)).toEqual(due);
      if (due === undefined) continue;
      // Its key is current.
      expect(state.value('seen').get()).toBe(undefined);
      this.#live = this.#live.filter((other) => other !== due);
      taken = due;
    }
    return taken;
  }

  #checkNext(): void {
    for (const subtask of this.#subtasks()) {
      for (const domain of ['event', 'processing'] as const) {
        const expected = this.#earliest(subtask, domain)?.at ?? Number.POSITIVE_INFINITY;
        expect(this.#rig.states[subtask]!.nextTimerAt(domain)).toBe(expected);
      }
    }
  }

  #earliest(subtask: number, domain: TimeDomain): Timer | undefined {
    return this.#live.find((timer) => timer.domain === domain && this.#rig.ownerOf(timer.key) === subtask);
  }

  /** What the subtask did since the last epoch is lost; the others keep what they did. */
  #reopen(subtask: number): void {
    if (this.#rig.isFrozen) return;
    this.#rig.reopen(subtask);
    const isLost = ({ key }: Timer): boolean => this.#rig.ownerOf(key) === subtask;
    this.#live = [...this.#live.filter((timer) => !isLost(timer)), ...this.#committed.filter(isLost)].sort(compare);
  }
}

/** `timers` are sorted, and stay so. */
function insert(timers: readonly Timer[], timer: Timer): readonly Timer[] {
  const at = timers.findIndex((other) => compare(timer, other) < 0);
  return at === -1 ? [...timers, timer] : [...timers.slice(0, at), timer, ...timers.slice(at)];
}

function isSame(a: Timer, b: Timer): boolean {
  return a.domain === b.domain && a.at === b.at && Object.is(a.key, b.key) && a.tag === b.tag;
}

function compare(a: Timer, b: Timer): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return Buffer.compare(encodeKey(a.key), encodeKey(b.key)) || Buffer.compare(encodeKey(a.tag), encodeKey(b.tag));
}

function declare(state: KeyedState): void {
  state.value('seen');
  state.timers('event');
  state.timers('processing');
}

describeModel<Command>(
  'timers',
  'come out as from a sorted array, through freezes, commits, folds, subtasks begun anew and crashes',
  {
    commands: fc.array(command, { minLength: 20, maxLength: 120, size: 'max' }),
    begin: (medium, cacheBytes) => new TimerRun(new StateRig(medium, 3, cacheBytes, declare)),
    memoryRuns: 80,
    lmdbRuns: 15,
  },
);
