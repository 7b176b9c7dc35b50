import { describe, expect, it } from 'vitest';
import { StreamRecord } from '../../../src/model/index.ts';
import { type BroadcastJoinOptions, broadcastJoinBlueprint } from '../../../src/operators/index.ts';
import { type HarnessStep, runOperator, step } from '../../../src/testing/operator-harness.ts';

interface Flight {
  readonly id: number;
  readonly from: string;
}

interface Airport {
  readonly code: string;
  readonly name: string;
  readonly isClosed?: boolean;
}

const keys: Pick<BroadcastJoinOptions<Flight, Airport, unknown>, 'leftKey' | 'rightKey'> = {
  leftKey: ({ from }) => from,
  rightKey: ({ code }) => code,
};

const flight = (id: number, from: string): StreamRecord => new StreamRecord({ id, from }, 'any', 40 + id, id);
const airport = (code: string, name: string, time = Number.NaN, isClosed = false): HarnessStep =>
  step.second(new StreamRecord({ code, name, isClosed }, undefined, time, 0));

function run(
  options: Partial<BroadcastJoinOptions<Flight, Airport, unknown>>,
  ...input: readonly HarnessStep[]
): readonly StreamRecord[] {
  const { create, problems, state } = broadcastJoinBlueprint({
    ...keys,
    select: (left: Flight, row: Airport | null) => `${left.id} ${row === null ? '-' : row.name}`,
    ...options,
  });
  expect(problems).toEqual([]);
  return runOperator({ create, input, state })[0]!;
}

function valuesOf(records: readonly StreamRecord[]): readonly unknown[] {
  return records.map(({ value }) => value);
}

describe('a broadcast join', () => {
  it('gives each record the row of its key, which need not be the key of the stream', () => {
    const rows = [airport('JFK', 'Kennedy'), airport('SFO', 'San Francisco')];

    const joined = run({ select: undefined }, ...rows, flight(1, 'SFO'), flight(2, 'JFK'));

    expect(joined).toEqual([
      new StreamRecord(
        { left: { id: 1, from: 'SFO' }, right: { code: 'SFO', name: 'San Francisco', isClosed: false } },
        'any',
        41,
        1,
      ),
      new StreamRecord(
        { left: { id: 2, from: 'JFK' }, right: { code: 'JFK', name: 'Kennedy', isClosed: false } },
        'any',
        42,
        2,
      ),
    ]);
  });

  it('drops records without a row, or keeps them with null', () => {
    const input = [airport('JFK', 'Kennedy'), flight(1, 'XXX'), flight(2, 'JFK')];

    expect(valuesOf(run({}, ...input))).toEqual(['2 Kennedy']);
    expect(valuesOf(run({ type: 'left' }, ...input))).toEqual(['1 -', '2 Kennedy']);
  });

  it('goes by the newest row as far as the table has come', () => {
    const input = [flight(1, 'JFK'), airport('JFK', 'Idlewild'), flight(2, 'JFK'), airport('JFK', 'Kennedy')];

    expect(valuesOf(run({ type: 'left' }, ...input, flight(3, 'JFK')))).toEqual(['1 -', '2 Idlewild', '3 Kennedy']);
  });

  it('calls the row with the latest event time the newest, and the last to come where times are equal', () => {
    const input = [airport('JFK', 'b', 20), airport('JFK', 'a', 10), flight(1, 'JFK'), airport('JFK', 'c', 20)];

    expect(valuesOf(run({}, ...input, flight(2, 'JFK')))).toEqual(['1 b', '2 c']);
  });

  it('forgets a row that is deleted, unless a newer one is there', () => {
    const isDelete = ({ isClosed = false }: Airport): boolean => isClosed;
    const closed = airport('JFK', '', 15, true);
    const late = [airport('SFO', 'a', 20), airport('SFO', '', 15, true)];

    const input = [airport('JFK', 'a', 10), closed, closed, ...late, flight(1, 'JFK'), flight(2, 'SFO')];
    expect(valuesOf(run({ type: 'left', isDelete }, ...input))).toEqual(['1 -', '2 a']);
  });

  it('has no late records: the watermark means nothing to it', () => {
    const input = [step.watermark(1_000), airport('JFK', 'Kennedy', 5), flight(1, 'JFK')];

    expect(valuesOf(run({}, ...input))).toEqual(['1 Kennedy']);
  });

  it('refuses keys that are none', () => {
    const input = [new StreamRecord({ id: 1 }, 'any', 1, 1)];

    expect(() => run({}, ...input)).toThrow('a key must be a string, number, bigint or boolean, not undefined');
  });

  it('keeps broadcast state, and reads a table that ends first', () => {
    const { outputs, state, states, readsSecondFirst, label } = broadcastJoinBlueprint({ ...keys, type: 'left' });

    expect({ outputs, state, states, readsSecondFirst, label }).toEqual({
      outputs: ['main'],
      state: 'broadcast',
      states: [{ name: 'table', kind: 'value' }],
      readsSecondFirst: true,
      label: 'left join with a whole table',
    });
    expect(broadcastJoinBlueprint({ ...keys, type: 'right' as 'left' }).problems).toEqual([
      "there is no join of type 'right' here; use one of 'inner', 'left'",
    ]);
  });
});
