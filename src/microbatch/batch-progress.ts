/**
 * Adds up what the tasks of a generation report, into the status that the rest of the runtime knows from workers. There is one for all
 * threads of the pool: they come and go.
 */
import type { BatchStatus, SourceState, WorkerStatus } from '../execution/deployment.ts';
import { addCounts, NO_COUNTS } from '../execution/epoch-tracker.ts';
import {
  type DurationMs,
  type EpochCounts,
  type MonotonicMs,
  type NodeId,
  type SubtaskId,
  subtaskId,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { SurveyedSources } from './plan-batch.ts';
import type { TaskOutput } from './task.ts';

/** Batches shorter than this follow their input closely. */
const LONG_BATCH_MS = 1000;

export class BatchProgress {
  readonly #plan: PhysicalPlan;
  readonly #states = new Map<SubtaskId, { readonly bytes: number; readonly entries: number }>();
  #counts: EpochCounts = NO_COUNTS;
  #sources: ReadonlyMap<NodeId, SourceState> = new Map();
  #latency: number[] = [];
  #pauses: number[] = [];
  #caughtUpAt: MonotonicMs;
  #isBehind = true;

  constructor(plan: PhysicalPlan, now: MonotonicMs) {
    this.#plan = plan;
    this.#caughtUpAt = now;
  }

  /** What the sources have left. `hasMore`: the batch that follows leaves something over. */
  surveyed(surveys: SurveyedSources, hasMore: boolean, now: MonotonicMs): void {
    this.#sources = new Map(
      Object.entries(surveys).map(([node, splits]) => [node, stateOf(Object.values(splits))] as const),
    );
    this.#isBehind = hasMore;
    if (!hasMore) this.#caughtUpAt = now;
  }

  /** Every source has been read to its end. */
  ended(): void {
    this.#sources = new Map([...this.#sources.keys()].map((node) => [node, 'ended'] as const));
    this.#isBehind = false;
  }

  /** Of a task that counts. */
  done(output: TaskOutput): void {
    const { snapshot, latency, pauses, stateBytes, stateEntries } = output;
    this.#counts = addCounts(this.#counts, snapshot.counts);
    this.#states.set(snapshot.subtask, { bytes: stateBytes, entries: stateEntries });
    for (const part of latency) this.#latency.push(part);
    for (const part of pauses) this.#pauses.push(part);
  }

  /** Records read since the start of the generation. */
  recordsRead(): number {
    return this.#counts.recordsRead;
  }

  /** What happened since the last status, and where things stand. */
  status(now: MonotonicMs, time: WorkerStatus['time'], batch: BatchStatus, inFlightMs: DurationMs): WorkerStatus {
    const states = [...this.#states.values()];
    const status: WorkerStatus = {
      worker: 0,
      ...this.#counts,
      sources: this.#sourceSubtasks(),
      behindMs: this.#behindMs(now, inFlightMs),
      stateBytes: states.reduce((sum, { bytes }) => sum + bytes, 0),
      stateEntries: states.reduce((sum, { entries }) => sum + entries, 0),
      time,
      batch,
      latency: this.#latency,
      pauses: this.#pauses,
    };
    this.#latency = [];
    this.#pauses = [];
    return status;
  }

  /** Input of a batch that takes long has been there for long, though nothing was left over when it was planned. */
  #behindMs(now: MonotonicMs, inFlightMs: DurationMs): DurationMs {
    if (this.#isBehind) return now - this.#caughtUpAt;
    return inFlightMs >= LONG_BATCH_MS ? inFlightMs : 0;
  }

  #sourceSubtasks(): WorkerStatus['sources'] {
    return this.#plan.stages.flatMap(({ chain, index, parallelism }) => {
      const state = this.#sources.get(chain[0]!.node.id);
      if (state === undefined) return [];
      return Array.from({ length: parallelism }, (_, subtask) => ({ subtask: subtaskId(index, subtask), state }));
    });
  }
}

function stateOf(splits: readonly { readonly isEmpty: boolean; readonly isEnd: boolean }[]): SourceState {
  if (!splits.every(({ isEmpty }) => isEmpty)) return 'active';
  return splits.every(({ isEnd }) => isEnd) ? 'ended' : 'idle';
}
