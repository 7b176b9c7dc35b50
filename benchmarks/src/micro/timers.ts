/** What setting, moving and firing a timer cost the keyed state itself, in one thread. Forked by `timers`. */
import type { KeyedState } from '../../../dist/model/index.js';
import { SystemClock } from '../../../dist/model/index.js';
import { createKeyedState, MemoryDisk, openMemoryStateReader } from '../../../dist/storage/index.js';
import { median } from '../harness/distribution.ts';
import { readSettings, sendResult } from '../harness/fork.ts';

export interface TimerCostSettings {
  readonly rounds: number;
  readonly timersPerRound: number;
  /** Far in the future, set before. */
  readonly pending: number;
}

/** Nanoseconds, medians of the rounds. */
export interface TimerCostResult {
  readonly setNs: number;
  /** One taken out and one put in. */
  readonly moveNs: number;
  readonly fireNs: number;
}

const FAR_MS = 1e14;
const TAG = 'timer';

const { rounds, timersPerRound, pending } = readSettings<TimerCostSettings>();
const cards = Array.from({ length: timersPerRound }, (_, i) => `card-${i}`);

function makeState(): KeyedState {
  const state = createKeyedState({
    reader: openMemoryStateReader(new MemoryDisk()),
    node: 'timers',
    subtask: 0,
    groups: { first: 0, last: 127 },
    keyGroups: 128,
    epoch: 0,
    cacheBytes: 2 ** 30,
    clock: new SystemClock(),
  });
  const queue = state.timers('event');
  for (let i = 0; i < pending; i++) {
    state.setCurrentKey(`early-${i}`);
    queue.add(FAR_MS + i, TAG);
  }
  return state;
}

/** Times in an order of their own: setting them in ascending order would be the best case of any queue. */
function timeOf(i: number): number {
  return (i * 7919) % timersPerRound;
}

function nsPerTimer(body: () => void): number {
  const beganAt = performance.now();
  body();
  return ((performance.now() - beganAt) * 1e6) / timersPerRound;
}

function round(state: KeyedState): TimerCostResult {
  const queue = state.timers('event');
  const setNs = nsPerTimer(() => {
    for (let i = 0; i < timersPerRound; i++) {
      state.setCurrentKey(cards[i]!);
      queue.add(timeOf(i), TAG);
    }
  });
  const moveNs = nsPerTimer(() => {
    for (let i = 0; i < timersPerRound; i++) {
      state.setCurrentKey(cards[i]!);
      queue.remove(timeOf(i), TAG);
      queue.add(timeOf(i) + timersPerRound, TAG);
    }
  });
  let fired = 0;
  const fireNs = nsPerTimer(() => {
    while (state.takeDueTimer('event', 2 * timersPerRound) !== undefined) fired++;
  });
  if (fired !== timersPerRound) throw new Error(`${fired} of ${timersPerRound} timers fired`);
  return { setNs, moveNs, fireNs };
}

const results: TimerCostResult[] = [];
for (let i = 0; i < rounds + 1; i++) {
  const result = round(makeState());
  // One to warm up.
  if (i > 0) results.push(result);
}
const of = (name: keyof TimerCostResult): number => median(results.map((result) => result[name]));
sendResult({ setNs: of('setNs'), moveNs: of('moveNs'), fireNs: of('fireNs') } satisfies TimerCostResult);
