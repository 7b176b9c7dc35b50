import { describe, expect, it } from 'vitest';
import { sinks, sources } from '../../src/connectors/index.ts';
import { aggregates, records, states } from '../../src/operators/index.ts';
import { defineJob } from '../../src/plan/index.ts';
import { type TestJobOptions, testJob } from '../../src/testing/test-job.ts';

interface Payment {
  readonly card: string;
  readonly amount: number;
  readonly time?: number;
}

const counts = defineJob('counts', (job) => {
  job
    .source('payments', sources.file<Payment>({ path: 'never-opened.jsonl' }))
    .keyBy(({ card }) => card)
    .aggregate({ payments: aggregates.count(), sum: aggregates.sum(({ amount }: Payment) => amount) })
    .named('per-card')
    .to('totals', sinks.file({ path: 'never-written.jsonl' }));
});

/** Reminds of a card that has been silent for ten milliseconds of event time. */
const reminders = defineJob('reminders', (job) => {
  const reminded = job
    .source('payments', sources.memory<Payment>([]))
    .withEventTime(({ time }) => time, { outOfOrderMs: 2 })
    .keyBy(({ card }) => card)
    .process({
      states: { seen: states.value<number>() },
      emits: records<string>(),
      process(_payment, context) {
        context.states.seen.set((context.states.seen.get() ?? 0) + 1);
        context.timers.set('silent', context.timestamp + 10);
      },
      onTimer({ name, at }, context) {
        context.emit(`${String(context.key)} ${name} at ${at}, after ${context.states.seen.get()}`);
        context.states.seen.clear();
      },
    })
    .named('silence');
  reminded.to('out', sinks.memory());
});

const VARIANTS: readonly TestJobOptions[] = (['continuous'] as const).flatMap((mode) =>
  [1, 3].flatMap((parallelism) =>
    [false, true].map((restoreEachStep) => ({ mode, restoreEachStep, options: { parallelism } })),
  ),
);

describe.each(VARIANTS)(
  'a driven job, $mode, parallelism $options.parallelism, restored $restoreEachStep',
  (options) => {
    it('takes records by the name of a source, and shows rows by the name of a sink', () => {
      const job = testJob(counts, options);

      job.source('payments').add({ card: 'a', amount: 5 }).source('payments').add({ card: 'b', amount: 1 });
      job.source('payments').add({ card: 'a', amount: 2 });

      expect(job.sink('totals').take()).toEqual([
        { key: 'a', payments: 1, sum: 5 },
        { key: 'b', payments: 1, sum: 1 },
        { key: 'a', payments: 2, sum: 7 },
      ]);
      expect(job.sink('totals').take()).toEqual([]);
      expect(job.sink('totals').committed()).toHaveLength(3);
      job.close();
    });

    it('fires event timers when the watermark passes them, once', () => {
      const job = testJob(reminders, options);
      const payments = job.source<Payment>('payments');

      payments.add({ card: 'a', amount: 1, time: 100 });
      payments.add({ card: 'a', amount: 1, time: 103 });
      payments.add({ card: 'b', amount: 1, time: 114 });
      expect(job.sink('out').take()).toEqual([]);
      expect(job.timers('silence')).toEqual([
        { domain: 'event', key: 'a', at: 113, name: 'silent' },
        { domain: 'event', key: 'b', at: 124, name: 'silent' },
      ]);
      expect(job.watermark('silence')).toBe(112);

      payments.advanceWatermark(113);
      expect(job.sink('out').take()).toEqual(['a silent at 113, after 2']);
      expect(job.state('silence', 'a')).not.toHaveProperty('seen');
      expect(job.state('silence', 'b')).toMatchObject({ seen: 1 });

      job.end();
      expect(job.sink('out').take()).toEqual(['b silent at 124, after 1']);
      expect(job.timers('silence')).toEqual([]);
      expect(() => payments.add({ card: 'a', amount: 1 })).toThrow('have ended');
      job.close();
    });
  },
);

describe('a driven job', () => {
  it('reads again what was not committed, and loses what was written for it', () => {
    const job = testJob(counts, { epochs: 'manual' });
    const payments = job.source<Payment>('payments');
    payments.add({ card: 'a', amount: 5 });
    job.advanceEpoch();
    payments.add({ card: 'a', amount: 2 });

    expect(job.sink('totals').rows()).toHaveLength(2);
    expect(job.sink('totals').committed()).toHaveLength(1);
    expect(job.state('per-card', 'a')).not.toEqual({});
    job.restart();
    expect(job.sink('totals').rows()).toEqual([
      { key: 'a', payments: 1, sum: 5 },
      { key: 'a', payments: 2, sum: 7 },
    ]);
    expect(job.epoch).toBe(1);
    job.close();
  });

  it('throws out of the step what user code throws, and goes on behind a restart', () => {
    let isPoison = true;
    const fragile = defineJob('fragile', (job) => {
      job
        .source('in', sources.memory<number>([]))
        .map((value) => {
          if (value === 2 && isPoison) throw new Error('two');
          return value;
        })
        .to('out', sinks.memory());
    });
    const job = testJob(fragile);
    job.source('in').add(1);

    expect(() => job.source('in').add(2)).toThrow(/threw: two/);
    expect(() => job.source('in').add(3)).toThrow('restart() goes on from its last epoch');
    isPoison = false;
    job.restart();
    expect(job.sink('out').rows()).toEqual([1, 2]);
    job.close();
  });

  it('names what there is when a name is wrong', () => {
    const job = testJob(counts);

    expect(() => job.source('payment')).toThrow("no source 'payment'; did you mean 'payments'?");
    expect(() => job.sink('nowhere')).toThrow('it has totals');
    expect(() => job.state('per-crad', 'a')).toThrow("did you mean 'per-card'?");
    expect(() => job.source('payments').advanceWatermark(5)).toThrow('has no event time');
    job.close();
  });
});
