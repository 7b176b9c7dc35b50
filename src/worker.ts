/**
 * Composition root of a worker thread: loads the job, builds this worker's subtasks, runs them until told to stop.
 *
 * It opens the state read-only and never writes to it, so that the driver may terminate it anywhere (reliability F1).
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  announceFailure,
  announceReady,
  type ControlPorts,
  connectControl,
  exposeControl,
  WorkerLoop,
  withTransfer,
} from './actors/index.ts';
import { SharedHeartbeatWriter, SharedParker } from './channels/index.ts';
import { loadJob } from './config/load-job.ts';
import { ContinuousWorker } from './continuous/continuous-worker.ts';
import type { WorkerThreadData } from './continuous/thread-worker-hosting.ts';
import { WorkerChannels } from './continuous/worker-channels.ts';
import { createCrashPoint } from './crash-point.ts';
import type { WorkerCommands, WorkerEvents } from './execution/deployment.ts';
import { assert, type NodeId, ownedGroups, PlanError, type SubtaskSnapshot, SystemClock } from './model/index.ts';
import { compile, listSubtasks, type PhysicalPlan } from './plan/index.ts';
import { createKeyedState, openStateReader } from './storage/index.ts';
import type { WorkerJob } from './worker-job.ts';

const STATUS_INTERVAL_MS = 200;

const port = parentPort;
assert(port !== null, 'worker.ts is the entry of a worker thread');

try {
  await startWorker(workerData as WorkerThreadData<WorkerJob>);
  announceReady(port);
} catch (thrown) {
  announceFailure(port, thrown);
}

async function startWorker(data: WorkerThreadData<WorkerJob>): Promise<void> {
  const { deployment, memory, ports, job } = data;
  const { options, manifest, worker: index } = deployment;
  const clock = new SystemClock();
  const { definition } = await loadJob(job.reference);
  const plan = compile(definition.build(), options);
  requireSamePlan(plan, deployment.fingerprint);
  const reader = openStateReader(job.dataPath);
  const events = connectEvents(ports);
  const channels = new WorkerChannels(deployment, memory);

  const worker = new ContinuousWorker(plan, deployment, {
    clock,
    crashPoint: createCrashPoint(process.env),
    createState: (node: NodeId, subtask: number, parallelism: number) =>
      createKeyedState({
        reader,
        node,
        subtask,
        groups: ownedGroups(subtask, parallelism, plan.keyGroups),
        keyGroups: plan.keyGroups,
        epoch: manifest?.epoch ?? 0,
        cacheBytes: Math.floor(options.state.cacheBytes / Math.max(1, countStates(plan, index))),
        clock,
      }),
    writerOf: (channel) => channels.writerOf(channel),
    readerOf: (channel) => channels.readerOf(channel),
    events,
  });

  let isControlPending = (): boolean => false;
  const loop = new WorkerLoop({
    steppables: worker.subtasks,
    parker: new SharedParker({ bell: memory.bells[index]!, clock }),
    heartbeat: new SharedHeartbeatWriter(memory.heartbeats[index]!),
    clock,
    isAsyncPending: () => worker.isAsyncPending() || isControlPending(),
    onFailure: (report) => events.failed(report),
    limits: { stepBudget: options.loop.stepRecords, parkMaxMs: options.loop.parkMaxMs },
  });
  const statusTimer = setInterval(() => events.status(worker.status()), STATUS_INTERVAL_MS);

  const commands: WorkerCommands = {
    run: () => loop.start(),
    beginEpoch: (marker) => worker.beginEpoch(marker),
    epochCommitted: (epoch, foldedThrough) => worker.epochCommitted(epoch, foldedThrough),
    stop: async () => {
      clearInterval(statusTimer);
      // What was done since the last one: the driver closes its ear only behind this thread's end.
      events.status(worker.status());
      await loop.stop();
      reader.close();
      setImmediate(() => {
        ports.calls.close();
        ports.serves.close();
        port?.close();
      });
    },
  };
  const server = exposeControl({ ...commands }, ports.serves);
  isControlPending = () => server.pending() > 0;
}

/** I9, as far as it is the job's part. */
function requireSamePlan(plan: PhysicalPlan, fingerprint: string): void {
  if (plan.fingerprint === fingerprint) return;
  throw new PlanError(
    `job ${plan.job} builds another plan in another thread: names and shapes in a job must not depend on time, chance, thread or environment`,
  );
}

/** What this worker says to the driver. An answer is not waited for: if the driver is gone, so is this thread. */
function connectEvents(ports: ControlPorts): WorkerEvents {
  const { remote } = connectControl<WorkerEvents>(ports.calls, { name: 'the driver' });
  const say = (said: Promise<void>): void => void said.catch(() => undefined);
  return {
    snapshot: (snapshot) => say(remote.snapshot(withTransfer(snapshot, buffersOf(snapshot)))),
    requestEpoch: (reason) => say(remote.requestEpoch(reason)),
    status: (status) => say(remote.status(status)),
    failed: (report) => say(remote.failed(report)),
  };
}

/** The buffers that may move to the driver: those that hold nothing but one delta or block. */
function buffersOf(snapshot: SubtaskSnapshot): ArrayBuffer[] {
  const pieces = [
    ...snapshot.deltas.map((delta) => delta.bytes),
    ...snapshot.outputs.flatMap(({ output }) => (output.rows === undefined ? [] : [output.rows.block])),
  ];
  return pieces
    .filter((bytes) => bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength)
    .map((bytes) => bytes.buffer as ArrayBuffer);
}

function countStates(plan: PhysicalPlan, worker: number): number {
  return listSubtasks(plan)
    .filter((subtask) => subtask.worker === worker)
    .flatMap((subtask) => plan.stages[subtask.stage]!.chain)
    .filter(({ node }) => node.role === 'operator' && node.isStateful).length;
}
