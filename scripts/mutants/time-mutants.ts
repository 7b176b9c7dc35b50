/** Bugs in how watermarks are made, merged, passed on and kept, in both modes. */
import type { Mutant } from './mutant.ts';

const MERGE = 'src/execution/merge-times.ts';
const LINK = 'src/execution/operator-link.ts';
const BATCH = 'src/microbatch/batch-subtask.ts';
const WORKER = 'src/continuous/continuous-worker.ts';

const MERGED: readonly string[] = ['test/execution/merge-times.test.ts'];
const CHANNELS: readonly string[] = ['test/execution/watermark-merger.test.ts'];
const WINDOWS: readonly string[] = ['test/simulation/event-time.test.ts'];
const LATE: readonly string[] = ['test/simulation/late-by-epoch.test.ts'];
const RESTARTS: readonly string[] = ['test/simulation/time-restarts.test.ts'];
const LOCAL: readonly string[] = ['test/simulation/local-aggregation.test.ts'];
const JOINED: readonly string[] = ['test/operators/joins/joins-in-jobs.test.ts'];

export const TIME_MUTANTS: readonly Mutant[] = [
  {
    id: 'T1',
    bug: 'a record at the watermark is not late',
    file: 'src/operators/late-records.ts',
    from: 'timestamp > context.time.watermark() &&',
    to: 'timestamp >= context.time.watermark() &&',
    tests: ['test/operators/deduplicate.test.ts'],
  },
  {
    id: 'T2',
    bug: 'a batch closes what its watermark closes before it has processed its records',
    file: BATCH,
    from: '    const isRead = yield* input.kind',
    to: '    if (!(yield* this.#advanceTime(work, lookUp))) return false;\n    const isRead = yield* input.kind',
    tests: LATE,
  },
  {
    id: 'T3',
    bug: 'a watermark goes on before the results that it leads to',
    file: LINK,
    from: "    if (!this.fireTimers('event', watermark.time, budget)) return false;\n",
    to: "    this.#passOn(watermark);\n    if (!this.fireTimers('event', watermark.time, budget)) return false;\n",
    tests: WINDOWS,
  },
  {
    id: 'T4',
    bug: 'the watermark behind a join is that in front of it',
    file: LINK,
    from: 'this.operator.outputWatermark?.(watermark.time) ?? watermark.time;',
    to: 'watermark.time;',
    tests: JOINED,
  },
  {
    id: 'T5',
    bug: 'the fastest input decides where the slowest should',
    file: MERGE,
    from: "policy === 'min' ?",
    to: "policy !== 'min' ?",
    tests: MERGED,
  },
  {
    id: 'T6',
    bug: 'an idle input holds the others back',
    file: MERGE,
    from: 'live.filter(({ isIdle }) => !isIdle);',
    to: 'live;',
    tests: MERGED,
  },
  {
    id: 'T7',
    bug: 'when all inputs are idle the slowest of them decides, and not the highest watermark seen',
    file: MERGE,
    from: 'return { time: greatest, isIdle: true, isEnded: false };',
    to: 'return { time: Math.min(...live.map(({ time }) => time)), isIdle: true, isEnded: false };',
    tests: MERGED,
  },
  {
    id: 'T8',
    bug: 'one input that has ended is the end of them all',
    file: MERGE,
    from: 'if (live.length === 0) return',
    to: 'if (live.length < inputs.length) return',
    tests: MERGED,
  },
  {
    id: 'T9',
    bug: 'the channels of an exchange are merged by the policy of the job',
    file: 'src/execution/input-origin.ts',
    from: "wakeTogether(channels) : channels, 'min'),",
    to: 'wakeTogether(channels) : channels, policy),',
    tests: CHANNELS,
  },
  {
    id: 'T10',
    bug: 'a merged watermark falls',
    file: 'src/execution/watermark-merger.ts',
    from: 'const risen = Math.max(this.#time, watermarkOf(merged));',
    to: 'const risen = watermarkOf(merged);',
    tests: CHANNELS,
  },
  {
    id: 'T11',
    bug: 'the greatest time of a split is forgotten over a restart',
    file: 'src/execution/source-clock.ts',
    from: 'const known = Object.hasOwn(seen, split) ? seen[split]! : TIME_UNSET;',
    to: 'const known = Object.hasOwn(seen, split) ? TIME_UNSET : TIME_UNSET;',
    tests: RESTARTS,
  },
  {
    id: 'T12',
    bug: 'the watermark of a stage is not in force again after a restart',
    file: 'src/execution/watermark-merger.ts',
    from: 'this.#time = restored;',
    to: 'this.#time = restored === TIME_UNSET ? restored : TIME_UNSET;',
    tests: CHANNELS,
  },
  {
    id: 'T13',
    bug: 'the watermark of a source is not announced again after a restart',
    file: WORKER,
    from: 'if (restored !== TIME_UNSET)\n      host.raise(',
    to: 'if (restored === END_OF_TIME)\n      host.raise(',
    tests: RESTARTS,
  },
  {
    id: 'T14',
    bug: 'records and markers overtake a watermark that is on its way through the chain',
    file: 'src/execution/subtask-host.ts',
    from: 'return time.isSettled() && !time.isAsyncFull();',
    to: 'return !time.isAsyncFull();',
    tests: WINDOWS,
  },
  {
    id: 'T15',
    bug: 'the records of a batch are late by the watermark of the same batch',
    file: BATCH,
    from: 'this.#chain.time.restore(before);',
    to: 'this.#chain.time.restore(Math.max(before, work.time.after));',
    tests: LATE,
  },
  {
    id: 'T16',
    bug: 'a batch that runs again has another processing time',
    file: BATCH,
    from: 'this.#chain.time.tick(now, ',
    to: 'this.#chain.time.tick(this.#options.site.clock.now() + now * 0, ',
    tests: RESTARTS,
  },
  {
    id: 'T17',
    bug: 'no batch without data is run for a window that is due',
    file: 'src/microbatch/batch-time.ts',
    from: 'watermarkOf(source) >= time.nextEventTimer);',
    to: 'watermarkOf(source) > Number.MAX_VALUE && time.nextEventTimer < 0);',
    tests: ['test/simulation/idle-inputs.test.ts'],
  },
  {
    id: 'T18',
    bug: 'what is aggregated in part stays behind a marker',
    file: 'src/execution/subtask-host.ts',
    from: '    chain.time.flush();\n    const timers',
    to: '    const timers',
    tests: LOCAL,
  },
  {
    id: 'T19',
    bug: 'what is aggregated in part stays behind a watermark',
    file: LINK,
    from: 'this.operator.onWatermark?.(watermark.time, this.out);\n      this.operator.flush?.(this.out);',
    to: 'this.operator.onWatermark?.(watermark.time, this.out);',
    tests: LOCAL,
  },
  {
    id: 'T20',
    bug: 'timers of the wall clock are left behind at the end of input',
    file: LINK,
    from: "      if (!this.fireTimers('processing', END_OF_TIME, budget)) return false;\n",
    to: '',
    tests: ['test/simulation/end-of-input.test.ts'],
  },
  {
    id: 'T21',
    bug: 'with watermarks that rise between epochs, a marker brings the time of its own epoch',
    file: 'src/continuous/source-subtask.ts',
    from: 'isEnd ? eventTime.time(this.#now) : this.#nextTime',
    to: 'eventTime.time(this.#now)',
    tests: LATE,
  },
  {
    id: 'T22',
    bug: 'the fastest subtask says how far its stage is',
    file: 'src/execution/seal-time.ts',
    from: 'return [stage.chain[0]!.node.id, Math.min(',
    to: 'return [stage.chain[0]!.node.id, Math.max(',
    tests: ['test/execution/seal-time.test.ts'],
  },
  {
    id: 'T23',
    bug: 'the processing time of a batch runs backwards with the wall clock',
    file: 'src/microbatch/batch-generation.ts',
    from: 'return Math.max(this.#context.clock.now(), this.#committer.manifest?.time.now ?? 0);',
    to: 'return this.#context.clock.now();',
    tests: RESTARTS,
  },
  {
    id: 'T24',
    bug: 'processing time runs backwards over a restart in continuous mode',
    file: WORKER,
    from: '    chain.time.tick(time?.now ?? 0, clock.monotonic());\n',
    to: '',
    tests: RESTARTS,
  },
];
