/** Shared by the tests of `storage`. */
import {
  type BatchPlan,
  type CheckpointManifest,
  type Clock,
  type Epoch,
  type NodeSignature,
  ownedGroups,
  type SealedEpoch,
  type StateDelta,
} from '../../src/model/index.ts';
import { STATE_FORMAT_VERSION } from '../../src/storage/index.ts';

export const KEY_GROUPS = 16;
export const JOB = 'test-job';

export const NODES: Readonly<Record<string, NodeSignature>> = {
  count: { kind: 'process', identity: {}, states: [] },
  other: { kind: 'process', identity: {}, states: [] },
};

/** A clock that moves by `stepMs` with every look at it. */
export class SteppingClock implements Clock {
  time = 0;
  readonly #stepMs: number;

  constructor(stepMs = 0) {
    this.#stepMs = stepMs;
  }

  now(): number {
    return 1_000;
  }

  monotonic(): number {
    this.time += this.#stepMs;
    return this.time;
  }

  schedule(): { cancel(): void } {
    throw new Error('storage schedules nothing');
  }
}

export function manifest(
  epoch: Epoch,
  generation: number,
  changes: Partial<CheckpointManifest> = {},
): CheckpointManifest {
  return {
    formatVersion: STATE_FORMAT_VERSION,
    job: JOB,
    epoch,
    generation,
    fingerprint: 'f1',
    nodes: NODES,
    keyGroups: KEY_GROUPS,
    committedAt: 1_000 + epoch,
    offsets: {},
    tokens: {},
    totals: { recordsRead: 0, recordsWritten: 0, recordsSkipped: 0, deadLetters: 0 },
    time: {
      policy: 'min',
      splits: {},
      stages: {},
      nextEventTimer: Number.POSITIVE_INFINITY,
      nextProcessingTimer: Number.POSITIVE_INFINITY,
      late: {},
    },
    isComplete: false,
    ...changes,
  };
}

export function batch(epoch: Epoch, changes: Partial<BatchPlan> = {}): BatchPlan {
  return {
    formatVersion: STATE_FORMAT_VERSION,
    epoch,
    plannedAt: 2_000 + epoch,
    watermarks: {},
    ranges: { lines: { a: { until: epoch * 10 }, b: { until: 'end', recordsMax: 5 }, c: {} } },
    isLast: false,
    ...changes,
  };
}

export function sealed(
  epoch: Epoch,
  generation: number,
  deltas: readonly StateDelta[],
  changes: Partial<SealedEpoch> = {},
): SealedEpoch {
  return { manifest: manifest(epoch, generation), deltas, rows: [], deadLetters: [], ...changes };
}

export const ALL_GROUPS: { readonly first: number; readonly last: number } = ownedGroups(0, 1, KEY_GROUPS);
