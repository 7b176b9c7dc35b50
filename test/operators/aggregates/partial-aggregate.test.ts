import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Emitter, type Key, StreamRecord } from '../../../src/model/index.ts';
import {
  type Aggregator,
  type AggregatorFields,
  aggregates,
  fieldsOfPartials,
  findPartialProblem,
  type PartialAggregate,
  PartialAggregateOperator,
} from '../../../src/operators/index.ts';
import { LAWS, type Reading, readingArbitrary } from './laws.ts';

const PANE_MS = 2;
const paneOf = (timestamp: number): number => Math.floor(timestamp / PANE_MS) * PANE_MS;

const FIELDS: AggregatorFields<Reading> = Object.fromEntries(
  LAWS.map(({ name, aggregator }) => [name, aggregator] as const),
);

class Emitted implements Emitter<PartialAggregate> {
  readonly records: StreamRecord<PartialAggregate>[] = [];
  emit(record: StreamRecord<PartialAggregate>): void {
    this.records.push(structuredClone(record));
    Object.setPrototypeOf(this.records.at(-1)!, StreamRecord.prototype);
  }
  emitTo(): void {
    throw new Error('there is one output');
  }
}

function readingOf(value: number): Reading {
  return { value, text: null, time: 0 };
}

/** What a window behind the exchange makes of each key and pane: the same code for records and for partial aggregates. */
function windowResults<In>(fields: AggregatorFields<In>, records: readonly StreamRecord<In>[]): Map<string, unknown[]> {
  const aggregators: Aggregator<In, unknown, unknown>[] = Object.values(fields);
  const panes = new Map<string, unknown[]>();
  for (const { value, key, timestamp } of records) {
    if (Number.isNaN(timestamp)) continue;
    const pane = `${typeof key} ${String(key)} ${paneOf(timestamp)}`;
    const before = panes.get(pane) ?? aggregators.map((aggregator) => aggregator.create());
    panes.set(
      pane,
      aggregators.map((aggregator, i) => aggregator.add(before[i], value, timestamp)),
    );
  }
  for (const [pane, found] of panes)
    panes.set(
      pane,
      aggregators.map((aggregator, i) => aggregator.result(found[i])),
    );
  return panes;
}

const KEYS: readonly Key[] = ['a', '', 1, '1', 1n, true, Number.NaN, '__proto__'];

const inputArbitrary = fc.array(
  fc.record({ reading: readingArbitrary, key: fc.constantFrom(...KEYS), isFlushedBehind: fc.boolean() }),
  { maxLength: 40 },
);

