/** Two maps on one worker, chained or with a queue between them: the difference is a hop within a thread. */
import { defineJob, type JobDefinition, sinks, sources } from 'millrace';
import { readSettings } from '../harness/fork.ts';
import type { JobRunSettings } from '../harness/job-run.ts';
import { type Payment, rotatingPayments } from './payment.ts';

export interface HopSettings {
  readonly isChained: boolean;
}

const { isChained } = readSettings<JobRunSettings<HopSettings>>().jobSettings;
const same = (payment: Payment): Payment => payment;

const job: JobDefinition = defineJob('hop', (builder) => {
  const mapped = builder.source('payments', sources.generator({ create: rotatingPayments(1000) })).map(same);
  (isChained ? mapped : mapped.rebalance()).map(same).to('nowhere', sinks.discard());
});

export default job;
