/**
 * What one thread of the pool does with tasks: finds or builds the subtask, has it process its input, claims, seals.
 *
 * Owns the subtasks that this thread has in memory. Does not know of other threads, nor of what becomes of its answers:
 * it is told with the next task of a subtask which attempt of the last one counted.
 */
import { SharedClaim, SharedHeartbeatWriter } from '../channels/index.ts';
import type { SubtaskSite } from '../execution/host-subtask.ts';
import { LatencyRecorder } from '../execution/latency-recorder.ts';
import {
  type Clock,
  type Epoch,
  type KeyedState,
  type SubtaskId,
  type SubtaskIndex,
  subtaskId,
  toReport,
} from '../model/index.ts';
import type { OperatorNode } from '../plan/logical-plan.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import { BatchSubtask } from './batch-subtask.ts';
import type { AttemptNumber, TaskRequest, TaskResult } from './task.ts';

/** How a thread gets at what lives outside it. */
export interface MicrobatchWorkerPorts {
  readonly clock: Clock;
  readonly crashPoint: (name: string) => void;
  /** The state of a subtask as of `epoch`. */
  createState(node: OperatorNode, subtask: SubtaskIndex, parallelism: number, epoch: Epoch): KeyedState;
}

/** A subtask in memory, and the attempt that brought it to where it is. */
interface HotSubtask {
  readonly subtask: BatchSubtask;
  readonly epoch: Epoch;
  readonly attempt: AttemptNumber;
}

export class MicrobatchWorker {
  readonly #plan: PhysicalPlan;
  readonly #ports: MicrobatchWorkerPorts;
  readonly #hot = new Map<SubtaskId, HotSubtask>();
  readonly #latency: LatencyRecorder = new LatencyRecorder();
  readonly #pauses: LatencyRecorder = new LatencyRecorder();

  constructor(plan: PhysicalPlan, ports: MicrobatchWorkerPorts) {
    this.#plan = plan;
    this.#ports = ports;
  }

  /** Never rejects. One task at a time. */
  async run(request: TaskRequest): Promise<TaskResult> {
    const { stage, subtask: index, epoch, attempt } = request;
    const id = subtaskId(stage, index);
    const heartbeat = new SharedHeartbeatWriter(request.heartbeat);
    const claim = new SharedClaim(request.claim);
    heartbeat.enter('running');
    let subtask: BatchSubtask | undefined;
    try {
      // It waited for a thread until another attempt had won: what is here in memory may be of use to later tasks.
      if (claim.holder() !== 0) return { kind: 'superseded' };
      this.#forgetStale(epoch);
      const found = this.#find(id, request) ?? this.#build(request);
      subtask = found;
      this.#ports.crashPoint('task.begun');
      const isOpen = await found.process(request, () => {
        heartbeat.beat();
        return claim.holder() === 0;
      });
      this.#ports.crashPoint('task.processed');
      if (!isOpen || !claim.take(attempt)) {
        found.discard();
        return { kind: 'superseded' };
      }
      this.#ports.crashPoint('task.claimed');
      const finishing = found.finish(request, () => {
        heartbeat.beat();
        return true;
      });
      // What it waits for now is a sink's asynchronous prepare.
      heartbeat.enter('parked');
      const output = await finishing;
      this.#hot.set(id, { subtask: found, epoch, attempt });
      this.#ports.crashPoint('task.finished');
      return { kind: 'done', output };
    } catch (thrown) {
      subtask?.discard();
      return { kind: 'failed', report: toReport(thrown, { subtask: id, epoch }) };
    } finally {
      heartbeat.enter('parked');
    }
  }

  /** Closes what is in memory. */
  close(): void {
    for (const { subtask } of this.#hot.values()) subtask.discard();
    this.#hot.clear();
  }

  /** Taken out: it is put back when its task has been done. */
  #find(id: SubtaskId, { epoch, continues }: TaskRequest): BatchSubtask | undefined {
    const hot = this.#hot.get(id);
    if (hot === undefined) return undefined;
    this.#hot.delete(id);
    if (hot.epoch === epoch - 1 && hot.attempt === continues) return hot.subtask;
    hot.subtask.discard();
    return undefined;
  }

  #build({ stage: index, subtask, epoch, attempt, deployment }: TaskRequest): BatchSubtask {
    const stage = this.#plan.stages[index]!;
    const site: SubtaskSite = {
      plan: this.#plan,
      clock: this.#ports.clock,
      crashPoint: this.#ports.crashPoint,
      ...deployment,
    };
    return new BatchSubtask({
      site,
      stage,
      subtask,
      attempt,
      restoredEpoch: epoch - 1,
      latency: this.#latency,
      pauses: this.#pauses,
      createState: (node) => this.#ports.createState(node, subtask, stage.parallelism, epoch - 1),
    });
  }

  /** Subtasks that went on elsewhere: their memory is needed here. */
  #forgetStale(epoch: Epoch): void {
    for (const [id, hot] of this.#hot) {
      if (hot.epoch >= epoch - 1) continue;
      this.#hot.delete(id);
      hot.subtask.discard();
    }
  }
}
