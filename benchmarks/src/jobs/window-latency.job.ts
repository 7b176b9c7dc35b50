/** Payments on an open-loop schedule, counted per card in tumbling windows of the time at which they are due, measured by an `immediate` sink. */
import { aggregates, defineJob, type JobDefinition, windows } from 'millrace';
import { readSettings } from '../harness/fork.ts';
import type { JobRunSettings } from '../harness/job-run.ts';
import { type Due, dueTimeSource } from '../probes/due-time-source.ts';
import { type WindowProbeOptions, windowProbeSink } from '../probes/window-probe-sink.ts';
import { type Payment, rotatingPayments, timedPayment } from './payment.ts';

export interface WindowLatencySettings {
  readonly keys: number;
  readonly rate: number;
  readonly records: number;
  readonly sizeMs: number;
  readonly probe: WindowProbeOptions;
}

const { keys, rate, records, sizeMs, probe } = readSettings<JobRunSettings<WindowLatencySettings>>().jobSettings;
const paymentOf = rotatingPayments(keys);

const job: JobDefinition = defineJob('window-latency', (builder) => {
  builder
    .source(
      'payments',
      dueTimeSource({ rate, records, create: (index): Payment & Due => timedPayment(paymentOf(index), Number.NaN) }),
    )
    .withEventTime((payment) => payment.at, { outOfOrderMs: probe.outOfOrderMs })
    .keyBy((payment) => payment.card)
    .window(windows.tumbling({ sizeMs }))
    .aggregate({ payments: aggregates.count() })
    .to('probe', windowProbeSink(probe));
});

export default job;
