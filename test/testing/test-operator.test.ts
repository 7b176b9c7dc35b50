import { describe, expect, it } from 'vitest';
import { defineProcess, records, states } from '../../src/operators/index.ts';
import type { Stream } from '../../src/plan/index.ts';
import { testOperator } from '../../src/testing/test-operator.ts';

interface Payment {
  readonly card: string;
  readonly amount: number;
}

const running = (payments: Stream<Payment>) =>
  payments
    .filter(({ amount }) => amount > 0)
    .keyBy(({ card }) => card)
    .process({
      states: { total: states.value<number>(), all: states.list<number>(), largest: states.map<number>() },
      emits: records<number>(),
      sides: { large: records<Payment>() },
      process(payment, context) {
        const total = (context.states.total.get() ?? 0) + payment.amount;
        context.states.total.set(total);
        context.states.all.append(payment.amount);
        context.states.largest.set('amount', Math.max(context.states.largest.get('amount') ?? 0, payment.amount));
        if (payment.amount > 100) context.emitTo('large', payment);
        context.emit(total);
      },
    });

describe('a driven operator', () => {
  it('takes what users write, behind what prepares its input', () => {
    const driver = testOperator(running);

    driver.add({ card: 'a', amount: 5 }, { at: 1_000 }).add({ card: 'b', amount: 200 }).add({ card: 'a', amount: -1 });

    expect(driver.take()).toEqual([5, 200]);
    expect(driver.add({ card: 'a', amount: 7 }).take()).toEqual([12]);
    expect(driver.output()).toEqual([5, 200, 12]);
    expect(driver.side('large')).toEqual([{ card: 'b', amount: 200 }]);
    expect(driver.records()[0]).toEqual({ value: 5, key: 'a', timestamp: 1_000 });
    expect(() => driver.side('small')).toThrow("no output 'small'; it has main, large");
  });

  it('shows the state of a key, and looking changes nothing', () => {
    const driver = testOperator(running).add({ card: 'a', amount: 5 }).add({ card: 'a', amount: 7 });

    const shown = driver.state('a');
    expect(shown).toEqual({ total: 12, all: [5, 7], largest: [['amount', 7]] });
    expect(driver.state('nobody')).toEqual({});
    expect(driver.add({ card: 'a', amount: 1 }).take()).toEqual([5, 12, 13]);
  });

  it('goes back to a snapshot, as often as wanted', () => {
    const driver = testOperator(running).add({ card: 'a', amount: 5 });
    const snapshot = driver.snapshot();

    expect(driver.add({ card: 'a', amount: 7 }).take()).toEqual([5, 12]);
    expect(driver.restore(snapshot).add({ card: 'a', amount: 9 }).take()).toEqual([14]);
    expect(driver.restore(snapshot).state('a')).toEqual({ total: 5, all: [5], largest: [['amount', 5]] });
  });

  it('finds state in a field when it is restored behind every step', () => {
    const definition = () => {
      let total = 0;
      return defineProcess({
        emits: records<number>(),
        process(payment: Payment, context) {
          total += payment.amount;
          context.emit(total);
        },
      });
    };
    const sums = (restoreEachStep: boolean) =>
      testOperator((payments: Stream<Payment>) => payments.keyBy(({ card }) => card).process(definition), {
        restoreEachStep,
      })
        .add({ card: 'a', amount: 5 })
        .add({ card: 'a', amount: 7 })
        .take();

    expect(sums(false)).toEqual([5, 12]);
    expect(sums(true)).not.toEqual([5, 12]);
  });

  it('keeps what it was given as it was, and refuses what no record may hold', () => {
    const driver = testOperator(running);
    const payment = { card: 'a', amount: 500 };
    driver.add(payment);
    payment.amount = 0;

    expect(driver.side('large')).toEqual([{ card: 'a', amount: 500 }]);
    expect(() => testOperator((values: Stream<unknown>) => values.map((value) => value)).add(() => {})).toThrow();
  });

  it('says what it cannot drive', () => {
    const two = (first: Stream<Payment>) =>
      running(first)
        .keyBy(() => 'all')
        .aggregate({});
    const nothing = (first: Stream<Payment>) => first;

    expect(() => testOperator((first: Stream<Payment>) => running(first).map((total) => total))).toThrow(
      /process' in front of the operator is more than a function; drive a whole job instead/,
    );
    expect(() => testOperator(two)).toThrow('has no field');
    expect(() => testOperator(nothing)).toThrow('there is no operator');
    expect(() => testOperator(running).addSecond(1 as never)).toThrow('no second input');
  });
});
