/** Payments counted per card, as fast as they come. `stages` cuts the job short, to measure what the rest of it costs. */
import { aggregates, defineJob, type JobDefinition, sinks, sources } from 'millrace';
import { readSettings } from '../harness/fork.ts';
import type { JobRunSettings } from '../harness/job-run.ts';
import { randomPayments } from './payment.ts';

export interface KeyedCountSettings {
  readonly keys: number;
  readonly splits: number;
  readonly stages: 'source' | 'source and keyBy' | 'map and filter' | 'all';
}

/** More than any run reads: of a source without an end only a part is offered to a batch. */
const RECORDS = 1e12;

const { keys, splits, stages } = readSettings<JobRunSettings<KeyedCountSettings>>().jobSettings;

const job: JobDefinition = defineJob('keyed-count', (builder) => {
  const payments = builder.source(
    'payments',
    sources.generator({ splits, records: RECORDS, create: randomPayments(keys) }),
  );
  if (stages === 'source') return payments.to('nowhere', sinks.discard());
  if (stages === 'map and filter') {
    return payments
      .map(({ card, amount }) => ({ card, amount: amount * 2 }))
      .filter(({ amount }) => amount > 1023)
      .to('nowhere', sinks.discard());
  }
  const keyed = payments.keyBy((payment) => payment.card);
  if (stages === 'source and keyBy') return keyed.to('nowhere', sinks.discard());
  return keyed.aggregate({ payments: aggregates.count() }).to('nowhere', sinks.discard());
});

export default job;
