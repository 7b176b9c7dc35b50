import { describe, expect, it } from 'vitest';
import {
  type Emitter,
  type Operator,
  type OperatorContext,
  StreamRecord,
  type ValueState,
} from '../../src/model/index.ts';
import { HarnessError, runOperator } from '../../src/testing/operator-harness.ts';

const input = ['a', 'a', 'b', 'a'].map((key) => new StreamRecord({ n: 1 }, key, Number.NaN, 0));

/** Counts per key; `process` differs. */
abstract class Counter implements Operator<{ n: number }> {
  protected count!: ValueState<{ n: number }>;
  open(context: OperatorContext): void {
    this.count = context.state!.value('count');
  }
  abstract process(record: StreamRecord<{ n: number }>, out: Emitter): void;
}

describe('the operator harness', () => {
  it('passes an operator that keeps to the rules', () => {
    class Careful extends Counter {
      process(record: StreamRecord<{ n: number }>, out: Emitter): void {
        const count = { n: (this.count.get()?.n ?? 0) + 1 };
        this.count.set(count);
        out.emit(record.withValue(count.n));
      }
    }

    const [counts] = runOperator({ create: () => new Careful(), input, isStateful: true });

    expect(counts!.map(({ value }) => value)).toEqual([1, 2, 1, 3]);
  });

  it('catches a change in place that was never set', () => {
    class Forgetful extends Counter {
      process(record: StreamRecord<{ n: number }>, out: Emitter): void {
        const count = this.count.get() ?? { n: 0 };
        if (count.n === 0) this.count.set(count);
        count.n++;
        out.emit(record.withValue(count.n));
      }
    }

    expect(() => runOperator({ create: () => new Forgetful(), input, isStateful: true })).toThrow(/restore-each-time/);
  });

  it('catches state outside of keyed state', () => {
    const create = () => {
      let seen = 0;
      return { process: (record: StreamRecord, out: Emitter) => out.emit(record.withValue(++seen)) };
    };

    expect(() => runOperator({ create, input })).toThrow(/run restore-each-time .* output 0, record 1/);
  });

  it('catches an operator that emits what it goes on changing', () => {
    class Leaky extends Counter {
      process(record: StreamRecord<{ n: number }>, out: Emitter): void {
        const count = this.count.get() ?? { n: 0 };
        count.n++;
        this.count.set(count);
        out.emit(record.withValue(count));
      }
    }

    expect(() => runOperator({ create: () => new Leaky(), input, isStateful: true })).toThrow(/all-at-once/);
  });

  it('catches an operator that changes its input, and an output nobody declared', () => {
    const changing = () => ({
      process: (record: StreamRecord<{ n: number }>) => {
        record.value.n = 2;
      },
    });
    const astray = () => ({ process: (record: StreamRecord, out: Emitter) => out.emitTo(1, record) });

    expect(() => runOperator({ create: changing, input })).toThrow(TypeError);
    expect(() => runOperator({ create: astray, input })).toThrow(HarnessError);
  });
});
