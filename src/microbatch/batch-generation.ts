/**
 * One generation in batches: survey, plan, run, commit, again, until the job ends, fails or is closed.
 *
 *   trigger -> survey -> PLANNED (durable) -> superstep, barrier, superstep, ... -> COMMITTED (durable) -> trigger
 *
 * Owns the pool, the surveyors and the batch in flight. The plan of a batch is durable before any of its work: a batch that was
 * planned and not committed is run again first, exactly as it was planned. What a batch is, when it starts and how its tasks are tried is
 * decided elsewhere (`plan-batch.ts`, `decide-trigger.ts`, `stage-runner.ts`).
 */

import { deriveHeldBack } from '../execution/derive-held-back.ts';
import type { GenerationContext, GenerationEnd, GenerationRun, StopKind } from '../execution/engine.ts';
import { EpochCommitter } from '../execution/epoch-committer.ts';
import { EpochTracker } from '../execution/epoch-tracker.ts';
import {
  assert,
  type BatchPlan,
  type Cancellable,
  type DurationMs,
  type Epoch,
  type ErrorReport,
  type MonotonicMs,
  type NodeId,
  type SourceOffsets,
  subtaskId,
  type TimestampMs,
  toReport,
} from '../model/index.ts';
import { listSubtasks } from '../plan/placement.ts';
import { STATE_FORMAT_VERSION } from '../storage/index.ts';
import { BatchProgress } from './batch-progress.ts';
import { BatchTime, endOf, type SourceTimes } from './batch-time.ts';
import { decideBatch, decideTurn, deriveCommitted, deriveEnd, limitsOf } from './decide-trigger.ts';
import { deriveSupersteps } from './derive-supersteps.ts';
import { type BatchWork, deriveTasks } from './derive-tasks.ts';
import { ExchangedRecords } from './exchanged-records.ts';
import type { TriggerMemory } from './microbatch-engine.ts';
import { type BatchLimits, hasEnded, type PlannedBatch, planBatch, type SurveyedSources } from './plan-batch.ts';
import { RateEstimator } from './rate-estimator.ts';
import { SourceSurveys } from './source-surveys.ts';
import { StageRunner } from './stage-runner.ts';
import type { TaskDeployment } from './task.ts';
import type { TaskPool } from './task-pool.ts';

/** Between two reports, also while nothing happens: what a job waits for may be time. */
const STATUS_INTERVAL_MS = 200;

export class BatchGeneration implements GenerationRun {
  readonly ended: Promise<GenerationEnd>;
  readonly moving: Promise<void>;
  readonly #context: GenerationContext;
  readonly #pool: TaskPool;
  readonly #trigger: TriggerMemory;
  readonly #surveys: SourceSurveys;
  readonly #runner: StageRunner;
  readonly #committer: EpochCommitter;
  readonly #tracker: EpochTracker;
  readonly #progress: BatchProgress;
  readonly #time: BatchTime;
  readonly #deployment: TaskDeployment;
  readonly #running: Promise<GenerationEnd>;
  #reportTimer: Cancellable | undefined;
  #batchBeganAt: MonotonicMs | undefined;
  #lastBatch: { readonly records: number; readonly durationMs: DurationMs } = { records: 0, durationMs: 0 };
  #isStopping = false;
  #isClosing = false;
  #wake: () => void = () => {};
  #moves: () => void = () => {};
  #failed: (report: ErrorReport) => void = () => {};
  #closing: Promise<void> | undefined;

