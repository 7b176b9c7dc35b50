import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/model/index.ts';
import {
  FilterOperator,
  FlatMapOperator,
  KeyByOperator,
  MapOperator,
  SplitOperator,
} from '../../src/operators/index.ts';
import { runOperator } from '../../src/testing/operator-harness.ts';
import { recordOf, recordsOf, valuesOf } from './records.ts';

describe('map', () => {
  it('replaces values and keeps key and times', () => {
    const input = [recordOf(2, 'a', 7), recordOf(3, 'b', 8)];

    const [output] = runOperator({ create: () => new MapOperator((n: number) => n * n), input });

    expect(output).toEqual([recordOf(4, 'a', 7), recordOf(9, 'b', 8)]);
  });

  it('lets what its function throws through', () => {
    const create = () => new MapOperator((text: string) => JSON.parse(text) as unknown);

    expect(() => runOperator({ create, input: recordsOf('{') })).toThrow(SyntaxError);
  });
});

describe('filter', () => {
  it('keeps the records whose predicate is true, in order', () => {
    const output = runOperator({
      create: () => new FilterOperator((n: number) => n % 2 === 1),
      input: recordsOf(3, 4, 1, 2, 5),
    });

    expect(valuesOf(output)).toEqual([[3, 1, 5]]);
  });
});

describe('flatMap', () => {
  it('emits all values of an iterable in order, each with key and times of its record', () => {
    const create = () => new FlatMapOperator((text: string) => text.split(' '));

    const [output] = runOperator({ create, input: [recordOf('to be', 'x'), recordOf('or', 'y')] });

    expect(output).toEqual([recordOf('to', 'x'), recordOf('be', 'x'), recordOf('or', 'y')]);
  });

  it('takes generators and emits nothing for an empty iterable', () => {
    const create = () =>
      new FlatMapOperator(function* (n: number) {
        for (let i = 0; i < n; i++) yield i;
      });

    const output = runOperator({ create, input: recordsOf(0, 3, 0, 1) });

    expect(valuesOf(output)).toEqual([[0, 1, 2, 0]]);
  });
});

describe('keyBy', () => {
  it('sets the key and nothing else', () => {
    const create = () => new KeyByOperator((value: { id: string }) => value.id);

    const [output] = runOperator({ create, input: [recordOf({ id: 'a' }, 'old', 9)] });

    expect(output).toEqual([recordOf({ id: 'a' }, 'a', 9)]);
  });

  it('brings keys into canonical form, so that -0 and 0 are one key', () => {
    const [output] = runOperator({ create: () => new KeyByOperator((n: number) => n), input: recordsOf(-0, 0) });

    expect(output!.map(({ key }) => Object.is(key, 0))).toEqual([true, true]);
  });

  it.each([[null], [undefined], [{}], [Symbol('s')]])('refuses the key %s', (key) => {
    const create = () => new KeyByOperator(() => key as never);

    expect(() => runOperator({ create, input: recordsOf(1) })).toThrow(ValueError);
  });
});

describe('split', () => {
  const create = () => new SplitOperator<number>([(n) => n > 100, (n) => n > 10]);

  it('sends each record to the first branch that takes it, and what none takes to the rest', () => {
    const output = runOperator({ create, input: recordsOf(5, 500, 50, 7, 101), outputs: 3 });

    expect(valuesOf(output)).toEqual([[5, 7], [500, 101], [50]]);
  });

  it('asks no further predicate once one has taken the record', () => {
    let asked = 0;
    const counting = () => new SplitOperator<number>([() => true, () => ++asked > 0]);

    runOperator({ create: counting, input: recordsOf(1, 2), outputs: 3 });

    expect(asked).toBe(0);
  });
});
