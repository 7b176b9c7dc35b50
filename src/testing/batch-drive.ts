/**
 * Microbatch mode without threads and chance: surveys, plans, supersteps and the production subtasks of the batch engine, one after the other
 * on the calling thread. One attempt per task; batches are as large as what was added.
 */

import { deriveHeldBack } from '../execution/derive-held-back.ts';
import type { SubtaskSite } from '../execution/host-subtask.ts';
import { LatencyRecorder } from '../execution/latency-recorder.ts';
import { BatchSubtask, type TaskEnd } from '../microbatch/batch-subtask.ts';
import { BatchTime, endOf, type SourceTimes } from '../microbatch/batch-time.ts';
import { deriveSupersteps } from '../microbatch/derive-supersteps.ts';
import { type BatchWork, deriveTasks } from '../microbatch/derive-tasks.ts';
import { ExchangedRecords } from '../microbatch/exchanged-records.ts';
import { hasEnded, planBatch, type SurveyedSources } from '../microbatch/plan-batch.ts';
import type { TaskOutput, TaskWork } from '../microbatch/task.ts';
import {
  type BatchPlan,
  type CheckpointManifest,
  type Epoch,
  type ErrorReport,
  fromReport,
  type MonotonicMs,
  type SourceOffsets,
  type SubtaskId,
  type SubtaskSnapshot,
  subtaskId,
} from '../model/index.ts';
import { STATE_FORMAT_VERSION } from '../storage/index.ts';
import { HarnessError } from './harness-error.ts';
import { type DriveSite, type JobDrive, NO_DIRECTORY, type SealedPart } from './job-drive.ts';

/** The only one of each task. */
const ATTEMPT = 1;

export class BatchDrive implements JobDrive {
  readonly mustSettle: boolean;
  readonly #site: DriveSite;
  readonly #subtaskSite: SubtaskSite;
  readonly #time: BatchTime;
  readonly #subtasks = new Map<SubtaskId, BatchSubtask>();
  readonly #latency: LatencyRecorder = new LatencyRecorder();
  readonly #pauses: LatencyRecorder = new LatencyRecorder();
  #manifest: CheckpointManifest | undefined;
  #foldedThrough: Epoch;
  #batch: BatchPlan | undefined;
  #hasMore = false;

