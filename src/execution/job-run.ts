/**
 * One run of a job on the driver thread: generations one after the other until it completes, fails or is closed.
 *
 * Owns the lifecycle of the job and the order in which a generation is put together:
 *
 *   state directory opened -> compatible? -> splits listed -> committers restored -> engine started
 *
 * and taken apart again, in reverse, before the next one begins: nothing of an older generation can act (I10). The state
 * directory is opened anew for each: after a failed commit nothing may go on in the old one (reliability F7).
 */
import { type JobState, jobSuccessors, Lifecycle, Supervisor } from '../actors/index.ts';
import {
  assert,
  type Cancellable,
  CancelledError,
  type CheckpointManifest,
  type CheckpointStore,
  type Clock,
  type ConnectorContext,
  type ErrorReport,
  fromReport,
  type Generation,
  type MonotonicMs,
  type NodeId,
  type SinkCommitter,
  toReport,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { CrashPoint } from './crash-points.ts';
import { decideStop, type Until } from './decide-stop.ts';
import type { Engine, GenerationContext, GenerationEnd, GenerationRun } from './engine.ts';
import type { EpochReport } from './epoch-committer.ts';
import { foldAhead } from './fold-ahead.ts';
import { JobMetrics } from './job-metrics.ts';
import { type JobOutcome, type JobStatus, RESTARTS_SHOWN_MAX, type RestartSummary } from './job-status.ts';
import type { LatencyPart } from './latency-histogram.ts';
import { ModeControl, type SwitchReport } from './mode-control.ts';
import type { EngineMode, ExecutionMode, JobOptions } from './options.ts';
import { restoreCommitters } from './restore-committers.ts';
import { listAssignedSplits } from './split-assignment.ts';

/** The state directory as a run needs it. */
export interface RunState {
  readonly store: CheckpointStore;
  pendingDirectory(node: NodeId): string;
  close(): void;
}

export interface JobRunOptions {
  readonly plan: PhysicalPlan;
  readonly options: JobOptions;
  readonly until: Until;
  readonly engines: Readonly<Record<EngineMode, Engine>>;
  readonly baseDirectory: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly crashPoint: CrashPoint;
  /** Opens and locks; refuses what does not fit with an error of recovery `none`. */
  openState(): RunState;
  /** The named differences that are allowed. Throws `IncompatiblePlanError` with those that are not. */
  checkCompatible(manifest: CheckpointManifest, plan: PhysicalPlan, options: JobOptions): readonly string[];
  onEpoch(report: EpochReport): void;
  onState(state: JobState): void;
  /** Latencies as workers hand them over; a second pair of eyes beside the histogram of the status. */
  onLatency?(part: LatencyPart): void;
}

interface OpenGeneration {
  readonly state: RunState;
  readonly committers: ReadonlyMap<NodeId, SinkCommitter>;
  readonly run: GenerationRun;
}

export class JobRun {
  /** Settles once and never rejects. */
  readonly outcome: Promise<JobOutcome>;
  readonly #options: JobRunOptions;
  readonly #lifecycle: Lifecycle<JobState>;
  readonly #supervisor: Supervisor;
  readonly #metrics: JobMetrics;
  readonly #modes: ModeControl;
  readonly #startedAt: MonotonicMs;
  readonly #sourceSubtasks: number;
  readonly #running: Promise<void>;
  #settleRunning!: { resolve: () => void; reject: (failure: Error) => void };
  #settleOutcome!: (outcome: JobOutcome) => void;
  #drainTimer: Cancellable | undefined;
  #generation: Generation = 0;
  #open: OpenGeneration | undefined;
  #closeRequested: (() => void) | undefined;
  #isClosing = false;
  #isDraining = false;
  #failedAt: MonotonicMs | undefined;
  #lastFailure: ErrorReport | undefined;
  #recentRestarts: readonly RestartSummary[] = [];
  #lastRecoveryMs: number | undefined;
  #allowedChanges: readonly string[] = [];

  constructor(options: JobRunOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle(`job ${options.plan.job}`, jobSuccessors, 'created');
    this.#lifecycle.observe((state) => options.onState(state));
    const { restart } = options.options;
    this.#supervisor = new Supervisor({ clock: options.clock, random: options.random, policy: restart });
    this.#startedAt = options.clock.monotonic();
    this.#metrics = new JobMetrics(options.options.watermark.policy);
    this.#modes = new ModeControl({
      clock: options.clock,
      options: options.options,
      engines: options.engines,
      prepare: (engine) => this.#prepareSwitch(engine),
      onPrepared: () => this.#open?.run.finish('drain'),
    });
    this.#sourceSubtasks = options.plan.stages
      .filter((stage) => stage.inputs.length === 0)
      .reduce((sum, stage) => sum + stage.parallelism, 0);
    this.#running = new Promise((resolve, reject) => {
      this.#settleRunning = { resolve, reject };
    });
    this.#running.catch(() => {});
    this.outcome = new Promise((resolve) => {
      this.#settleOutcome = resolve;
    });
  }

  /** Resolves when the first generation runs; rejects with its failure when the job ended before that. */
  start(): Promise<void> {
    this.#runGenerations().then(
      (outcome) => this.#finish(outcome),
      (thrown: unknown) => this.#finish({ kind: 'failed', report: toReport(thrown), reason: 'a bug in Millrace' }),
    );
    return this.#running;
  }

  /** Ends behind a final epoch, or without one when that takes longer than the drain timeout. Idempotent. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    // Between two generations nothing runs that could be drained, and everything committed stands.
    if (this.#lifecycle.state === 'restarting') {
      void this.close();
      return;
    }
    const { clock, options } = this.#options;
    this.#drainTimer = clock.schedule(options.drainTimeoutMs, () => void this.close());
    this.#open?.run.finish('drain');
    if (this.#lifecycle.state === 'running') this.#lifecycle.enter('draining');
  }

  /** Ends now; what is not committed is read again by the next run. Resolves when nothing is left running. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#closeRequested?.();
    await this.outcome;
  }

  /** Goes on in another mode, at an epoch boundary: see {@link ModeControl.request}. Rejects when the job does not run. */
  async switchMode(mode: ExecutionMode): Promise<SwitchReport> {
    const { state } = this.#lifecycle;
    if (state === 'draining' || this.#isClosing || this.#lifecycle.isFinal) {
      throw new CancelledError(`the job is ${state} and cannot be switched to ${mode} mode any more`);
    }
    return this.#modes.request(mode);
  }

  status(): JobStatus {
    const { clock, options, plan } = this.#options;
    const inFlight = this.#open?.run.inFlight();
    return {
      job: plan.job,
      state: this.#lifecycle.state,
      ...this.#modes.summary(),
      generation: this.#generation,
      restarts: this.#supervisor.restarts,
      uptimeMs: clock.monotonic() - this.#startedAt,
      ...this.#metrics.summary(),
      epochInFlight: inFlight && { ...inFlight, isSlow: inFlight.ageMs > options.epoch.slowMs },
      lastFailure: this.#lastFailure,
      recentRestarts: this.#recentRestarts,
      lastRecoveryMs: this.#lastRecoveryMs,
      allowedChanges: this.#allowedChanges,
    };
  }

  async #runGenerations(): Promise<JobOutcome> {
    for (;;) {
      if (this.#isClosing) return { kind: 'closed' };
      this.#lifecycle.enter('starting');
      const end = await this.#runGeneration();
      if (end === 'closed') return { kind: 'closed' };
      if (end.kind === 'finished') {
        if (end.stop === 'complete' || this.#isDraining || !this.#modes.isSwitchPrepared()) {
          return { kind: 'completed', stop: end.stop };
        }
        this.#lifecycle.enter('switching');
        continue;
      }
      this.#lastFailure = end.report;
      this.#failedAt ??= this.#options.clock.monotonic();
      const decision = this.#supervisor.judge(end.report, this.#metrics.epoch());
      if (decision.kind === 'fail') return { kind: 'failed', report: end.report, reason: decision.reason };
      this.#noteRestart(end.report, decision.delayMs);
      this.#lifecycle.enter('restarting');
      // Threads come up while the backoff runs. What keeps them from it shows when the generation is opened.
      this.#modes.nextEngine.prepare(this.#options.plan, this.#options.options).catch(() => undefined);
      await this.#pause(decision.delayMs);
    }
  }

  #noteRestart({ node, code, message }: ErrorReport, delayMs: number): void {
    const restart: RestartSummary = { number: this.#supervisor.restarts, delayMs, node, code, message };
    this.#recentRestarts = [...this.#recentRestarts, restart].slice(-RESTARTS_SHOWN_MAX);
  }

  async #runGeneration(): Promise<GenerationEnd | 'closed'> {
    const closed = new Promise<'closed'>((resolve) => {
      this.#closeRequested = () => resolve('closed');
    });
    try {
      await this.#modes.generationBegins();
      const open = await this.#openGeneration(this.#modes.engine);
      this.#open = open;
      this.#lifecycle.enter('running');
      this.#settleRunning.resolve();
      const epoch = this.#metrics.epoch();
      void open.run.moving.then(() => this.#modes.generationMoves(epoch));
      if (this.#isDraining) {
        this.#lifecycle.enter('draining');
        open.run.finish('drain');
      }
      // Prepared while this generation was opened.
      else if (this.#modes.isSwitchPrepared()) open.run.finish('drain');
      return this.#isClosing ? 'closed' : await Promise.race([open.run.ended, closed]);
    } catch (thrown) {
      return { kind: 'failed', report: toReport(thrown) };
    } finally {
      this.#modes.paused(this.#options.clock.monotonic());
      await this.#closeGeneration();
    }
  }

  /** While the old mode goes on: its successor's threads come up, and what they would have to load before they begin gets little. */
  async #prepareSwitch(engine: Engine): Promise<void> {
    const { clock, options, plan } = this.#options;
    const open = this.#open;
    const folded =
      open &&
      foldAhead({
        store: open.state.store,
        clock,
        retainEpochs: options.state.retainEpochs,
        isOpen: () => this.#open === open,
      });
    await Promise.all([engine.prepare(plan, options), folded]);
  }

  async #openGeneration(engine: Engine): Promise<OpenGeneration> {
    const { openState, options, plan } = this.#options;
    // Threads come up while the state is opened and looked through.
    const prepared = engine.prepare(plan, options);
    prepared.catch(() => undefined);
    try {
      return await this.#openOn(openState(), engine, prepared);
    } catch (thrown) {
      await engine.close();
      throw thrown;
    }
  }

  async #openOn(state: RunState, engine: Engine, prepared: Promise<void>): Promise<OpenGeneration> {
    const { checkCompatible, crashPoint, options, plan } = this.#options;
    const committers = new Map<NodeId, SinkCommitter>();
    try {
      const manifest = state.store.latest();
      if (manifest !== undefined) this.#noteChanges(checkCompatible(manifest, plan, options));
      this.#generation = state.store.beginGeneration();
      crashPoint('generation.begun');
      this.#metrics.generationBegins(manifest);
      const contextOf = (node: NodeId): ConnectorContext => this.#contextOf(node, state);
      const splits = await listAssignedSplits(plan, manifest, contextOf);
      await restoreCommitters(committers, plan, manifest, contextOf);
      crashPoint('generation.restored');
      await prepared;
      const run = await engine.start(this.#generationContext(manifest, state, committers, splits, contextOf));
      return { state, committers, run };
    } catch (thrown) {
      for (const committer of committers.values()) await committer.close();
      state.close();
      throw thrown;
    }
  }

  /** Later generations of this run find the manifests of this plan, and nothing changed. */
  #noteChanges(allowed: readonly string[]): void {
    if (this.#allowedChanges.length === 0) this.#allowedChanges = allowed;
  }

  #generationContext(
    manifest: CheckpointManifest | undefined,
    state: RunState,
    committers: ReadonlyMap<NodeId, SinkCommitter>,
    splits: GenerationContext['splits'],
    contextOf: GenerationContext['contextOf'],
  ): GenerationContext {
    const { clock, crashPoint, options, plan } = this.#options;
    return {
      plan,
      options,
      generation: this.#generation,
      manifest,
      splits,
      store: state.store,
      committers,
      contextOf,
      clock,
      crashPoint,
      onEpoch: (report) => this.#onEpoch(report),
      onStatus: (status) => {
        this.#metrics.onStatus(status);
        this.#modes.observe(this.#metrics.behindMs());
        if (status.latency.length > 0) this.#options.onLatency?.(status.latency);
        this.#stopWhenDue();
      },
    };
  }

  async #closeGeneration(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#closeRequested = undefined;
    if (open === undefined) return;
    await open.run.close();
    for (const committer of open.committers.values()) await committer.close();
    open.state.close();
  }

  #contextOf(node: NodeId, state: RunState): ConnectorContext {
    const { baseDirectory, clock, crashPoint, plan } = this.#options;
    return {
      node,
      job: plan.job,
      generation: this.#generation,
      baseDirectory,
      pendingDirectory: state.pendingDirectory(node),
      clock,
      crashPoint,
    };
  }

  #onEpoch(report: EpochReport): void {
    this.#metrics.onEpoch(report);
    const { alignMs, sealMs, commitMs, publishMs, isFinal } = report;
    // From its begin on nothing more is read.
    if (isFinal) this.#modes.paused(this.#options.clock.monotonic() - alignMs - sealMs - commitMs - publishMs);
    if (this.#failedAt !== undefined) {
      this.#lastRecoveryMs = this.#options.clock.monotonic() - this.#failedAt;
      this.#failedAt = undefined;
    }
    this.#options.onEpoch(report);
    this.#stopWhenDue();
  }

  #stopWhenDue(): void {
    const sources = this.#metrics.sources();
    const recordsReadByRun = this.#metrics.recordsReadByRun();
    const uptimeMs = this.#options.clock.monotonic() - this.#startedAt;
    const stop = decideStop(this.#options.until, {
      sourceSubtasks: this.#sourceSubtasks,
      sources,
      recordsReadByRun,
      uptimeMs,
    });
    if (stop !== undefined) this.#open?.run.finish(stop);
  }

  /** Waits, but no longer than until somebody closes the job. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Cancellable | undefined;
      const end = (): void => {
        timer?.cancel();
        this.#closeRequested = undefined;
        resolve();
      };
      this.#closeRequested = end;
      timer = this.#options.clock.schedule(delayMs, end);
    });
  }

  async #finish(outcome: JobOutcome): Promise<void> {
    // Threads that were prepared and never used.
    await this.#modes.jobEnds();
    assert(this.#open === undefined, 'I10: a generation outlived its job');
    this.#drainTimer?.cancel();
    this.#lifecycle.enter(outcome.kind);
    if (outcome.kind === 'failed') this.#settleRunning.reject(fromReport(outcome.report));
    else this.#settleRunning.resolve();
    this.#settleOutcome(outcome);
  }
}
