/**
 * Drives epochs that flow through live subtasks: begins them, gathers snapshots, has them committed. One at a time, in order (I2).
 *
 * Owns the epoch in flight:
 *
 *   begun (markers go in) -> complete -> committed and announced (`epoch-committer.ts`)
 *
 * Does not own the store, the committers, the workers, nor what happens after a failure: the first one is handed to
 * `onFailure` and the coordinator goes silent for good (a failed commit is never retried in place, reliability F7).
 */
import {
  assert,
  type Cancellable,
  type CheckpointStore,
  type CheckpointTime,
  type Clock,
  type Epoch,
  type ErrorReport,
  type Generation,
  type Marker,
  type MonotonicMs,
  type NodeId,
  type SinkCommitter,
  type SubtaskId,
  type SubtaskSnapshot,
  toReport,
  type WatermarkPolicy,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { CrashPoint } from './crash-points.ts';
import { EpochCommitter, type EpochReport } from './epoch-committer.ts';
import { EpochTracker } from './epoch-tracker.ts';

export interface EpochCoordinatorOptions {
  readonly plan: PhysicalPlan;
  readonly subtasks: readonly SubtaskId[];
  readonly generation: Generation;
  readonly store: CheckpointStore;
  readonly committers: ReadonlyMap<NodeId, SinkCommitter>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The next epoch waits while unfolded entries take more memory than this and some of them can be folded (I8). */
  readonly unfoldedBytesMax: number;
  readonly crashPoint: CrashPoint;
  readonly policy: WatermarkPolicy;
  /** Puts the marker into all sources. */
  beginEpoch(marker: Marker): void;
  /** Tells the workers. */
  announce(epoch: Epoch, foldedThrough: Epoch, time: CheckpointTime | undefined): void;
  onEpoch(report: EpochReport): void;
  onFailure(report: ErrorReport): void;
}

type Stop = 'drain' | 'complete';

/**
 * The first epoch of a generation comes early: after a restart its commit is the proof that the job runs again, and until
 * then every further crash repeats the same work.
 */
const FIRST_EPOCH_MS = 50;

export class EpochCoordinator {
  readonly #options: EpochCoordinatorOptions;
  readonly #tracker: EpochTracker;
  readonly #committer: EpochCommitter;
  #phase: 'waiting' | 'gathering' | 'committing' | 'stopped' = 'stopped';
  #begunAt: MonotonicMs = 0;
  #timer: Cancellable | undefined;
  #stop: Stop | undefined;
  /** What the epoch in flight was begun with. */
  #stopInFlight: Stop | undefined;
  #isEarlyWanted = false;

  constructor(options: EpochCoordinatorOptions) {
    this.#options = options;
    const { plan, store, committers, clock, crashPoint, announce, policy, unfoldedBytesMax } = options;
    this.#committer = new EpochCommitter({
      plan,
      store,
      committers,
      clock,
      crashPoint,
      policy,
      unfoldedBytesMax,
      announce,
      onFailure: (thrown) => this.#fail(thrown),
    });
    this.#tracker = new EpochTracker(options.subtasks, options.generation, this.#epoch());
  }

  /** Workers are running. */
  start(): void {
    assert(this.#phase === 'stopped', 'a coordinator starts once');
    this.#phase = 'waiting';
    const { clock, intervalMs } = this.#options;
    this.#begunAt = clock.monotonic() - Math.max(0, intervalMs - FIRST_EPOCH_MS);
    this.#scheduleNext();
    this.#committer.start();
  }

  /** Hears nothing more and begins nothing more. Resolves when a commit that was under way has let go of store and sinks. */
  close(): Promise<void> {
    this.#phase = 'stopped';
    this.#timer?.cancel();
    return this.#committer.close();
  }

  /** Begin the next epoch as soon as none is in flight. */
  requestEpoch(): void {
    this.#isEarlyWanted = true;
    this.#scheduleNext();
  }

  /** The next epoch to begin is the last: `complete` when all sources have ended, `drain` when somebody asked to stop. */
  finish(stop: Stop): void {
    this.#stop = this.#stop === 'complete' ? 'complete' : stop;
    this.requestEpoch();
  }

  /** How long the epoch in flight has been open, and which subtasks it waits for. */
  inFlight(): { readonly ageMs: number; readonly missing: readonly SubtaskId[] } | undefined {
    if (this.#phase !== 'gathering' && this.#phase !== 'committing') return undefined;
    return { ageMs: this.#options.clock.monotonic() - this.#begunAt, missing: this.#tracker.missing() };
  }

  onSnapshot(snapshot: SubtaskSnapshot): void {
    if (this.#phase === 'stopped') return;
    this.#guard(() => {
      const verdict = this.#tracker.add(snapshot);
      if (verdict !== 'complete') return;
      assert(this.#phase === 'gathering', `I2: an epoch became complete while ${this.#phase}`);
      this.#phase = 'committing';
      this.#options.crashPoint('epoch.complete');
      this.#commit(this.#tracker.take()).catch((thrown: unknown) => this.#fail(thrown));
    });
  }

  #scheduleNext(): void {
    if (this.#phase !== 'waiting') return;
    this.#timer?.cancel();
    const { clock, intervalMs } = this.#options;
    const dueInMs = this.#isEarlyWanted ? 0 : Math.max(0, this.#begunAt + intervalMs - clock.monotonic());
    this.#timer = clock.schedule(dueInMs, () => this.#guard(() => this.#begin()));
  }

  #begin(): void {
    if (this.#phase !== 'waiting') return;
    // Waiting helps only while there is something to fold: what retention keeps unfolded stays, whatever its size.
    if (this.#options.store.unfoldedBytes() > this.#options.unfoldedBytesMax && this.#committer.fold()) {
      this.#timer = this.#options.clock.schedule(0, () => this.#guard(() => this.#begin()));
      return;
    }
    const epoch = this.#tracker.begin();
    this.#phase = 'gathering';
    const now = this.#options.clock.monotonic();
    assert(now >= this.#begunAt, `I7: the monotonic clock went back from ${this.#begunAt} to ${now}`);
    this.#begunAt = now;
    this.#isEarlyWanted = false;
    this.#stopInFlight = this.#stop;
    this.#options.crashPoint('epoch.begun');
    this.#options.beginEpoch({ kind: 'marker', epoch, isFinal: this.#stop !== undefined });
  }

  async #commit(snapshots: readonly SubtaskSnapshot[]): Promise<void> {
    const stop = this.#stopInFlight;
    const report = await this.#committer.commit({
      snapshots,
      beganAt: this.#begunAt,
      isFinal: stop !== undefined,
      isComplete: stop === 'complete',
    });
    if (report === undefined || this.#hasStopped()) return;
    if (stop === undefined) this.#phase = 'waiting';
    else void this.close();
    this.#options.onEpoch(report);
    this.#scheduleNext();
  }

  /** The newest committed one. */
  #epoch(): Epoch {
    return this.#committer.manifest?.epoch ?? 0;
  }

  #hasStopped(): boolean {
    return this.#phase === 'stopped';
  }

  #guard(body: () => void): void {
    if (this.#phase === 'stopped') return;
    try {
      body();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    if (this.#hasStopped()) return;
    void this.close();
    this.#options.onFailure(toReport(thrown, { epoch: this.#epoch() + 1 }));
  }
}