  /** Throws, with nothing left behind but the pool, when a source cannot be read. Begins when the caller has let go. */
  constructor(context: GenerationContext, pool: TaskPool, trigger: TriggerMemory) {
    const { clock, committers, contextOf, crashPoint, manifest, options, plan, splits, store } = context;
    this.#context = context;
    this.#pool = pool;
    this.#trigger = trigger;
    this.#deployment = deploymentOf(context);
    this.#surveys = new SourceSurveys({ plan, splits, offsets: manifest?.offsets ?? {}, contextOf });
    this.#runner = new StageRunner({ pool, clock, plan, options });
    this.#committer = new EpochCommitter({
      plan,
      store,
      committers,
      clock,
      crashPoint,
      policy: options.watermark.policy,
      unfoldedBytesMax: options.state.unfoldedBytesMax,
      // Threads hear of it with their next task.
      announce: () => {},
      onFailure: (thrown) => this.#failed(toReport(thrown)),
    });
    this.#tracker = new EpochTracker(
      listSubtasks(plan).map(({ stage, subtask }) => subtaskId(stage, subtask)),
      context.generation,
      this.#epoch(),
    );
    this.#progress = new BatchProgress(plan, clock.monotonic());
    this.#time = new BatchTime(plan, clock.monotonic());
    trigger.rate ??= RateEstimator.of(options);
    const failed = new Promise<GenerationEnd>((resolve) => {
      this.#failed = (report) => resolve({ kind: 'failed', report });
    });
    this.moving = new Promise((resolve) => {
      this.#moves = resolve;
    });
    this.#running = this.#run();
    this.ended = Promise.race([this.#running, failed]);
  }

  /** Behind the batch in flight: what is committed is all that was read. `complete` is found out by the generation itself. */
  finish(stop: StopKind): void {
    if (stop === 'complete') return;
    this.#isStopping = true;
    this.#wake();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  inFlight(): { readonly ageMs: number; readonly missing: readonly string[] } | undefined {
    if (this.#batchBeganAt === undefined) return undefined;
    return { ageMs: this.#context.clock.monotonic() - this.#batchBeganAt, missing: this.#tracker.missing() };
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    this.#runner.close();
    await this.#pool.close();
    await this.#committer.close();
    await this.#running;
    this.#reportTimer?.cancel();
    this.#surveys.close();
  }

  /** Never rejects. */
  async #run(): Promise<GenerationEnd> {
    try {
      // Whoever made this generation must hold it before it hears of it.
      await this.#wait(0);
      this.#scheduleReport();
      this.#committer.start();
      const replayed = this.#context.store.planned();
      let stop = replayed === undefined ? undefined : await this.#replay(replayed);
      while (stop === undefined) stop = await this.#takeTurn();
      return { kind: 'finished', stop };
    } catch (thrown) {
      return { kind: 'failed', report: toReport(thrown, { epoch: this.#epoch() + 1 }) };
    }
  }

  /** Whether it was the last one is asked again: its sources may have more by now. */
  async #replay(batch: BatchPlan): Promise<StopKind | undefined> {
    await this.#runBatch(batch, this.#context.clock.monotonic(), batch.isLast ? 'complete' : undefined);
    if (!batch.isLast || this.#isClosing) return undefined;
    const { isEnd, plan } = this.#plan(await this.#survey());
    return isEnd && plan === undefined ? 'complete' : undefined;
  }

  /** What the trigger says now. Returns why the job ends, if it does. */
  async #takeTurn(): Promise<StopKind | undefined> {
    if (this.#isStopping || this.#isClosing) return 'drain';
    const { batch: options } = this.#context.options;
    const { clock } = this.#context;
    const { step, state } = decideTurn(options, this.#trigger.state, clock.now());
    this.#trigger.state = state;
    switch (step.kind) {
      case 'finish':
        return step.stop;
      case 'wait':
        // What time has made due does not wait for the next boundary.
        if (this.#isTimeDue()) await this.#runEmpty();
        else await this.#wait(Math.min(step.forMs, this.#timeDueInMs()));
        return undefined;
      case 'survey':
        return this.#surveyAndRun();
    }
  }

  async #surveyAndRun(): Promise<StopKind | undefined> {
    const { clock, options, store } = this.#context;
    const surveys = await this.#survey();
    if (this.#isStopping || this.#isClosing) return 'drain';
    const planned = this.#plan(surveys);
    this.#progress.surveyed(surveys, planned.hasMore, clock.monotonic());
    const wakeInMs = this.#surveys.wakeAt() - clock.monotonic();
    const step = decideBatch(options.batch, this.#trigger.state, planned, clock.now(), wakeInMs, this.#isTimeDue());
    switch (step.kind) {
      case 'wait':
        this.#moves();
        this.#report();
        // The report may have been what the job waited for to end.
        if (!this.#isStopping) await this.#wait(Math.min(step.forMs, this.#timeDueInMs()));
        return undefined;
      case 'run-empty':
        await this.#runEmpty();
        return undefined;
      case 'finish':
        if (step.stop === 'complete' && this.#committer.manifest?.isComplete !== true) {
          await this.#planAndRun(this.#emptyBatch(true), step.stop);
        }
        this.#report();
        return step.stop;
      case 'run': {
        await this.#foldWhenDue();
        assert(planned.plan !== undefined, 'a batch that runs has a plan');
        assert(store.planned() === undefined, 'I2: the planned batch comes first');
        await this.#planAndRun(planned.plan, step.stop);
        return step.stop;
      }
    }
  }

  async #survey(): Promise<SurveyedSources> {
    const surveys = await this.#surveys.survey(this.#offsets(), this.#trigger.state.end);
    this.#trigger.state = deriveEnd(this.#context.options.batch, this.#trigger.state, surveys);
    this.#time.surveyed(surveys, this.#context.clock.monotonic());
    return surveys;
  }

  #plan(surveys: SurveyedSources): PlannedBatch {
    return planBatch({
      epoch: this.#epoch() + 1,
      plannedAt: this.#processingTime(),
      from: this.#offsets(),
      surveys,
      limits: limitsOf(this.#context.options.batch, this.#limits()),
      times: this.#sourceTimes(),
      heldBack: deriveHeldBack(this.#context.plan, (source) => hasEnded(surveys, source)),
      cut: (...args) => this.#surveys.cut(...args),
    });
  }

  async #planAndRun(batch: BatchPlan, stop: StopKind | undefined): Promise<void> {
    const beganAt = this.#context.clock.monotonic();
    this.#context.store.plan(batch);
    this.#context.crashPoint('batch.planned');
    await this.#runBatch(batch, beganAt, stop);
  }

  async #runBatch(batch: BatchPlan, beganAt: MonotonicMs, stop: StopKind | undefined): Promise<void> {
    const { clock, crashPoint, plan } = this.#context;
    this.#batchBeganAt = beganAt;
    const epoch = this.#tracker.begin();
    assert(epoch === batch.epoch, `I2: batch ${batch.epoch} is run as epoch ${epoch}`);
    const readBefore = this.#progress.recordsRead();
    await this.#runSupersteps(batch);
    crashPoint('epoch.complete');
    const report = await this.#committer.commit({
      snapshots: this.#tracker.take(),
      beganAt,
      isFinal: stop !== undefined,
      isComplete: batch.isLast,
    });
    this.#batchBeganAt = undefined;
    if (report === undefined) return;
    const endedAt = clock.monotonic();
    this.#time.ran(batch, endedAt);
    this.#trigger.state = deriveCommitted(this.#trigger.state);
    this.#lastBatch = { records: this.#progress.recordsRead() - readBefore, durationMs: endedAt - beganAt };
    this.#trigger.rate?.update(endedAt, this.#lastBatch.records, this.#lastBatch.durationMs);
    if (batch.isLast) this.#progress.ended();
    assert(plan.fingerprint === report.manifest.fingerprint, 'I9: one fingerprint per run');
    this.#context.onEpoch(report);
    this.#report();
  }

  async #runSupersteps(batch: BatchPlan): Promise<void> {
    const { crashPoint, plan } = this.#context;
    const work = this.#workOf(batch);
    const exchanged = new ExchangedRecords(plan);
    for (const stages of deriveSupersteps(plan)) {
      const outputs = await this.#runner.run(deriveTasks(work, stages, exchanged));
      for (const output of outputs) {
        this.#tracker.add(output.snapshot);
        this.#progress.done(output);
      }
      this.#moves();
      exchanged.superstepDone(stages, outputs);
      crashPoint('batch.superstep');
    }
  }

  #workOf(batch: BatchPlan): BatchWork {
    const { plan, splits } = this.#context;
    return {
      plan,
      deployment: this.#deployment,
      batch,
      from: this.#offsets(),
      splits,
      foldedThrough: this.#committer.foldedThrough,
      lastTime: this.#committer.manifest?.time,
      hintOf: (node) => this.#surveys.hintOf(node),
    };
  }

  /** Timers have become due, and there is nothing to read. */
  async #runEmpty(): Promise<void> {
    await this.#foldWhenDue();
    await this.#planAndRun(this.#emptyBatch(false), undefined);
  }

  /** Never behind that of an earlier batch: a wall clock that was set back stands still until it has caught up. */
  #processingTime(): TimestampMs {
    return Math.max(this.#context.clock.now(), this.#committer.manifest?.time.now ?? 0);
  }

  #isTimeDue(): boolean {
    const { clock } = this.#context;
    return this.#time.isDue(this.#committer.manifest?.time, clock.now(), clock.monotonic());
  }

  #timeDueInMs(): DurationMs {
    const { clock } = this.#context;
    return Math.max(0, this.#time.dueInMs(this.#committer.manifest?.time, clock.now(), clock.monotonic()));
  }

  #sourceTimes(): SourceTimes {
    return this.#time.sourceTimes(this.#committer.manifest?.time, this.#context.clock.monotonic());
  }

  /** `isLast`: for a job that ends with nothing left to read and has not said so yet. */
  #emptyBatch(isLast: boolean): BatchPlan {
    return {
      formatVersion: STATE_FORMAT_VERSION,
      epoch: this.#epoch() + 1,
      plannedAt: this.#processingTime(),
      ranges: {},
      watermarks: isLast ? endOf(this.#sourceTimes()) : this.#sourceTimes(),
      isLast,
    };
  }

  #limits(): BatchLimits {
    const { recordsMax, bytesMax } = this.#context.options.batch;
    return { records: Math.min(recordsMax, this.#trigger.rate?.recordsMax() ?? recordsMax), bytes: bytesMax };
  }

  /** Waiting helps only while there is something to fold: what retention keeps unfolded stays, whatever its size (I8). */
  async #foldWhenDue(): Promise<void> {
    const { options, store } = this.#context;
    while (!this.#isClosing && store.unfoldedBytes() > options.state.unfoldedBytesMax && this.#committer.fold()) {
      await this.#wait(0);
    }
  }

  /** Until then, or until something happens: a stop, a close. */
  #wait(forMs: DurationMs): Promise<void> {
    return new Promise((resolve) => {
      let timer: Cancellable | undefined;
      this.#wake = () => {
        timer?.cancel();
        resolve();
      };
      if (forMs !== Number.POSITIVE_INFINITY) timer = this.#context.clock.schedule(forMs, this.#wake);
    });
  }

  #scheduleReport(): void {
    this.#reportTimer = this.#context.clock.schedule(STATUS_INTERVAL_MS, () => {
      if (this.#isClosing) return;
      this.#report();
      this.#scheduleReport();
    });
  }

  #report(): void {
    const batch = { ...this.#lastBatch, recordsMax: this.#limits().records, ...this.#runner.counts() };
    const inFlightMs = this.inFlight()?.ageMs ?? 0;
    const now = this.#context.clock.monotonic();
    const time = this.#time.status(this.#committer.manifest?.time, now);
    this.#context.onStatus(this.#progress.status(now, time, batch, inFlightMs));
  }

  #offsets(): SourceOffsets {
    return this.#committer.manifest?.offsets ?? {};
  }

  /** The newest committed one. */
  #epoch(): Epoch {
    return this.#committer.manifest?.epoch ?? 0;
  }
}

function deploymentOf({ contextOf, generation, manifest, options, plan }: GenerationContext): TaskDeployment {
  const nodes = plan.stages.flatMap((stage) => stage.chain.map(({ node }) => node.id));
  return {
    options,
    generation,
    firstEpoch: (manifest?.epoch ?? 0) + 1,
    baseDirectory: contextOf(nodes[0]!).baseDirectory,
    pendingDirectories: Object.fromEntries(
      nodes.map((node): [NodeId, string] => [node, contextOf(node).pendingDirectory]),
    ),
  };
}
