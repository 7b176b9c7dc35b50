/**
 * What a prepared worker thread becomes when it learns its part in a generation: its subtasks over state, channels and ports,
 * and the loop that steps them.
 *
 * It opens the state read-only and never writes to it, so that the driver may terminate the thread anywhere (reliability F1).
 */
import { type ControlPorts, connectControl, WorkerLoop, withTransfer } from './actors/index.ts';
import { type RunMemory, SharedBrake, SharedHeartbeatWriter, SharedParker } from './channels/index.ts';
import { ContinuousWorker } from './continuous/continuous-worker.ts';
import { WorkerChannels } from './continuous/worker-channels.ts';
import { createCrashPoint } from './crash-point.ts';
import type { Deployment, WorkerCommands, WorkerEvents } from './execution/deployment.ts';
import type { Clock, SubtaskSnapshot } from './model/index.ts';
import { groupsOfState, listSubtasks, type OperatorNode, type PhysicalPlan } from './plan/index.ts';
// Not by the index: a worker only reads, and every module costs it half a millisecond of its start.
import { createKeyedState } from './storage/keyed-state.ts';
import { openStateReader } from './storage/open-state-reader.ts';

export interface WorkerSurroundings {
  readonly plan: PhysicalPlan;
  readonly clock: Clock;
  /** The LMDB environment, opened read-only. */
  readonly dataPath: string;
  readonly memory: RunMemory;
  readonly calls: ControlPorts['calls'];
  /** Whether a command has not been answered yet: the loop does not sleep on it. */
  isControlPending(): boolean;
}

const STATUS_INTERVAL_MS = 200;

/** Builds the subtasks; nothing steps before `run`. Throws what their operators and connectors throw while they are opened. */
export function deployWorker(deployment: Deployment, surroundings: WorkerSurroundings): WorkerCommands {
  const { options, manifest, worker: index } = deployment;
  const { plan, memory, clock } = surroundings;
  const reader = openStateReader(surroundings.dataPath);
  const events = connectEvents(surroundings.calls);
  const channels = new WorkerChannels(deployment, memory);

  const worker = new ContinuousWorker(plan, deployment, {
    clock,
    crashPoint: createCrashPoint(process.env),
    createState: (node: OperatorNode, subtask: number, parallelism: number) =>
      createKeyedState({
        reader,
        node: node.id,
        subtask,
        groups: groupsOfState(node, subtask, parallelism, plan.keyGroups),
        keyGroups: plan.keyGroups,
        epoch: manifest?.epoch ?? 0,
        cacheBytes: Math.floor(options.state.cacheBytes / Math.max(1, countStates(plan, index))),
        clock,
      }),
    writerOf: (channel) => channels.writerOf(channel),
    readerOf: (channel) => channels.readerOf(channel),
    brake: new SharedBrake(memory.brake),
    events,
  });

  const loop = new WorkerLoop({
    steppables: worker.subtasks,
    parker: new SharedParker({ bell: memory.bells[index]!, clock }),
    heartbeat: new SharedHeartbeatWriter(memory.heartbeats[index]!),
    clock,
    isAsyncPending: () => worker.isAsyncPending() || surroundings.isControlPending(),
    onFailure: (report) => events.failed(report),
    limits: { stepBudget: options.loop.stepRecords, parkMaxMs: options.loop.parkMaxMs },
  });
  const statusTimer = setInterval(() => events.status(worker.status()), STATUS_INTERVAL_MS);

  return {
    run: () => loop.start(),
    beginEpoch: (marker) => worker.beginEpoch(marker),
    epochCommitted: (...args) => worker.epochCommitted(...args),
    stop: async () => {
      clearInterval(statusTimer);
      // What was done since the last one: the driver closes its ear only behind this thread's end.
      events.status(worker.status());
      await loop.stop();
      reader.close();
    },
  };
}

/** What this worker says to the driver. An answer is not waited for: if the driver is gone, so is this thread. */
function connectEvents(calls: ControlPorts['calls']): WorkerEvents {
  const { remote } = connectControl<WorkerEvents>(calls, { name: 'the driver' });
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
    .filter(({ node }) => node.role === 'operator' && node.state !== 'none').length;
}
