/**
 * The commit point: epochs, plans, folds and the fence, over any medium of the key-value port. Lives on the driver thread, the
 * only writer (I5). It decides nothing about when an epoch is complete, nor what a batch reads; it makes both durable.
 *
 * Invariants: one transaction per epoch, which exists iff its manifest does (I3); epochs follow one another without a gap
 * (I2), and a plan is of the next one; base <= committed (I6); one fingerprint per run (I9); every write transaction checks the generation first (I10).
 * The first write that fails ends this store: it must be closed and reopened (reliability F7).
 */
import {
  assert,
  type BatchPlan,
  CheckpointError,
  type CheckpointManifest,
  type CheckpointStore,
  type Epoch,
  type FoldSliceSize,
  type Generation,
  IncompatiblePlanError,
  LockedError,
  MillraceError,
  type SealedEpoch,
} from '../model/index.ts';
import { applyEpoch } from './apply-epoch.ts';
import type { Catalog } from './catalog.ts';
import type { CrashPoint } from './crash-points.ts';
import { DeltaFold } from './delta-fold.ts';
import { formatProblem, STATE_FORMAT_VERSION } from './format-version.ts';
import type { KeyValueStore, KeyValueWriter } from './key-value-store.ts';
import {
  type FoldProgress,
  readCatalog,
  readFoldProgress,
  readGeneration,
  readLatestManifest,
  readPlan,
  writeFoldProgress,
  writeGeneration,
  writePlan,
} from './ledger.ts';
import { type FoldPolicy, planFold } from './plan-fold.ts';
import { planRetention, type RetentionPlan } from './plan-retention.ts';
import { prune } from './prune.ts';
import { resolvePlan } from './resolve-plan.ts';
import { cellBytesOf, UnfoldedDeltas } from './unfolded-deltas.ts';
import { verifySealedEpoch } from './verify-sealed-epoch.ts';

export interface DurableCheckpointStoreOptions {
  readonly job: string;
  readonly keyGroups: number;
  readonly policy: FoldPolicy;
  readonly crashPoint: CrashPoint;
}

export class DurableCheckpointStore implements CheckpointStore {
  readonly #store: KeyValueStore;
  readonly #options: DurableCheckpointStoreOptions;
  readonly #catalog: Catalog;
  readonly #unfolded: UnfoldedDeltas;
  #latest: CheckpointManifest | undefined;
  #progress: FoldProgress;
  #generation: Generation | undefined;
  /** Of this generation's first commit. */
  #fingerprint: string | undefined;
  #fold: DeltaFold | undefined;
  #failure: MillraceError | undefined;

  /** Owns `store` from now on. */
  constructor(store: KeyValueStore, options: DurableCheckpointStoreOptions) {
    this.#store = store;
    this.#options = options;
    this.#catalog = readCatalog(store);
    this.#progress = readFoldProgress(store);
    this.#latest = readLatestManifest(store);
    if (this.#latest !== undefined) requireReadable(this.#latest, options);
    const latest = this.#latest?.epoch ?? 0;
    assert((this.#progress.target ?? this.#progress.through) <= latest, 'I6: the base tables are not ahead');
    this.#unfolded = UnfoldedDeltas.scan(store, this.#progress.through, latest);
  }

  latest(): CheckpointManifest | undefined {
    this.#requireUsable();
    return this.#latest;
  }

  beginGeneration(): Generation {
    this.#requireUsable();
    let generation = 0;
    this.#attempt('begin a generation', () =>
      this.#store.transact((writer) => {
        generation = readGeneration(writer) + 1;
        writeGeneration(writer, generation);
      }),
    );
    this.#generation = generation;
    this.#fingerprint = undefined;
    this.#fold = undefined;
    this.#options.crashPoint('storage.generation.after');
    return generation;
  }