  constructor(site: DriveSite) {
    const { clock, generation, manifest, options, plan, store } = site;
    this.#site = site;
    this.#manifest = manifest;
    this.#foldedThrough = store.foldedThrough();
    this.#subtaskSite = {
      plan,
      options,
      generation,
      firstEpoch: (manifest?.epoch ?? 0) + 1,
      baseDirectory: NO_DIRECTORY,
      pendingDirectories: {},
      clock,
      crashPoint: () => {},
    };
    this.#time = new BatchTime(plan, clock.monotonic());
    this.mustSettle = plan.stages.some(({ chain }) =>
      chain.some(({ node }) => node.role === 'operator' && node.isAsynchronous),
    );
  }

  /** Nothing moves between batches. */
  run(): boolean {
    return false;
  }

  nextWakeAt(): MonotonicMs {
    const { clock } = this.#site;
    const dueInMs = this.#time.dueInMs(this.#manifest?.time, clock.now(), clock.monotonic());
    return clock.monotonic() + Math.max(0, dueInMs);
  }

  seal(epoch: Epoch): SealedPart {
    for (const part of this.#runBatch(epoch)) {
      if (part !== undefined) return part;
      throw new HarnessError('the batch waits for calls; settle() runs it');
    }
    throw new HarnessError('a batch ends with its parts');
  }

  *sealInTurns(epoch: Epoch): Generator<undefined, SealedPart> {
    for (const part of this.#runBatch(epoch)) {
      if (part !== undefined) return part;
      yield undefined;
    }
    throw new HarnessError('a batch ends with its parts');
  }

  onCommitted(manifest: CheckpointManifest, foldedThrough: Epoch): void {
    this.#manifest = manifest;
    this.#foldedThrough = foldedThrough;
    this.#time.ran(this.#batch!, this.#site.clock.monotonic());
  }

  wantsEpoch(): boolean {
    const { clock } = this.#site;
    this.#time.surveyed(this.#survey(), clock.monotonic());
    return this.#hasMore || this.#time.isDue(this.#manifest?.time, clock.now(), clock.monotonic());
  }

  close(): void {
    for (const subtask of this.#subtasks.values()) subtask.discard();
    this.#subtasks.clear();
  }

  /** Yields nothing where it waits for calls, and what was made at the end. */
  *#runBatch(epoch: Epoch): Generator<SealedPart | undefined, void> {
    const { store, plan } = this.#site;
    const replayed = store.planned();
    const batch = replayed ?? this.#planBatch(epoch);
    if (replayed === undefined) store.plan(batch);
    this.#batch = batch;
    const exchanged = new ExchangedRecords(plan);
    const snapshots: SubtaskSnapshot[] = [];
    for (const stages of deriveSupersteps(plan)) {
      const outputs: TaskOutput[] = [];
      for (const task of deriveTasks(this.#workOf(batch), stages, exchanged)) {
        outputs.push(yield* this.#runTask({ ...task, continues: ATTEMPT }));
      }
      exchanged.superstepDone(stages, outputs);
      snapshots.push(...outputs.map(({ snapshot }) => snapshot));
    }
    yield { snapshots, isLast: batch.isLast };
  }

  *#runTask(work: TaskWork): Generator<undefined, TaskOutput> {
    const subtask = this.#subtaskOf(work);
    const steps = subtask.steps(work, () => true);
    while (steps.next().done !== true) yield undefined;
    let output: TaskOutput | undefined;
    let failure: ErrorReport | undefined;
    const end: TaskEnd = {
      deliver: (made) => {
        output = made;
      },
      fail: (report) => {
        failure = report;
      },
    };
    subtask.seal(work, () => true, end);
    if (failure !== undefined) throw fromReport(failure);
    if (output === undefined) throw new HarnessError('driven sinks prepare at once');
    return output;
  }

  #planBatch(epoch: Epoch): BatchPlan {
    const { clock, plan } = this.#site;
    const surveys = this.#survey();
    this.#time.surveyed(surveys, clock.monotonic());
    const times = this.#sourceTimes();
    const plannedAt = clock.now();
    const planned = planBatch({
      epoch,
      plannedAt,
      from: this.#offsets(),
      surveys,
      limits: { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
      times,
      heldBack: deriveHeldBack(plan, (source) => hasEnded(surveys, source)),
      cut: () => {
        throw new HarnessError('driven sources have no bytes to cut at');
      },
    });
    // What waits for a table to end is no reason for one more batch.
    this.#hasMore = planned.hasMore && planned.plan !== undefined;
    if (planned.plan !== undefined) return planned.plan;
    const isLast = planned.isEnd;
    const watermarks = isLast ? endOf(times) : times;
    return { formatVersion: STATE_FORMAT_VERSION, epoch, plannedAt, watermarks, ranges: {}, isLast };
  }

  #sourceTimes(): SourceTimes {
    return this.#time.sourceTimes(this.#manifest?.time, this.#site.clock.monotonic());
  }

  #survey(): SurveyedSources {
    const offsets = this.#offsets();
    return Object.fromEntries(
      [...this.#site.sources].map(([node, source]) => [node, source.survey(source.splits, offsets[node] ?? {})]),
    );
  }

  #offsets(): SourceOffsets {
    return this.#manifest?.offsets ?? {};
  }

  #workOf(batch: BatchPlan): BatchWork {
    const { plan, splits } = this.#site;
    return {
      plan,
      deployment: this.#subtaskSite,
      batch,
      from: this.#offsets(),
      splits,
      foldedThrough: this.#foldedThrough,
      lastTime: this.#manifest?.time,
      hintOf: () => undefined,
    };
  }

  #subtaskOf({ stage: index, subtask, epoch }: TaskWork): BatchSubtask {
    const id = subtaskId(index, subtask);
    const known = this.#subtasks.get(id);
    if (known !== undefined) return known;
    const stage = this.#site.plan.stages[index]!;
    const made = new BatchSubtask({
      site: this.#subtaskSite,
      stage,
      subtask,
      attempt: ATTEMPT,
      restoredEpoch: epoch - 1,
      latency: this.#latency,
      pauses: this.#pauses,
      createState: (node) => this.#site.createState(node, subtask, stage.parallelism, epoch - 1),
    });
    this.#subtasks.set(id, made);
    return made;
  }
}
