/**
 * Generations of a driven job, one after the other over one disk in memory: opened behind the last committed epoch, committing epochs,
 * killed. Everything that outlives a generation is on the disk, in the sources and in the sinks.
 */
import type { JobOptions } from '../execution/options.ts';
import { sealEpoch } from '../execution/seal-epoch.ts';
import { assignSplits } from '../execution/split-assignment.ts';
import {
  type CheckpointManifest,
  type CheckpointStore,
  type Epoch,
  type KeyedState,
  type NodeId,
  ownedGroups,
  type SubtaskIndex,
} from '../model/index.ts';
import type { OperatorNode } from '../plan/logical-plan.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import { createKeyedState, MemoryDisk, openMemoryCheckpointStore, openMemoryStateReader } from '../storage/index.ts';
import { BatchDrive } from './batch-drive.ts';
import { ContinuousDrive } from './continuous-drive.ts';
import type { DrivenConnectors } from './driven-plan.ts';
import type { DriveSite, JobDrive, SealedPart } from './job-drive.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export interface DrivenGenerationsOptions {
  readonly plan: PhysicalPlan;
  readonly options: JobOptions;
  readonly connectors: DrivenConnectors;
  readonly clock: SimulatedClock;
}

/** Of one subtask in memory: what is more is read from the disk again. */
const CACHE_BYTES = 1_048_576;

export class DrivenGenerations {
  readonly #options: DrivenGenerationsOptions;
  readonly #disk: MemoryDisk = new MemoryDisk();
  #store: CheckpointStore;
  #manifest: CheckpointManifest | undefined;
  #drive: JobDrive;

  constructor(options: DrivenGenerationsOptions) {
    this.#options = options;
    this.#store = this.#openStore();
    this.#drive = this.#open();
  }

  get drive(): JobDrive {
    return this.#drive;
  }

  /** Of the last committed epoch. */
  get manifest(): CheckpointManifest | undefined {
    return this.#manifest;
  }

  /** Commits all that the job has done. Whatever a look at the clock would have folded is folded. */
  commit(): void {
    this.#commit(this.#drive.seal(this.#nextEpoch()));
  }

  /** As {@link commit}; gives way where calls have to settle first. */
  *commitInTurns(): Generator<undefined, void> {
    this.#commit(yield* this.#drive.sealInTurns(this.#nextEpoch()));
  }

  #nextEpoch(): Epoch {
    return (this.#manifest?.epoch ?? 0) + 1;
  }

  #commit({ snapshots, isLast }: SealedPart): void {
    const { clock, connectors, options, plan } = this.#options;
    const epoch = sealEpoch(snapshots, {
      plan,
      previous: this.#manifest,
      sealedTokens: new Map(),
      committedAt: clock.now(),
      isComplete: isLast,
      policy: options.watermark.policy,
    });
    this.#store.commit(epoch);
    this.#manifest = epoch.manifest;
    for (const sink of connectors.sinks.values()) sink.committedThrough(epoch.manifest.epoch);
    while (this.#store.foldSlice());
    this.#drive.onCommitted(epoch.manifest, this.#store.foldedThrough());
  }

  /** Nothing is sealed: what the generation did since its last epoch is lost. */
  kill(): void {
    this.#drive.close();
    this.#store.close();
  }

  /** Behind a {@link kill}. */
  begin(): void {
    this.#store = this.#openStore();
    this.#drive = this.#open();
  }

  /** A copy of what `node` keeps as of the last epoch, of all its subtasks. To be closed. */
  openState(node: OperatorNode): KeyedState {
    const state = this.#createState(node, 0, 1, this.#manifest?.epoch ?? 0);
    state.setNow(this.#options.clock.now());
    return state;
  }

  #openStore(): CheckpointStore {
    const { options, plan } = this.#options;
    const { retainEpochs, foldEveryEpochs } = options.state;
    const { job, keyGroups } = plan;
    return openMemoryCheckpointStore({ disk: this.#disk, job, keyGroups, retainEpochs, foldEveryEpochs });
  }

  #open(): JobDrive {
    const { clock, connectors, options, plan } = this.#options;
    this.#manifest = this.#store.latest();
    for (const sink of connectors.sinks.values()) sink.restart();
    const site: DriveSite = {
      plan,
      options,
      generation: this.#store.beginGeneration(),
      manifest: this.#manifest,
      store: this.#store,
      sources: connectors.sources,
      splits: this.#assignSplits(),
      clock,
      createState: (...args) => this.#createState(...args),
    };
    return options.mode === 'microbatch' ? new BatchDrive(site) : new ContinuousDrive(site);
  }

  #assignSplits(): DriveSite['splits'] {
    const { connectors, plan } = this.#options;
    const splits = plan.stages.flatMap(({ chain, parallelism }) => {
      const { id } = chain[0]!.node;
      const source = connectors.sources.get(id);
      return source === undefined ? [] : [[id, assignSplits(source.splits, parallelism)] as const];
    });
    return Object.fromEntries<readonly (readonly string[])[]>(splits) as Record<NodeId, DriveSite['splits'][string]>;
  }

  #createState(node: OperatorNode, subtask: SubtaskIndex, parallelism: number, epoch: Epoch): KeyedState {
    const { clock, plan } = this.#options;
    const { keyGroups } = plan;
    return createKeyedState({
      reader: openMemoryStateReader(this.#disk),
      node: node.id,
      subtask,
      groups: node.state === 'broadcast' ? ownedGroups(0, 1, keyGroups) : ownedGroups(subtask, parallelism, keyGroups),
      keyGroups,
      epoch,
      cacheBytes: CACHE_BYTES,
      clock,
    });
  }
}