  commit(epoch: SealedEpoch): void {
    this.#requireUsable();
    const { manifest } = epoch;
    this.#options.crashPoint('storage.commit.before');
    this.#attempt(`commit epoch ${manifest.epoch}`, () => {
      this.#requireSequence(manifest);
      const deltas = verifySealedEpoch(epoch, this.#options);
      this.#transact((writer) => {
        prune(writer, this.#retention(manifest.epoch));
        applyEpoch(writer, epoch, deltas, this.#catalog);
        this.#options.crashPoint('storage.commit.inside');
      });
    });
    this.#latest = manifest;
    this.#fingerprint = manifest.fingerprint;
    this.#unfolded.add(
      manifest.epoch,
      epoch.deltas.reduce((sum, { entries, bytes }) => sum + cellBytesOf(entries, bytes.length), 0),
    );
    this.#options.crashPoint('storage.commit.after');
  }

  plan(batch: BatchPlan): void {
    this.#requireUsable();
    this.#options.crashPoint('storage.plan.before');
    this.#attempt(`plan epoch ${batch.epoch}`, () => {
      const next = this.#nextEpoch();
      assert(batch.epoch === next, `I2: epoch ${batch.epoch} is planned where ${next} is due`);
      assert(
        batch.formatVersion === STATE_FORMAT_VERSION,
        `a plan is written in format ${STATE_FORMAT_VERSION}, not ${batch.formatVersion}`,
      );
      this.#transact((writer) => {
        writePlan(writer, batch);
        this.#options.crashPoint('storage.plan.inside');
      });
    });
    this.#options.crashPoint('storage.plan.after');
  }

  planned(): BatchPlan | undefined {
    this.#requireUsable();
    return resolvePlan(readPlan(this.#store), this.#latest?.epoch ?? 0);
  }

  foldedThrough(): Epoch {
    this.#requireUsable();
    return this.#progress.through;
  }

  foldSlice(when: 'due' | 'early' = 'due', size: FoldSliceSize = 'small'): boolean {
    this.#requireUsable();
    this.#fold ??= this.#nextFold(when);
    if (this.#fold === undefined) return false;
    const fold = this.#fold;
    this.#attempt(`fold the state up to epoch ${fold.through}`, () => {
      if (!fold.step((body) => this.#transact(body), size)) this.#finish(fold);
    });
    return this.#fold !== undefined || this.#plannedFold(when) !== undefined;
  }

  unfoldedBytes(): number {
    this.#requireUsable();
    return this.#unfolded.bytes();
  }

  close(): void {
    this.#failure ??= new CheckpointError('the checkpoint store is closed');
    this.#fold = undefined;
    this.#store.close();
  }

  #nextFold(when: 'due' | 'early'): DeltaFold | undefined {
    const through = this.#plannedFold(when);
    if (through === undefined) return undefined;
    this.#progress = { through: this.#progress.through, target: through };
    const { crashPoint } = this.#options;
    return new DeltaFold({
      store: this.#store,
      catalog: this.#catalog,
      after: this.#progress.through,
      through,
      crashPoint,
    });
  }

  #plannedFold(when: 'due' | 'early'): Epoch | undefined {
    const latest = this.#latest?.epoch ?? 0;
    const { through: foldedThrough, target } = this.#progress;
    const policy = when === 'due' ? this.#options.policy : { ...this.#options.policy, foldEveryEpochs: 1 };
    return planFold({ foldedThrough, target, latest, unfolded: this.#unfolded.epochs() }, policy);
  }

  /** Declares the deltas folded; from here on nobody needs them. */
  #finish(fold: DeltaFold): void {
    const latest = this.#latest?.epoch ?? 0;
    assert(fold.through <= latest, 'I6: the base tables are not ahead');
    this.#transact((writer) => {
      writeFoldProgress(writer, { through: fold.through, target: undefined });
      prune(writer, { ...this.#retention(undefined), deltasThrough: fold.through });
    });
    this.#progress = { through: fold.through, target: undefined };
    this.#unfolded.dropThrough(fold.through);
    this.#fold = undefined;
    this.#options.crashPoint('storage.fold.finished');
  }

  #retention(committing: Epoch | undefined): RetentionPlan {
    return planRetention({
      latest: this.#latest?.epoch ?? 0,
      committing,
      foldedThrough: this.#progress.through,
      retainEpochs: this.#options.policy.retainEpochs,
    });
  }

  #nextEpoch(): Epoch {
    return (this.#latest?.epoch ?? 0) + 1;
  }

  #requireSequence(manifest: CheckpointManifest): void {
    const expected = this.#nextEpoch();
    assert(manifest.epoch === expected, `I2: epoch ${manifest.epoch} is committed where ${expected} is due`);
    assert(
      manifest.generation === this.#generation,
      `I10: a commit of generation ${manifest.generation} in a store that began ${this.#generation}`,
    );
    assert(
      this.#fingerprint === undefined || this.#fingerprint === manifest.fingerprint,
      'I9: the fingerprint changed within one run',
    );
  }

  /** The fence stands inside the transaction: between a check before it and the commit, another owner could begin. */
  #transact(body: (writer: KeyValueWriter) => void): void {
    assert(this.#generation !== undefined, 'I10: a generation is begun before anything is written');
    this.#store.transact((writer) => {
      const owner = readGeneration(writer);
      if (owner !== this.#generation) throw fenced(this.#generation!, owner);
      body(writer);
    });
  }

  #attempt(what: string, body: () => void): void {
    try {
      body();
    } catch (cause) {
      this.#failure = asFailure(what, cause);
      throw this.#failure;
    }
  }

  #requireUsable(): void {
    if (this.#failure === undefined) return;
    if (this.#failure instanceof LockedError) throw this.#failure;
    throw new CheckpointError(
      `the checkpoint store is not usable any more (${this.#failure.message}); close it and reopen the state directory`,
      { cause: this.#failure },
    );
  }
}

function fenced(own: Generation, owner: Generation): LockedError {
  return new LockedError(
    `another process has taken over the state directory (generation ${owner}, this one began ${own}); this run stops and changes nothing more`,
  );
}

function asFailure(what: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CheckpointError(
    `could not ${what}: ${message}; the last committed epoch is intact, reopen the state directory to go on from it`,
    { cause },
  );
}

function requireReadable(manifest: CheckpointManifest, options: DurableCheckpointStoreOptions): void {
  const problem = formatProblem(manifest.formatVersion);
  if (problem !== undefined) {
    throw new IncompatiblePlanError(
      `epoch ${manifest.epoch} was written in format ${manifest.formatVersion}, ${problem}`,
    );
  }
  assert(
    manifest.job === options.job,
    `I9: the manifest is of job "${manifest.job}", the directory of "${options.job}"`,
  );
  assert(manifest.keyGroups === options.keyGroups, 'I9: manifest and directory agree on the key groups');
}
