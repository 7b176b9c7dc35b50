/** Payments counted per card in sliding windows, as fast as they come. Event time is the index of the record, so panes are full from the start. */
import { aggregates, defineJob, type JobDefinition, sinks, sources, windows } from 'millrace';
import { readSettings } from '../harness/fork.ts';
import type { JobRunSettings } from '../harness/job-run.ts';
import { randomPayments, type TimedPayment, timedPayment } from './payment.ts';

export interface SlidingSettings {
  readonly keys: number;
  readonly splits: number;
  /** Records of all cards in a slide. */
  readonly recordsPerSlide: number;
  readonly slidesPerWindow: number;
}

/** Of event time. */
const SLIDE_MS = 1000;
/** More than any run reads: of a source without an end only a part is offered to a batch. */
const RECORDS = 1e12;

const { keys, splits, recordsPerSlide, slidesPerWindow } = readSettings<JobRunSettings<SlidingSettings>>().jobSettings;
const paymentOf = randomPayments(keys);
const recordMs = SLIDE_MS / recordsPerSlide;

const job: JobDefinition = defineJob('sliding', (builder) => {
  builder
    .source(
      'payments',
      sources.generator({
        splits,
        records: RECORDS,
        create: (index, random): TimedPayment => timedPayment(paymentOf(index, random), Math.floor(index * recordMs)),
      }),
    )
    .withEventTime((payment) => payment.at)
    .keyBy((payment) => payment.card)
    .window(windows.sliding({ sizeMs: slidesPerWindow * SLIDE_MS, slideMs: SLIDE_MS }))
    .aggregate({ payments: aggregates.count() })
    .to('nowhere', sinks.discard());
});

export default job;
