/**
 * Which subtasks have delivered their part of the epoch in flight. Pure: no clock, no I/O.
 *
 * Rules (after Spark's EpochCoordinator): a repeated snapshot is ignored; an epoch is complete when every subtask has
 * delivered; a late snapshot, or one of another generation, can never complete anything (I2, I10); one epoch is in flight.
 */
import {
  assert,
  type Epoch,
  type EpochCounts,
  type Generation,
  type SubtaskId,
  type SubtaskSnapshot,
} from '../model/index.ts';

export type SnapshotVerdict = 'pending' | 'complete' | 'repeated' | 'late' | 'foreign';

export class EpochTracker {
  readonly #expected: ReadonlySet<SubtaskId>;
  readonly #generation: Generation;
  #epoch: Epoch;
  #isOpen = false;
  #snapshots = new Map<SubtaskId, SubtaskSnapshot>();

  /** `lastEpoch`: the newest committed one. */
  constructor(expected: Iterable<SubtaskId>, generation: Generation, lastEpoch: Epoch) {
    this.#expected = new Set(expected);
    this.#generation = generation;
    this.#epoch = lastEpoch;
  }

  /** Opens the next epoch and returns its number. */
  begin(): Epoch {
    assert(!this.#isOpen, `I2: epoch ${this.#epoch} is still open`);
    this.#epoch++;
    this.#isOpen = true;
    this.#snapshots = new Map();
    return this.#epoch;
  }

  add(snapshot: SubtaskSnapshot): SnapshotVerdict {
    if (snapshot.generation !== this.#generation) return 'foreign';
    if (!this.#isOpen || snapshot.epoch < this.#epoch) return 'late';
    assert(
      snapshot.epoch === this.#epoch,
      `I2: ${snapshot.subtask} delivered epoch ${snapshot.epoch} during ${this.#epoch}`,
    );
    assert(this.#expected.has(snapshot.subtask), `${snapshot.subtask} is no subtask of this run`);
    if (this.#snapshots.has(snapshot.subtask)) return 'repeated';
    this.#snapshots.set(snapshot.subtask, snapshot);
    return this.#snapshots.size === this.#expected.size ? 'complete' : 'pending';
  }

  /** The subtasks the open epoch still waits for. */
  missing(): SubtaskId[] {
    return this.#isOpen ? [...this.#expected].filter((id) => !this.#snapshots.has(id)) : [];
  }

  /** The complete epoch's snapshots in subtask order; the epoch is closed. */
  take(): readonly SubtaskSnapshot[] {
    assert(this.#isOpen && this.#snapshots.size === this.#expected.size, `I3: epoch ${this.#epoch} is not complete`);
    this.#isOpen = false;
    return [...this.#expected].map((id) => this.#snapshots.get(id)!);
  }
}

export const NO_COUNTS: EpochCounts = { recordsRead: 0, recordsWritten: 0, recordsSkipped: 0, deadLetters: 0 };

export function addCounts(a: EpochCounts, b: EpochCounts): EpochCounts {
  return {
    recordsRead: a.recordsRead + b.recordsRead,
    recordsWritten: a.recordsWritten + b.recordsWritten,
    recordsSkipped: a.recordsSkipped + b.recordsSkipped,
    deadLetters: a.deadLetters + b.deadLetters,
  };
}
