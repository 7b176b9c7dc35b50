/**
 * Continuous mode without threads, time and chance: the production subtasks of one worker, stepped in turn on the calling thread until none of
 * them moves. Every exchange is a ring, so every record that crosses one is encoded.
 */
import { createRunMemory, RingChannelReader, RingChannelWriter } from '../channels/index.ts';
import { ContinuousWorker } from '../continuous/continuous-worker.ts';
import { EpochTracker } from '../execution/epoch-tracker.ts';
import {
  type CheckpointManifest,
  type Epoch,
  type ErrorReport,
  fromReport,
  type MonotonicMs,
  subtaskId,
} from '../model/index.ts';
import { type ChannelPlacement, listChannels, listSubtasks } from '../plan/index.ts';
import { HarnessError } from './harness-error.ts';
import { type DriveSite, type JobDrive, NO_DIRECTORY, type SealedPart } from './job-drive.ts';

const NO_BELL = { ring: (): void => {} };

/** Rounds in which subtasks say that they moved, before that is called a bug: none has so much to do. */
const ROUNDS_MAX = 1_000_000;

export class ContinuousDrive implements JobDrive {
  readonly mustSettle = false;
  readonly #worker: ContinuousWorker;
  readonly #hasEnded: () => boolean;
  readonly #stepRecords: number;
  readonly #tracker: EpochTracker;
  /** An epoch has begun and is not sealed. */
  #inFlight: { readonly isLast: boolean } | undefined;
  #isComplete = false;
  /** The last epoch began before what the last step added. */
  #isBehind = false;
  #failure: ErrorReport | undefined;

  constructor(site: DriveSite) {
    const { plan, options, generation, manifest, splits, clock } = site;
    const { channel } = options;
    this.#hasEnded = () => [...site.sources.values()].every((source) => source.hasEnded);
    this.#stepRecords = options.loop.stepRecords;
    const subtasks = listSubtasks(plan).map(({ stage, subtask }) => subtaskId(stage, subtask));
    this.#tracker = new EpochTracker(subtasks, generation, manifest?.epoch ?? 0);
    const { rings } = createRunMemory(
      plan.workers,
      listChannels(plan).map(({ id }) => id),
      channel.ringBytes,
    );
    const ringOf = ({ id }: ChannelPlacement): SharedArrayBuffer => rings[id]!;
    const deployment = {
      worker: 0,
      generation,
      options,
      fingerprint: plan.fingerprint,
      manifest,
      splits,
      baseDirectory: NO_DIRECTORY,
      pendingDirectories: {},
    };
    this.#worker = new ContinuousWorker(plan, deployment, {
      clock,
      crashPoint: () => {},
      createState: (node, subtask, parallelism) => site.createState(node, subtask, parallelism, manifest?.epoch ?? 0),
      writerOf: (of) =>
        new RingChannelWriter({ ring: ringOf(of), consumerBell: NO_BELL, frameRecordsMax: channel.frameRecords }),
      readerOf: (of) => new RingChannelReader({ ring: ringOf(of), producerBell: NO_BELL }),
      events: {
        snapshot: (snapshot) => {
          if (this.#tracker.add(snapshot) === 'complete') this.#isComplete = true;
        },
        requestEpoch: () => {},
        status: () => {},
        failed: (report) => {
          this.#failure ??= report;
        },
      },
    });
  }

  run(): boolean {
    let hasMoved = false;
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds++) {
      const results = this.#worker.subtasks.map((subtask) => subtask.step(this.#stepRecords));
      if (this.#failure !== undefined) throw fromReport(this.#failure);
      if (!results.includes('progress')) return hasMoved;
      hasMoved = true;
    }
    throw new HarnessError(`the job has not come to rest in ${ROUNDS_MAX} rounds`);
  }

  nextWakeAt(): MonotonicMs {
    return Math.min(...this.#worker.subtasks.map((subtask) => subtask.wakeAt()));
  }

  /** A marker waits behind records that wait for a table to end: then the epoch stays open, and a later step ends it. */
  seal(epoch: Epoch): SealedPart | undefined {
    const begun = this.#inFlight;
    if (begun === undefined) {
      const isLast = this.#hasEnded() && !this.#worker.isAsyncPending();
      this.#inFlight = { isLast };
      this.#isComplete = false;
      this.#tracker.begin();
      this.#worker.beginEpoch({ kind: 'marker', epoch, isFinal: isLast });
    }
    this.run();
    if (!this.#isComplete) return undefined;
    const { isLast } = this.#inFlight!;
    this.#inFlight = undefined;
    this.#isBehind = begun !== undefined;
    return { snapshots: this.#tracker.take(), isLast };
  }

  /** Markers do not wait for calls. */
  // biome-ignore lint/correctness/useYield: it never gives way.
  *sealInTurns(epoch: Epoch): Generator<undefined, SealedPart | undefined> {
    return this.seal(epoch);
  }

  onCommitted({ epoch }: CheckpointManifest, foldedThrough: Epoch): void {
    this.#worker.epochCommitted(epoch, foldedThrough);
    this.run();
  }

  wantsEpoch(): boolean {
    return this.#isBehind;
  }

  close(): void {
    for (const subtask of this.#worker.subtasks.toReversed()) subtask.close();
  }
}