describe('partial aggregates', () => {
  it('lead a window to the same results as the records themselves, wherever they were flushed', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const operator = new PartialAggregateOperator({ fields: FIELDS, paneOf });
        const out = new Emitted();
        const records = input.map(({ reading, key }) => new StreamRecord(reading, key, reading.time, 5));
        for (const [i, record] of records.entries()) {
          operator.process(record, out);
          if (input[i]!.isFlushedBehind) operator.flush(out);
        }
        operator.flush(out);

        const exact = windowResults(FIELDS, records);
        const partial = windowResults(fieldsOfPartials(FIELDS), out.records);

        expect([...partial.keys()].sort()).toEqual([...exact.keys()].sort());
        for (const [pane, results] of exact) {
          for (const [i, result] of results.entries()) {
            if (typeof result === 'number') expect(partial.get(pane)![i]).toBeCloseTo(result, 9);
            else expect(partial.get(pane)![i]).toEqual(result);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('stand for every record once, with its key and its pane', () => {
    fc.assert(
      fc.property(inputArbitrary, (input) => {
        const operator = new PartialAggregateOperator({ fields: { n: aggregates.count() }, paneOf });
        const out = new Emitted();
        for (const { reading, key } of input) operator.process(new StreamRecord(reading, key, reading.time, 5), out);
        operator.flush(out);

        const placed = input.filter(({ reading }) => !Number.isNaN(reading.time));
        const groups = new Set(
          placed.map(({ reading, key }) => `${typeof key} ${String(key)} ${paneOf(reading.time)}`),
        );
        const total = out.records.reduce((sum, { value }) => sum + value.records, 0);
        expect(total).toBe(input.length);
        expect(out.records.filter(({ timestamp }) => !Number.isNaN(timestamp))).toHaveLength(groups.size);
      }),
      { numRuns: 60 },
    );
  });

  it('come one for each key and pane, in the order in which these began, due when their first record was', () => {
    const operator = new PartialAggregateOperator<Reading>({ fields: { n: aggregates.count() }, paneOf });
    const out = new Emitted();
    const input: [Key, number, number][] = [
      ['b', 3, 10],
      ['a', -1, 11],
      ['b', 2, 12],
      ['b', 1, 13],
      ['a', -2, 14],
    ];

    for (const [key, time, due] of input) operator.process(new StreamRecord(readingOf(1), key, time, due), out);
    expect(out.records).toEqual([]);
    operator.flush(out);
    operator.flush(out);

    expect(out.records.map(({ key, timestamp, ingestTime, value }) => [key, timestamp, ingestTime, value])).toEqual([
      ['b', 2, 10, { records: 2, accumulators: [2], value: undefined }],
      ['a', -2, 11, { records: 2, accumulators: [2], value: undefined }],
      ['b', 0, 13, { records: 1, accumulators: [1], value: undefined }],
    ]);
  });

  it('begin anew behind a flush: what was emitted is not touched again', () => {
    const operator = new PartialAggregateOperator<Reading>({
      fields: { all: aggregates.collect((reading: Reading) => reading.value) },
      paneOf,
    });
    const emitted: StreamRecord<PartialAggregate>[] = [];
    const out: Emitter<PartialAggregate> = { emit: (record) => void emitted.push(record), emitTo: () => {} };

    for (const value of [1, 2]) {
      operator.process(new StreamRecord(readingOf(value), 'a', 0, 5), out);
      operator.flush(out);
    }

    expect(emitted.map(({ value }) => value.accumulators)).toEqual([[[1]], [[2]]]);
  });

  it('pass records without a time on at once, for the window to count', () => {
    const operator = new PartialAggregateOperator<Reading>({ fields: { n: aggregates.count() }, paneOf });
    const out = new Emitted();

    operator.process(new StreamRecord(readingOf(1), 'a', Number.NaN, 5), out);

    const single = { records: 1, accumulators: undefined, value: readingOf(1) };
    expect(out.records).toEqual([new StreamRecord(single, 'a', Number.NaN, 5)]);
  });

  it('are bounded in number: with 4,096 of them, all go', () => {
    const operator = new PartialAggregateOperator<Reading>({ fields: { n: aggregates.count() }, paneOf });
    const out = new Emitted();

    for (let i = 0; i < 4_095; i++) operator.process(new StreamRecord(readingOf(1), i, 0, 5), out);
    const before = out.records.length;
    operator.process(new StreamRecord(readingOf(1), 'one more', 0, 5), out);

    expect([before, out.records.length]).toEqual([0, 4_096]);
  });

  it('are not made for a while where nearly every record has a key of its own, and results are the same', () => {
    const fields = { all: aggregates.collect((reading: Reading) => reading.value) };
    const operator = new PartialAggregateOperator<Reading>({ fields, paneOf });
    const out = new Emitted();
    const records = Array.from({ length: 34_000 }, (_, i) => new StreamRecord(readingOf(i), i % 900, i % 3, 5));

    for (const [i, record] of records.entries()) {
      operator.process(record, out);
      if (i % 256 === 255) operator.flush(out);
    }
    operator.flush(out);

    const singles = out.records.filter(({ value }) => value.accumulators === undefined);
    expect(singles).toHaveLength(32_768);
    expect(singles[0]).toEqual(
      new StreamRecord({ records: 1, accumulators: undefined, value: readingOf(1_024) }, 1_024 % 900, 1_024 % 3, 5),
    );
    expect(windowResults(fieldsOfPartials(fields), out.records)).toEqual(windowResults(fields, records));
  });

  it('are made wherever two records share one', () => {
    const operator = new PartialAggregateOperator<Reading>({ fields: { n: aggregates.count() }, paneOf });
    const out = new Emitted();

    for (let i = 0; i < 8_192; i++) {
      operator.process(new StreamRecord(readingOf(i), i % 128, 0, 5), out);
      if (i % 256 === 255) operator.flush(out);
    }

    expect(out.records).toHaveLength(4_096);
  });

  it('name the field that cannot take a record', () => {
    const operator = new PartialAggregateOperator<Reading>({
      fields: { worst: aggregates.mean((reading: Reading) => reading.text as never) },
      paneOf,
    });

    const attempt = () => operator.process(new StreamRecord({ ...readingOf(1), text: 'x' }, 'a', 0, 5), new Emitted());

    expect(attempt).toThrow(`the field 'worst' cannot take the record: mean takes numbers`);
  });

  it('keep the names of the aggregates, and so the state of the window', () => {
    const names = Object.values(fieldsOfPartials(FIELDS)).map(({ name }) => name);

    expect(names).toEqual(LAWS.map(({ aggregator }) => aggregator.name));
  });

  it('are refused where an aggregate cannot merge, by the names of the fields', () => {
    const custom = aggregates.custom({ name: 'x', create: () => 0, add: (n: number) => n, result: (n) => n });

    expect(findPartialProblem({ n: aggregates.count(), odd: custom, even: custom })).toBe(
      "local aggregation needs aggregates that can merge, and 'odd', 'even' cannot",
    );
    expect(findPartialProblem(FIELDS)).toBeUndefined();
  });
});
