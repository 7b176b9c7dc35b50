/**
 * Turns a complete epoch into a committed one, and moves old deltas into the base tables in between. The same for both engines:
 * they differ in how an epoch becomes complete.
 *
 *   complete -> sealed (prepared output durable) -> COMMITTED (one transaction) -> visible (sinks) -> announced
 *
 * Does not own the store and the committers, and does not know what to do about a failure: it is handed on, and nothing is
 * tried again here (reliability F7).
 */
import {
  assert,
  type Cancellable,
  type CheckpointManifest,
  type CheckpointStore,
  type CheckpointTime,
  type Clock,
  type CommitToken,
  type Epoch,
  type MonotonicMs,
  type NodeId,
  type SinkCommitter,
  type SubtaskSnapshot,
  type WatermarkPolicy,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { CrashPoint } from './crash-points.ts';
import { decideFoldPace, type FoldPace } from './decide-fold-pace.ts';
import { collectTokens, sealEpoch } from './seal-epoch.ts';

/** How one epoch went. Milliseconds. */
export interface EpochReport {
  readonly manifest: CheckpointManifest;
  /** From the epoch's begin (its marker, or the plan of its batch) to the last snapshot. */
  readonly alignMs: number;
  /** Making the prepared output durable. */
  readonly sealMs: number;
  /** The transaction. */
  readonly commitMs: number;
  /** Making the output visible. */
  readonly publishMs: number;
  readonly deltaBytes: number;
  /** Epochs up to here were in the base tables by then; the entries of later ones are held in memory by the workers. */
  readonly foldedThrough: Epoch;
  readonly isFinal: boolean;
}

export interface EpochCommitterOptions {
  readonly plan: PhysicalPlan;
  readonly store: CheckpointStore;
  readonly committers: ReadonlyMap<NodeId, SinkCommitter>;
  readonly clock: Clock;
  readonly crashPoint: CrashPoint;
  readonly policy: WatermarkPolicy;
  /** Unfolded entries at which the next epoch waits (`state.unfoldedBytesMax`). */
  readonly unfoldedBytesMax: number;
  /** Tells the workers. */
  announce(epoch: Epoch, foldedThrough: Epoch, time: CheckpointTime | undefined): void;
  /** A fold failed. */
  onFailure(thrown: unknown): void;
}

/** A complete epoch. */
export interface CompleteEpoch {
  /** Of every subtask, in subtask order. */
  readonly snapshots: readonly SubtaskSnapshot[];
  readonly beganAt: MonotonicMs;
  /** The job stops behind it. */
  readonly isFinal: boolean;
  /** All sources had ended. */
  readonly isComplete: boolean;
}

export class EpochCommitter {
  readonly #options: EpochCommitterOptions;
  #manifest: CheckpointManifest | undefined;
  #announcedFold: Epoch;
  #foldTimer: Cancellable | undefined;
  #committing: Promise<unknown> | undefined;
  #isClosed = false;

  constructor(options: EpochCommitterOptions) {
    this.#options = options;
    this.#manifest = options.store.latest();
    this.#announcedFold = options.store.foldedThrough();
  }

  /** Of the newest committed epoch. */
  get manifest(): CheckpointManifest | undefined {
    return this.#manifest;
  }

  get foldedThrough(): Epoch {
    return this.#announcedFold;
  }

  /** Begins to fold. */
  start(): void {
    this.#scheduleFold();
  }

  /** `undefined`: closed meanwhile; whether the epoch is committed then shows at the next start. Rejects with the first failure. */
  commit(epoch: CompleteEpoch): Promise<EpochReport | undefined> {
    assert(this.#committing === undefined, 'I2: one epoch is committed at a time');
    const committing = this.#commit(epoch).finally(() => {
      this.#committing = undefined;
    });
    this.#committing = committing;
    return committing;
  }

  /** One slice. True while more is due. */
  fold(): boolean {
    const isMoreDue = this.#options.store.foldSlice('due', this.#pace().size);
    if (this.#options.store.foldedThrough() > this.#announcedFold) this.#announce();
    return isMoreDue;
  }

  /** Does nothing more. Resolves when a commit that was under way has let go of store and sinks. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#foldTimer?.cancel();
    await this.#committing?.catch(() => undefined);
  }

  async #commit({ snapshots, beganAt, isFinal, isComplete }: CompleteEpoch): Promise<EpochReport | undefined> {
    const { clock, crashPoint, plan, store } = this.#options;
    const completeAt = clock.monotonic();
    const sealedTokens = await this.#sealOutputs(snapshots);
    if (this.#isClosed) return undefined;
    crashPoint('epoch.sealed');
    const sealedAt = clock.monotonic();
    const epoch = sealEpoch(snapshots, {
      plan,
      previous: this.#manifest,
      sealedTokens,
      committedAt: clock.now(),
      isComplete,
      policy: this.#options.policy,
    });
    store.commit(epoch);
    crashPoint('epoch.committed');
    const committedAt = clock.monotonic();
    this.#manifest = epoch.manifest;
    for (const [node, token] of sealedTokens) await this.#options.committers.get(node)!.commit(token);
    crashPoint('epoch.visible');
    if (this.#isClosed) return undefined;
    this.#announce();
    crashPoint('epoch.announced');
    if (!isFinal) this.#scheduleFold();
    return {
      manifest: epoch.manifest,
      alignMs: completeAt - beganAt,
      sealMs: sealedAt - completeAt,
      commitMs: committedAt - sealedAt,
      publishMs: clock.monotonic() - committedAt,
      deltaBytes: epoch.deltas.reduce((sum, delta) => sum + delta.bytes.length, 0),
      foldedThrough: this.#announcedFold,
      isFinal,
    };
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
    const epoch = this.#manifest?.epoch ?? 0;
    assert(store.foldedThrough() <= epoch, 'I6: the base tables are ahead of the committed epoch');
    this.#announcedFold = store.foldedThrough();
    announce(epoch, this.#announcedFold, this.#manifest?.time);
  }

  #pace(): FoldPace {
    const { store, unfoldedBytesMax } = this.#options;
    return decideFoldPace({
      unfoldedBytes: store.unfoldedBytes(),
      unfoldedBytesMax,
      isCommitting: this.#committing !== undefined,
    });
  }

  #scheduleFold(): void {
    if (this.#isClosed) return;
    this.#foldTimer?.cancel();
    this.#foldTimer = this.#options.clock.schedule(this.#pace().pauseMs, () => {
      if (this.#isClosed) return;
      try {
        if (this.#committing !== undefined || this.fold()) this.#scheduleFold();
      } catch (thrown) {
        this.#options.onFailure(thrown);
      }
    });
  }
}
