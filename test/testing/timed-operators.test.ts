import { describe, expect, it } from 'vitest';
import {
  type DueTimer,
  type Emitter,
  END_OF_TIME,
  type Operator,
  type OperatorContext,
  StreamRecord,
  type TimerQueue,
  type ValueState,
} from '../../src/model/index.ts';
import { HarnessError, type HarnessStep, runOperator, step } from '../../src/testing/operator-harness.ts';

const SIZE_MS = 10;

/** Counts records per key and window of ten milliseconds, the plain way. */
class WindowCounter implements Operator<string> {
  protected counts!: ValueState<Record<string, number>>;
  protected timers!: TimerQueue;
  protected context!: OperatorContext;

  open(context: OperatorContext): void {
    this.context = context;
    this.counts = context.state!.value('counts');
    this.timers = context.state!.timers('event');
  }

  process(record: StreamRecord<string>, out: Emitter): void {
    const end = (Math.floor(record.timestamp / SIZE_MS) + 1) * SIZE_MS;
    if (!(end > this.context.time.watermark())) {
      this.onLate(record, out);
      return;
    }
    const counts = this.counts.get() ?? {};
    this.counts.set({ ...counts, [end]: (counts[end] ?? 0) + 1 });
    this.timers.add(end, 'end');
  }

  onTimer({ at, key }: DueTimer, out: Emitter): void {
    const { [at]: count, ...others } = this.counts.get() ?? {};
    if (Object.keys(others).length === 0) this.counts.clear();
    else this.counts.set(others);
    out.emit(new StreamRecord(`${count} until ${at}`, key, at - 1, this.context.time.ingestTime()));
  }

  protected onLate(record: StreamRecord<string>, out: Emitter): void {
    this.context.countLate();
    out.emitTo(1, record);
  }
}

const at = (timestamp: number, key = 'a'): StreamRecord<string> => new StreamRecord('x', key, timestamp, 5);

const steps: readonly HarnessStep<string>[] = [
  at(1),
  at(9, 'b'),
  at(12),
  at(3),
  step.watermark(10),
  at(9),
  at(Number.NaN),
  at(11, 'b'),
  step.watermark(10),
  step.watermark(END_OF_TIME),
];

function run(create: () => Operator<string>) {
  return runOperator<string>({
    create,
    input: steps,
    outputs: 2,
    state: 'keyed',
    lateOutput: 1,
    isLate: ({ timestamp }, watermark) => !(Math.floor(timestamp / SIZE_MS) * SIZE_MS + SIZE_MS > watermark),
  });
}

describe('the operator harness with time', () => {
  it('fires the timers of a window behind its records and before the next, in all ways alike', () => {
    const [main, late] = run(() => new WindowCounter());

    expect(main!.map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      ['a', '2 until 10', 9],
      ['b', '1 until 10', 9],
      ['a', '1 until 20', 19],
      ['b', '1 until 20', 19],
    ]);
    expect(late!.map(({ timestamp }) => timestamp)).toEqual([9, Number.NaN]);
  });

  it('catches late records that are dropped in silence', () => {
    class Silent extends WindowCounter {
      protected override onLate(): void {}
    }

    expect(() => run(() => new Silent())).toThrow('2 records were late, and 0 are on the late output');
  });

  it('catches late records that are counted and not emitted, or emitted and not counted', () => {
    class Counting extends WindowCounter {
      protected override onLate(): void {
        this.context.countLate();
      }
    }
    class Emitting extends WindowCounter {
      protected override onLate(record: StreamRecord<string>, out: Emitter): void {
        out.emitTo(1, record);
      }
    }

    expect(() => run(() => new Counting())).toThrow('2 records are counted as late, and 0 are on the late output');
    expect(() => run(() => new Emitting())).toThrow('0 records are counted as late, and 2 are on the late output');
  });

  it('catches timers that are lost in a restore', () => {
    class Forgetful extends WindowCounter {
      readonly #due: number[] = [];

      override open(context: OperatorContext): void {
        super.open(context);
        this.timers = { add: (time) => void this.#due.push(time), remove: () => {} };
      }

      onWatermark(watermark: number, out: Emitter): void {
        for (const end of this.#due.splice(0).sort((a, b) => a - b)) {
          if (end > watermark) this.#due.push(end);
          else out.emit(new StreamRecord(`until ${end}`, 'a', end - 1, 0));
        }
      }
    }

    expect(() => run(() => new Forgetful())).toThrow(/run restore-each-time/);
  });

  it('catches a window that is remembered in a field', () => {
    class Careless extends WindowCounter {
      #windows = 0;

      override onTimer(timer: DueTimer, out: Emitter): void {
        super.onTimer(
          { ...timer, at: timer.at },
          { ...out, emit: (record) => out.emit(record.withValue(++this.#windows)) },
        );
      }
    }

    expect(() => run(() => new Careless())).toThrow(/run restore-each-time .* output 0, record 2/);
  });

  it('fires timers of the wall clock at their times, and at the end of input those that are left', () => {
    const create = (): Operator<string> => {
      let context!: OperatorContext;
      let timers!: TimerQueue;
      return {
        open: (opened) => {
          context = opened;
          timers = opened.state!.timers('processing');
        },
        process: ({ timestamp }) => timers.add(timestamp, 'wake'),
        onTimer: ({ at: due, key, domain }, out) => {
          const lag = context.time.now() - due;
          out.emit(new StreamRecord(`${domain} ${due}, ${lag} ms behind`, key, due, 0));
        },
      };
    };

    const [main] = runOperator<string>({
      create,
      state: 'keyed',
      startedAt: 1_000,
      input: [at(1_005), at(1_002), at(990), step.time(1), step.time(9), at(2_000), step.watermark(END_OF_TIME)],
    });

    expect(main!.map(({ value }) => value)).toEqual([
      'processing 990, 10 ms behind',
      'processing 1002, 0 ms behind',
      'processing 1005, 0 ms behind',
      'processing 2000, -990 ms behind',
    ]);
  });

  it('gives records of the second input to processSecond', () => {
    const create = (): Operator<string> => ({
      process: (record, out) => out.emit(record.withValue('first')),
      processSecond: (record, out) => out.emit(record.withValue('second')),
    });

    const [main] = runOperator<string>({ create, input: [at(1), step.second(at(2)), at(3)] });

    expect(main!.map(({ value }) => value)).toEqual(['first', 'second', 'first']);
    expect(() => runOperator({ create: () => ({ process: () => {} }), input: [step.second(at(2))] })).toThrow(
      'no second input',
    );
  });

  it('catches an output watermark that is above the one in front, or falls', () => {
    const withOutput = (outputWatermark: (watermark: number) => number) => () => ({
      process: () => {},
      outputWatermark,
    });
    const input = [step.watermark(10), step.watermark(20)];

    expect(() => runOperator({ create: withOutput((time) => time + 1), input })).toThrow(HarnessError);
    expect(() => runOperator({ create: withOutput((time) => -time), input })).toThrow('falls from -10 to -20');
  });
});
