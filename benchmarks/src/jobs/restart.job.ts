/** Payments counted over many cards, with a note of the moments that matter when it comes up again. */
import { appendFileSync } from 'node:fs';
import { defineJob, defineProcess, type JobDefinition, records, type SinkConnector, sources, states } from 'millrace';
import { machineTimeMs, readSettings } from '../harness/fork.ts';
import { namedPayments, type Payment } from './payment.ts';

export interface RestartJobSettings {
  readonly keys: number;
  readonly rate: number;
  /** Lines `moment machine-time` are appended to it. */
  readonly momentsPath: string;
}

/** In the order in which they happen. */
export type RestartMoment = 'job module loaded' | 'state restored' | 'first record out';

const { keys, rate, momentsPath } = readSettings<{ readonly jobSettings: RestartJobSettings }>().jobSettings;

function note(moment: RestartMoment): void {
  appendFileSync(momentsPath, `${machineTimeMs()} ${moment}\n`);
}

note('job module loaded');

const count = defineProcess({
  states: { payments: states.value<number>() },
  emits: records<number>(),
  open: () => note('state restored'),
  process: (_payment: Payment, { states: { payments }, emit }) => {
    const counted = (payments.get() ?? 0) + 1;
    payments.set(counted);
    emit(counted);
  },
});

const firstRecordSink: SinkConnector<number> = {
  delivery: 'immediate',
  describe: () => ({ type: 'first-record', label: 'first record', identity: {} }),
  createWriter: () => {
    let hasWritten = false;
    return {
      write: () => {
        if (!hasWritten) note('first record out');
        hasWritten = true;
      },
      prepare: () => ({}),
      close: () => {},
    };
  },
};

const job: JobDefinition = defineJob('restart', (builder) => {
  builder
    .source('payments', sources.generator({ rate, splits: 2, create: namedPayments(keys) }))
    .keyBy((payment) => payment.card)
    .process(count)
    .to('out', firstRecordSink);
});

export default job;
