/**
 * Continuous mode without threads, time and chance: the production subtasks of one worker, stepped in turn on the calling thread until none of
 * them moves. Every exchange is a ring, so every record that crosses one is encoded.
 */
import { createRunMemory, RingChannelReader, RingChannelWriter, SharedBrake } from '../channels/index.ts';
import { ContinuousWorker } from '../continuous/continuous-worker.ts';
import { deriveHeldBack, hasEndedBefore } from '../execution/derive-held-back.ts';
import { EpochTracker } from '../execution/epoch-tracker.ts';
import {
  assert,
  type CheckpointManifest,
  type CheckpointTime,
  type Epoch,
  type ErrorReport,
  fromReport,
  type MonotonicMs,
  type NodeId,
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
  readonly #heldBack: (time: CheckpointTime | undefined) => readonly NodeId[];
  /** Sources that wait for tables to be read. */
  #held: readonly NodeId[];
  #isComplete = false;
  /** What the last epoch has released was read behind it. */
  #isBehind = false;
  #failure: ErrorReport | undefined;

  constructor(site: DriveSite) {
    const { plan, options, generation, manifest, splits, clock } = site;
    this.#heldBack = (time) => [...deriveHeldBack(plan, (source) => hasEndedBefore(time, splits, source))];
    this.#held = this.#heldBack(manifest?.time);
    const { channel } = options;
    this.#hasEnded = () => [...site.sources.values()].every((source) => source.hasEnded);
    this.#stepRecords = options.loop.stepRecords;
    const subtasks = listSubtasks(plan).map(({ stage, subtask }) => subtaskId(stage, subtask));
    this.#tracker = new EpochTracker(subtasks, generation, manifest?.epoch ?? 0);
    const { rings, brake } = createRunMemory(
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
      brake: new SharedBrake(brake),
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

  seal(epoch: Epoch): SealedPart {
    const isLast = this.#hasEnded() && this.#held.length === 0 && !this.#worker.isAsyncPending();
    this.#isComplete = false;
    this.#tracker.begin();
    this.#worker.beginEpoch({ kind: 'marker', epoch, isFinal: isLast });
    this.run();
    assert(this.#isComplete, `epoch ${epoch} of a driven job has not become complete`);
    return { snapshots: this.#tracker.take(), isLast };
  }

  /** Markers do not wait for calls. */
  // biome-ignore lint/correctness/useYield: it never gives way.
  *sealInTurns(epoch: Epoch): Generator<undefined, SealedPart> {
    return this.seal(epoch);
  }

  onCommitted({ epoch, time }: CheckpointManifest, foldedThrough: Epoch): void {
    const held = this.#held;
    this.#held = this.#heldBack(time);
    this.#isBehind = this.#held.length < held.length;
    this.#worker.epochCommitted(epoch, foldedThrough, this.#held);
    this.run();
  }

  wantsEpoch(): boolean {
    return this.#isBehind;
  }

  close(): void {
    for (const subtask of this.#worker.subtasks.toReversed()) subtask.close();
  }
}
