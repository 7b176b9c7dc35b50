import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyedState, MapState, StateAccess } from '../../../src/model/index.ts';
import {
  ROWS_PER_CHUNK_MAX,
  TimeOrderedRows,
  timeOrderedStates,
  type Verdict,
} from '../../../src/operators/joins/time-ordered-rows.ts';
import { openDeltaState } from '../../../src/testing/delta-state.ts';

interface Row {
  readonly time: number;
  readonly id: number;
  note: string;
}

type Action =
  | { readonly kind: 'insert'; readonly time: number }
  | { readonly kind: 'visit'; readonly from: number; readonly to: number; readonly verdicts: readonly Verdict[] }
  | { readonly kind: 'latest'; readonly time: number };

const time = fc.integer({ min: -20, max: 20 });
const verdict = fc.constantFrom<Verdict>('keep', 'remove', 'remove', 'changed', 'stop');
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant('insert' as const), time }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('visit' as const),
        from: time,
        to: time,
        verdicts: fc.array(verdict, { minLength: 1, maxLength: 9 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('latest' as const), time }) },
  ),
  { maxLength: 400, size: 'max' },
);

function openState(): KeyedState {
  const state = openDeltaState('rows', []);
  state.setCurrentKey('k');
  return state;
}

/** What the states of the rows hold, and how often a chunk was read. */
function counting(state: StateAccess): { readonly access: StateAccess; reads(): number } {
  let reads = 0;
  const access: StateAccess = {
    value: (name) => state.value(name),
    list: (name) => state.list(name),
    timers: (domain) => state.timers(domain),
    map: <V>(name: string): MapState<V> => {
      const map = state.map<V>(name);
      return {
        get: (key) => {
          reads++;
          return map.get(key);
        },
        set: (key, value) => map.set(key, value),
        has: (key) => map.has(key),
        delete: (key) => map.delete(key),
        entries: () => map.entries(),
        clear: () => map.clear(),
      };
    },
  };
  return { access, reads: () => reads };
}

function allOf(rows: TimeOrderedRows<Row>): readonly Row[] {
  const found: Row[] = [];
  rows.visit(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (row) => {
    found.push({ ...row });
    return 'keep';
  });
  return found;
}

describe('rows in the order of their times', () => {
  it('are those of a sorted array, whatever is inserted, removed and changed', () => {
    fc.assert(
      fc.property(actions, (all) => {
        const state = openState();
        const rows = new TimeOrderedRows<Row>(state, 'r');
        let model: Row[] = [];
        for (const [id, action] of all.entries()) {
          if (action.kind === 'insert') {
            rows.insert({ time: action.time, id, note: '' });
            const place = model.findIndex((row) => row.time > action.time);
            model.splice(place === -1 ? model.length : place, 0, { time: action.time, id, note: '' });
          } else if (action.kind === 'latest') {
            expect(rows.latest(action.time)).toEqual(model.findLast((row) => row.time <= action.time));
          } else {
            const visited: number[] = [];
            rows.visit(action.from, action.to, (row) => {
              const said = action.verdicts[visited.length % action.verdicts.length]!;
              visited.push(row.id);
              if (said === 'changed') row.note += '!';
              return said;
            });
            const expected: number[] = [];
            let hasStopped = false;
            model = model.flatMap((row) => {
              if (hasStopped || row.time < action.from || row.time > action.to) return [row];
              const said = action.verdicts[expected.length % action.verdicts.length]!;
              expected.push(row.id);
              hasStopped = said === 'stop';
              if (said === 'remove') return [];
              return [said === 'changed' ? { ...row, note: `${row.note}!` } : row];
            });
            expect(visited).toEqual(expected);
          }
          expect(rows.firstTime()).toBe(model[0]?.time ?? Number.POSITIVE_INFINITY);
        }
        expect(allOf(rows)).toEqual(model);
      }),
      { numRuns: 60 },
    );
  });

  it('of another key are others', () => {
    const state = openState();
    const rows = new TimeOrderedRows<Row>(state, 'r');
    rows.insert({ time: 1, id: 1, note: '' });

    state.setCurrentKey('other');

    expect(allOf(rows)).toEqual([]);
    expect(rows.latest(5)).toBeUndefined();
  });

  it('leave nothing when all are removed', () => {
    const state = openState();
    const rows = new TimeOrderedRows<Row>(state, 'r');
    for (let id = 0; id < 500; id++) rows.insert({ time: id % 7, id, note: '' });

    rows.visit(0, 6, () => 'remove');

    expect(timeOrderedStates('r').map(({ name }) => name)).toEqual(['rIndex', 'rRows']);
    expect(state.value('rIndex').get()).toBeUndefined();
    expect([...state.map('rRows').entries()]).toEqual([]);
  });

  it('are read by the chunk, and a range costs no more than what is in it', () => {
    const { access, reads } = counting(openState());
    const rows = new TimeOrderedRows<Row>(access, 'r');
    for (let id = 0; id < 20_000; id++) rows.insert({ time: id, id, note: '' });
    const readsBefore = reads();
    let seen = 0;

    rows.visit(10_000, 10_000 + 3 * ROWS_PER_CHUNK_MAX, () => {
      seen++;
      return 'keep';
    });

    expect(seen).toBe(3 * ROWS_PER_CHUNK_MAX + 1);
    expect(reads() - readsBefore).toBeLessThanOrEqual(5);
  });

  it('stay in chunks of a bounded size, also where they all have one time', () => {
    const state = openState();
    const rows = new TimeOrderedRows<Row>(state, 'r');
    for (let id = 0; id < 1_000; id++) rows.insert({ time: id % 3, id, note: '' });

    const sizes = Array.from(state.map<Row[]>('rRows').entries(), ([, chunk]) => chunk.length);

    expect(Math.max(...sizes)).toBeLessThanOrEqual(ROWS_PER_CHUNK_MAX);
    expect(sizes.length).toBeLessThan((3 * 1_000) / ROWS_PER_CHUNK_MAX);
    expect(allOf(rows).map(({ id }) => id)).toEqual(
      Array.from({ length: 1_000 }, (_, id) => id).toSorted((a, b) => (a % 3) - (b % 3) || a - b),
    );
  });
});
