/** Payments on an open-loop schedule, counted per card on another thread, measured there by an `immediate` sink. */
import { aggregates, defineJob, type JobDefinition, sources } from 'millrace';
import { readSettings } from '../harness/fork.ts';
import type { JobRunSettings } from '../harness/job-run.ts';
import { type LatencyProbeOptions, latencyProbeSink } from '../probes/latency-probe-sink.ts';
import { rotatingPayments } from './payment.ts';

export interface LatencySettings {
  readonly keys: number;
  readonly rate: number;
  readonly records: number;
  readonly probe: LatencyProbeOptions;
}

const { keys, rate, records, probe } = readSettings<JobRunSettings<LatencySettings>>().jobSettings;

const job: JobDefinition = defineJob('latency', (builder) => {
  builder
    .source('payments', sources.generator({ rate, records, create: rotatingPayments(keys) }))
    .keyBy((payment) => payment.card)
    .aggregate({ payments: aggregates.count() })
    .to('probe', latencyProbeSink(probe));
});

export default job;
