/**
 * What a thread of the pool does in microbatch mode: {@link runTask} is called with one message after the other. Its entry is
 * `task-thread.cts`.
 *
 * It opens the state read-only and never writes to it, so that the driver may end the thread anywhere (reliability F1).
 */
import { workerData } from 'node:worker_threads';
import { createCrashPoint } from './crash-point.ts';
import { loadPlan } from './load-plan.ts';
import { MicrobatchWorker } from './microbatch/microbatch-worker.ts';
import type { PoolMessage, PoolReply, PoolThreadData } from './microbatch/piscina-task-pool.ts';
import { type KeyedState, SystemClock, toReport } from './model/index.ts';
import { groupsOfState, type PhysicalPlan } from './plan/index.ts';
import { createKeyedState, openStateReader, type StateReader } from './storage/index.ts';
import type { WorkerJob } from './worker-job.ts';

const data = workerData as PoolThreadData<WorkerJob>;
const clock = new SystemClock();
let loading: Promise<MicrobatchWorker> | undefined;
let reader: StateReader | undefined;

export async function runTask(message: PoolMessage): Promise<PoolReply> {
  try {
    // A thread that never had a task has nothing in memory; to load a job in order to close it would be in vain.
    if (message.kind === 'close' && loading === undefined) return { kind: 'closed' };
    loading ??= load();
    const worker = await loading;
    switch (message.kind) {
      case 'prepare':
        return { kind: 'prepared' };
      case 'task':
        return await worker.run(message.request);
      case 'close':
        worker.close();
        return { kind: 'closed' };
    }
  } catch (thrown) {
    return { kind: 'failed', report: toReport(thrown) };
  }
}

async function load(): Promise<MicrobatchWorker> {
  const { job, options, fingerprint } = data;
  const plan = await loadPlan(job.reference, options, fingerprint);
  const cacheBytes = Math.floor(options.state.cacheBytes / statesPerThread(plan, options.batch.minWorkers));
  return new MicrobatchWorker(plan, {
    clock,
    crashPoint: createCrashPoint(process.env),
    createState: (node, subtask, parallelism, epoch): KeyedState => {
      // Opened with the first task: when the thread is brought up, the directory may not exist yet.
      reader ??= openStateReader(job.dataPath);
      return createKeyedState({
        reader,
        node: node.id,
        subtask,
        groups: groupsOfState(node, subtask, parallelism, plan.keyGroups),
        keyGroups: plan.keyGroups,
        epoch,
        cacheBytes,
        clock,
      });
    },
  });
}

/** How many keyed states a thread has in memory, if the pool spreads them evenly. At least 1. */
function statesPerThread(plan: PhysicalPlan, threads: number): number {
  const states = plan.stages.reduce(
    (sum, { chain, parallelism }) =>
      sum + parallelism * chain.filter(({ node }) => node.role === 'operator' && node.state !== 'none').length,
    0,
  );
  return Math.max(1, Math.ceil(states / threads));
}
