import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../src/model/index.ts';
import { defineProcess, type ErasedProcess, ProcessOperator, records, states } from '../../src/operators/index.ts';
import { runOperator } from '../../src/testing/operator-harness.ts';
import { recordOf, valuesOf } from './records.ts';

interface Payment {
  readonly amount: number;
  readonly shop: string;
}

const ledger = defineProcess({
  states: { total: states.value<number>(), amounts: states.list<number>(), byShop: states.map<number>() },
  emits: records<{ total: number; amounts: number[]; shops: [unknown, number][] }>(),
  sides: { large: records<number>(), foreign: records<string>() },
  process({ amount, shop }: Payment, { key, states, emit, emitTo }) {
    const total = (states.total.get() ?? 0) + amount;
    states.total.set(total);
    states.amounts.append(amount);
    states.byShop.set(shop, (states.byShop.get(shop) ?? 0) + amount);
    emit({ total, amounts: [...states.amounts.values()], shops: [...states.byShop.entries()].map(([k, v]) => [k, v]) });
    if (amount > 100) emitTo('large', amount);
    if (shop.startsWith('x')) emitTo('foreign', `${String(key)} at ${shop}`);
  },
});

function create(definition: unknown = ledger): ProcessOperator {
  return new ProcessOperator(definition as ErasedProcess);
}

describe('a keyed process', () => {
  it('keeps value, list and map state for each key, over restores', () => {
    const input = [
      recordOf({ amount: 5, shop: 'b' }, 'alice'),
      recordOf({ amount: 7, shop: 'a' }, 'bob'),
      recordOf({ amount: 3, shop: 'a' }, 'alice'),
      recordOf({ amount: 1, shop: 'b' }, 'alice'),
    ];

    const [rows] = valuesOf(runOperator({ create, input, outputs: 3, isStateful: true }));

    expect(rows).toEqual([
      { total: 5, amounts: [5], shops: [['b', 5]] },
      { total: 7, amounts: [7], shops: [['a', 7]] },
      {
        total: 8,
        amounts: [5, 3],
        shops: [
          ['a', 3],
          ['b', 5],
        ],
      },
      {
        total: 9,
        amounts: [5, 3, 1],
        shops: [
          ['a', 3],
          ['b', 6],
        ],
      },
    ]);
  });

  it('emits to side outputs by name, with key and times of the record', () => {
    const input = [recordOf({ amount: 500, shop: 'x1' }, 'alice', 42), recordOf({ amount: 1, shop: 'x2' }, 'bob', 43)];

    const [, large, foreign] = runOperator({ create, input, outputs: 3, isStateful: true });

    expect(large).toEqual([recordOf(500, 'alice', 42)]);
    expect(foreign).toEqual([recordOf('alice at x1', 'alice', 42), recordOf('bob at x2', 'bob', 43)]);
  });

  it('refuses a side output that is not declared, naming those that are', () => {
    const careless = {
      ...ledger,
      process: (_: Payment, context: { emitTo: (side: string, value: number) => void }) => context.emitTo('lrage', 1),
    };
    const input = [recordOf({ amount: 1, shop: 'a' }, 'k')];

    const attempt = () => runOperator({ create: () => create(careless), input, outputs: 3, isStateful: true });

    expect(attempt).toThrow(OperatorError);
    expect(attempt).toThrow(`emitTo('lrage'): no such side output; declared in 'sides': 'large', 'foreign'`);
  });

  it('opens and closes what a class instance holds, once per instance', () => {
    const log: string[] = [];
    class Tally {
      readonly states = { seen: states.value<number>() };
      open({ node, subtask, parallelism }: { node: string; subtask: number; parallelism: number }): void {
        log.push(`open ${node} ${subtask}/${parallelism}`);
      }
      process(
        _value: unknown,
        context: { states: { seen: { get(): number | undefined; set(n: number): void } }; emit(n: number): void },
      ): void {
        const seen = (context.states.seen.get() ?? 0) + 1;
        context.states.seen.set(seen);
        context.emit(seen);
      }
      close(): void {
        log.push('close');
      }
    }

    const output = runOperator({
      create: () => create(new Tally()),
      input: [recordOf(1, 'k'), recordOf(1, 'k')],
      isStateful: true,
    });

    expect(valuesOf(output)).toEqual([[1, 2]]);
    expect(log.slice(0, 2)).toEqual(['open operator 0/1', 'close']);
    expect(log.filter((entry) => entry === 'close').length).toBe(log.length / 2);
  });

  it('shows the timestamp of the record, and no state that was not declared', () => {
    const seen: unknown[] = [];
    const curious = defineProcess({
      process(_value: number, context) {
        seen.push(context.timestamp, Reflect.get(context.states, 'constructor'));
      },
    });

    runOperator({ create: () => create(curious), input: [recordOf(1, 'k', 99)], isStateful: true });

    expect(seen.slice(0, 2)).toEqual([99, undefined]);
  });
});
