import type {
  BatchPlan,
  CheckpointManifest,
  CheckpointStore,
  FoldSliceSize,
  SealedEpoch,
} from '../../src/model/index.ts';

/** A checkpoint store that keeps what it is given, for tests of what calls it. */
export class RecordingStore implements CheckpointStore {
  readonly committed: SealedEpoch[] = [];
  /** Every plan that was made, also those that were replaced or committed. */
  readonly plans: BatchPlan[] = [];
  failNextCommit: Error | undefined;
  failNextPlan: Error | undefined;
  slicesToFold = 0;
  readonly sizesFolded: FoldSliceSize[] = [];
  #generation = 0;
  #folded = 0;

  latest(): CheckpointManifest | undefined {
    return this.committed.at(-1)?.manifest;
  }

  beginGeneration(): number {
    this.#generation++;
    return this.#generation;
  }

  commit(epoch: SealedEpoch): void {
    if (this.failNextCommit !== undefined) throw this.failNextCommit;
    this.committed.push(epoch);
  }

  plan(batch: BatchPlan): void {
    if (this.failNextPlan !== undefined) throw this.failNextPlan;
    this.plans.push(batch);
  }

  planned(): BatchPlan | undefined {
    const newest = this.plans.at(-1);
    return newest !== undefined && newest.epoch > (this.latest()?.epoch ?? 0) ? newest : undefined;
  }

  foldedThrough(): number {
    return this.#folded;
  }

  foldSlice(_when?: 'due' | 'early', size: FoldSliceSize = 'small'): boolean {
    if (this.slicesToFold === 0) return false;
    this.sizesFolded.push(size);
    this.slicesToFold--;
    if (this.slicesToFold === 0) this.#folded = this.committed.length;
    return this.slicesToFold > 0;
  }

  unfoldedBytes(): number {
    return this.slicesToFold * 1000;
  }

  close(): void {}
}
