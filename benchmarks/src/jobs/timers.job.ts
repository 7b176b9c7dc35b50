/**
 * First many cards that come once and may each leave a timer behind, far in the future; then payments of other cards, which have none. Without a
 * probe as fast as they come.
 */
import { defineJob, defineProcess, type JobDefinition, records, sinks, sources, states } from 'millrace';
import { readSettings } from '../harness/fork.ts';
import type { JobRunSettings } from '../harness/job-run.ts';
import { type LatencyProbeOptions, latencyProbeSink } from '../probes/latency-probe-sink.ts';
import { type Payment, randomPayments } from './payment.ts';

export interface TimersSettings {
  /** Cards that come first. */
  readonly pending: number;
  readonly setsTimers: boolean;
  readonly keys: number;
  /** Absent: as fast as possible, without an end. */
  readonly paced?: { readonly rate: number; readonly records: number; readonly probe: LatencyProbeOptions };
}

/** More than any run reads: of a source without an end only a part is offered to a batch. */
const RECORDS = 1e12;
const FAR_MS = 1e14;

const { pending, setsTimers, keys, paced } = readSettings<JobRunSettings<TimersSettings>>().jobSettings;
const paymentOf = randomPayments(keys);

const count = defineProcess({
  states: { payments: states.value<number>() },
  emits: records<number>(),
  process(payment: Payment, context) {
    const isFirst = payment.amount < 0;
    if (isFirst && setsTimers) context.processingTimers.set('far', FAR_MS);
    const counted = (context.states.payments.get() ?? 0) + 1;
    context.states.payments.set(counted);
    context.emit(counted);
  },
  onTimer() {},
});

const job: JobDefinition = defineJob('timers', (builder) => {
  builder
    .source(
      'payments',
      sources.generator({
        ...(paced === undefined ? {} : { rate: paced.rate }),
        records: paced?.records ?? RECORDS,
        create: (index, random): Payment =>
          index < pending ? { card: `early-${index}`, amount: -1 } : paymentOf(index, random),
      }),
    )
    .keyBy((payment) => payment.card)
    .process(count)
    .to('out', paced === undefined ? sinks.discard() : latencyProbeSink(paced.probe));
});

export default job;
