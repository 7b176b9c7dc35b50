/**
 * Drives epochs on the driver thread: begins them, gathers snapshots, commits, announces. One at a time, in order (I2).
 *
 * Owns the epoch in flight and the order of the steps of a commit:
 *
 *   begun -> complete -> sealed (prepared output durable) -> COMMITTED (one transaction) -> visible (sinks) -> announced
 *
 * Does not own the store, the committers, the workers, nor what happens after a failure: the first one is handed to
 * `onFailure` and the coordinator goes silent for good (a failed commit is never retried in place, reliability F7).
 */
import {
  assert,
  type Cancellable,
  type CheckpointManifest,
  type CheckpointStore,
  type Clock,
  type CommitToken,
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
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { CrashPoint } from './crash-points.ts';
import { EpochTracker } from './epoch-tracker.ts';
import { collectTokens, sealEpoch } from './seal-epoch.ts';

/** How one epoch went. Milliseconds. */
export interface EpochReport {
  readonly manifest: CheckpointManifest;
  /** From the marker's start to the last snapshot. */
  readonly alignMs: number;
  /** Making the prepared output durable. */
  readonly sealMs: number;
  /** The transaction. */
  readonly commitMs: number;
  /** Making the output visible. */
  readonly publishMs: number;
  readonly deltaBytes: number;
  readonly isFinal: boolean;
}

export interface EpochCoordinatorOptions {
  readonly plan: PhysicalPlan;
  readonly subtasks: readonly SubtaskId[];
  readonly generation: Generation;
  readonly store: CheckpointStore;
  readonly committers: ReadonlyMap<NodeId, SinkCommitter>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The next epoch waits while more bytes of deltas than this are unfolded and some of them can be folded (I8). */
  readonly unfoldedBytesMax: number;
  readonly crashPoint: CrashPoint;
  /** Puts the marker into all sources. */
  beginEpoch(marker: Marker): void;
  /** Tells the workers. */
  announce(epoch: Epoch, foldedThrough: Epoch): void;
  onEpoch(report: EpochReport): void;
  onFailure(report: ErrorReport): void;
}

type Stop = 'drain' | 'complete';

/**
 * The first epoch of a generation comes early: after a restart its commit is the proof that the job runs again, and until
 * then every further crash repeats the same work.
 */
const FIRST_EPOCH_MS = 50;

/** Folding gives way to everything else: one slice, then this pause. */
const FOLD_PAUSE_MS = 2;

export class EpochCoordinator {
  readonly #options: EpochCoordinatorOptions;
  readonly #tracker: EpochTracker;
  #manifest: CheckpointManifest | undefined;
  #phase: 'waiting' | 'gathering' | 'committing' | 'stopped' = 'stopped';
  #begunAt: MonotonicMs = 0;
  #timer: Cancellable | undefined;
  #foldTimer: Cancellable | undefined;
  #stop: Stop | undefined;
  /** What the epoch in flight was begun with. */
  #stopInFlight: Stop | undefined;
  #committing: Promise<void> = Promise.resolve();
  #isEarlyWanted = false;
  #announcedFold: Epoch;

  constructor(options: EpochCoordinatorOptions) {
    this.#options = options;
    this.#manifest = options.store.latest();
    this.#tracker = new EpochTracker(options.subtasks, options.generation, this.#manifest?.epoch ?? 0);
    this.#announcedFold = options.store.foldedThrough();
  }

  /** Workers are running. */
  start(): void {
    assert(this.#phase === 'stopped', 'a coordinator starts once');
    this.#phase = 'waiting';
    const { clock, intervalMs } = this.#options;
    this.#begunAt = clock.monotonic() - Math.max(0, intervalMs - FIRST_EPOCH_MS);
    this.#scheduleNext();
    this.#scheduleFold();
  }

  /** Hears nothing more and begins nothing more. Resolves when a commit that was under way has let go of store and sinks. */
  close(): Promise<void> {
    this.#phase = 'stopped';
    this.#timer?.cancel();
    this.#foldTimer?.cancel();
    return this.#committing;
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
      this.#committing = this.#commit(this.#tracker.take()).catch((thrown: unknown) => this.#fail(thrown));
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
    if (this.#options.store.unfoldedBytes() > this.#options.unfoldedBytesMax && this.#fold()) {
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
    const { clock, crashPoint, plan, store } = this.#options;
    const stop = this.#stopInFlight;
    const completeAt = clock.monotonic();
    const sealedTokens = await this.#sealOutputs(snapshots);
    if (this.#hasStopped()) return;
    crashPoint('epoch.sealed');
    const sealedAt = clock.monotonic();
    const epoch = sealEpoch(snapshots, {
      plan,
      previous: this.#manifest,
      sealedTokens,
      committedAt: clock.now(),
      isComplete: stop === 'complete',
    });
    store.commit(epoch);
    crashPoint('epoch.committed');
    const committedAt = clock.monotonic();
    this.#manifest = epoch.manifest;
    for (const [node, token] of sealedTokens) await this.#options.committers.get(node)!.commit(token);
    crashPoint('epoch.visible');
    if (this.#hasStopped()) return;
    this.#announce();
    crashPoint('epoch.announced');
    if (stop === undefined) this.#phase = 'waiting';
    else this.close();
    this.#options.onEpoch({
      manifest: epoch.manifest,
      alignMs: completeAt - this.#begunAt,
      sealMs: sealedAt - completeAt,
      commitMs: committedAt - sealedAt,
      publishMs: clock.monotonic() - committedAt,
      deltaBytes: epoch.deltas.reduce((sum, delta) => sum + delta.bytes.length, 0),
      isFinal: stop !== undefined,
    });
    this.#scheduleNext();
    this.#scheduleFold();
  }

  async #sealOutputs(snapshots: readonly SubtaskSnapshot[]): Promise<ReadonlyMap<NodeId, CommitToken>> {
    const epoch = snapshots[0]!.epoch;
    const tokens = collectTokens(snapshots);
    const sealed = new Map<NodeId, CommitToken>();
    for (const [node, committer] of this.#options.committers) {
      sealed.set(node, await committer.seal(epoch, tokens.get(node) ?? []));
    }
    return sealed;
  }

  #announce(): void {
    const { store, announce } = this.#options;
    assert(
      store.foldedThrough() <= (this.#manifest?.epoch ?? 0),
      'I6: the base tables are ahead of the committed epoch',
    );
    this.#announcedFold = store.foldedThrough();
    announce(this.#manifest?.epoch ?? 0, this.#announcedFold);
  }

  #scheduleFold(): void {
    if (this.#phase === 'stopped') return;
    this.#foldTimer?.cancel();
    this.#foldTimer = this.#options.clock.schedule(FOLD_PAUSE_MS, () =>
      this.#guard(() => {
        if (this.#phase === 'committing' || this.#fold()) this.#scheduleFold();
      }),
    );
  }

  /** One slice. True while more is due. */
  #fold(): boolean {
    const isMoreDue = this.#options.store.foldSlice();
    if (this.#options.store.foldedThrough() > this.#announcedFold) this.#announce();
    return isMoreDue;
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
    this.close();
    this.#options.onFailure(toReport(thrown, { epoch: (this.#manifest?.epoch ?? 0) + 1 }));
  }
}
