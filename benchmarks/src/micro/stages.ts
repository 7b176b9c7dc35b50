/** The tasks of a keyed count, batch after batch, by the worker side of microbatch mode in one thread. Forked by `stages`. */
import { aggregates, defineJob, sinks, sources } from 'millrace';
import { createClaim, createHeartbeat, type ShuffleOutput } from '../../../dist/channels/index.js';
import { resolveJobOptions } from '../../../dist/execution/options.js';
import { MicrobatchWorker } from '../../../dist/microbatch/microbatch-worker.js';
import type { TaskInput, TaskOutput, TaskRequest } from '../../../dist/microbatch/task.js';
import { type Offset, ownedGroups, SystemClock } from '../../../dist/model/index.js';
import { compile } from '../../../dist/plan/index.js';
import { createKeyedState, MemoryDisk, openMemoryStateReader } from '../../../dist/storage/index.js';
import { median } from '../harness/distribution.ts';
import { readSettings, sendResult } from '../harness/fork.ts';
import { randomPayments } from '../jobs/payment.ts';

export interface StagesSettings {
  readonly keys: number;
  readonly records: number;
  readonly batches: number;
  readonly parallelism: number;
}

/** Medians over the batches. */
export interface StagesResult {
  readonly sourceUs: number;
  readonly countUs: number;
}

const { keys, records, batches, parallelism } = readSettings<StagesSettings>();
const job = defineJob('stages', (builder) => {
  builder
    .source('payments', sources.generator({ splits: parallelism, create: randomPayments(keys) }))
    .keyBy((payment) => payment.card)
    .aggregate({ payments: aggregates.count() })
    .to('nowhere', sinks.discard());
});
const options = resolveJobOptions({ mode: 'microbatch', parallelism, workers: parallelism });
const plan = compile(job.build(), options);
const clock = new SystemClock();
const disk = new MemoryDisk();
const worker = new MicrobatchWorker(plan, {
  clock,
  crashPoint: () => {},
  createState: ({ id }, subtask, subtasks, epoch) =>
    createKeyedState({
      reader: openMemoryStateReader(disk),
      node: id,
      subtask,
      groups: ownedGroups(subtask, subtasks, plan.keyGroups),
      keyGroups: plan.keyGroups,
      epoch,
      cacheBytes: 2 ** 30,
      clock,
    }),
});
const deployment: TaskRequest['deployment'] = {
  options,
  generation: 1,
  firstEpoch: 1,
  baseDirectory: '/',
  pendingDirectories: {},
};
const winners = new Map<string, number>();
let attempt = 0;

const sourceUs: number[] = [];
const countUs: number[] = [];
let offsets: readonly (Offset | undefined)[] = Array.from({ length: parallelism }, () => undefined);
for (let epoch = 1; epoch <= batches; epoch++) {
  const beganAt = performance.now();
  const read = await runStage(0, epoch, (subtask) => ({
    kind: 'ranges',
    node: 'payments',
    splits: [
      {
        split: String(subtask),
        from: offsets[subtask],
        range: { recordsMax: records / parallelism },
        seen: Number.NEGATIVE_INFINITY,
      },
    ],
    hint: undefined,
  }));
  const readAt = performance.now();
  const parts: readonly ShuffleOutput[] = read.map(({ exchanges }) => exchanges[0]!.output);
  await runStage(1, epoch, () => ({ kind: 'blocks', exchanges: [{ exchange: 0, parts }] }));
  sourceUs.push(((readAt - beganAt) * 1000) / records);
  countUs.push(((performance.now() - readAt) * 1000) / records);
  offsets = read.map(({ snapshot }, subtask) => snapshot.offsets['payments']![String(subtask)]);
}
const result: StagesResult = { sourceUs: median(sourceUs), countUs: median(countUs) };
sendResult(result);

async function runStage(stage: number, epoch: number, inputOf: (subtask: number) => TaskInput): Promise<TaskOutput[]> {
  const outputs: TaskOutput[] = [];
  for (let subtask = 0; subtask < parallelism; subtask++) {
    const id = `${stage}.${subtask}`;
    const request: TaskRequest = {
      deployment,
      stage,
      subtask,
      epoch,
      isFinal: false,
      foldedThrough: 0,
      continues: winners.get(id),
      attempt: ++attempt,
      claim: createClaim(),
      heartbeat: createHeartbeat(),
      time: { before: Number.NEGATIVE_INFINITY, after: Number.NEGATIVE_INFINITY, isIdle: false, now: Date.now() },
      input: inputOf(subtask),
    };
    const done = await worker.run(request);
    if (done.kind !== 'done') throw new Error(`task ${id} of batch ${epoch}: ${JSON.stringify(done)}`);
    winners.set(id, attempt);
    outputs.push(done.output);
  }
  return outputs;
}
