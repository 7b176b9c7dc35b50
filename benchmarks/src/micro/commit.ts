/** The checkpoint store without the engine: epochs of some dirty keys among many, committed and folded. Forked by `storage`. */
import { join } from 'node:path';
import { type CheckpointManifest, type KeyedState, ownedGroups, SystemClock } from '../../../dist/model/index.js';
import {
  createKeyedState,
  openStateDirectory,
  openStateReader,
  STATE_FORMAT_VERSION,
} from '../../../dist/storage/index.js';
import { Distribution, type DistributionSummary } from '../harness/distribution.ts';
import { readSettings, sendResult } from '../harness/fork.ts';

export interface CommitSettings {
  readonly directory: string;
  readonly keys: number;
  readonly dirtyKeys: number;
  readonly epochs: number;
  readonly warmUpEpochs: number;
}

export interface CommitResult {
  readonly encode: DistributionSummary;
  readonly commit: DistributionSummary;
  readonly foldSlice: DistributionSummary;
  /** All slices between two commits that had any. */
  readonly fold: DistributionSummary;
  readonly deltaBytes: number;
  readonly fillSeconds: number;
}

const JOB = 'commit';
const NODE = 'count';
const STATE = 'counts';
const KEY_GROUPS = 128;
const FILL_KEYS_PER_EPOCH = 50_000;

const settings = readSettings<CommitSettings>();
const clock = new SystemClock();
const directory = openStateDirectory({
  path: join(settings.directory, 'state'),
  job: JOB,
  keyGroups: KEY_GROUPS,
  clock,
});
const generation = directory.store.beginGeneration();
const reader = openStateReader(directory.dataPath);
const keyed: KeyedState = createKeyedState({
  reader,
  node: NODE,
  subtask: 0,
  groups: ownedGroups(0, 1, KEY_GROUPS),
  keyGroups: KEY_GROUPS,
  epoch: 0,
  cacheBytes: 2 ** 29,
  clock,
});
const counts = keyed.value<number[]>(STATE);
const cards = Array.from({ length: settings.keys }, (_, i) => `card-${String(i).padStart(7, '0')}`);
let epoch = 0;

const encode = new Distribution();
const commit = new Distribution();
const foldSlice = new Distribution();
const fold = new Distribution();

const fillBeganAt = performance.now();
for (let from = 0; from < cards.length; from += FILL_KEYS_PER_EPOCH) {
  for (let i = from; i < Math.min(cards.length, from + FILL_KEYS_PER_EPOCH); i++) add(cards[i]!);
  seal(false);
  foldAll(false);
}
const fillSeconds = (performance.now() - fillBeganAt) / 1000;

let deltaBytes = 0;
let at = 1;
for (let i = 0; i < settings.warmUpEpochs + settings.epochs; i++) {
  for (let key = 0; key < settings.dirtyKeys; key++) {
    // A full-period walk over the keys in an order that no page knows (Knuth's multiplier).
    at = (Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0;
    add(cards[at % cards.length]!);
  }
  deltaBytes = seal(i >= settings.warmUpEpochs);
  foldAll(i >= settings.warmUpEpochs);
}
keyed.close();
reader.close();
directory.close();
const result: CommitResult = {
  encode: encode.summary(),
  commit: commit.summary(),
  foldSlice: foldSlice.summary(),
  fold: fold.summary(),
  deltaBytes,
  fillSeconds,
};
sendResult(result);

function add(card: string): void {
  keyed.setCurrentKey(card);
  const accumulators = counts.get() ?? [0];
  accumulators[0]!++;
  counts.set(accumulators);
}

/** Freezes, encodes and commits the epoch; returns the size of its delta. */
function seal(isMeasured: boolean): number {
  epoch++;
  keyed.freeze(epoch);
  const beganAt = performance.now();
  while (!keyed.encodeFrozen(0.5));
  const delta = keyed.takeDelta()!;
  const encodedAt = performance.now();
  directory.store.commit({ manifest: manifestOf(epoch), deltas: [delta], rows: [], deadLetters: [] });
  const committedAt = performance.now();
  if (isMeasured) {
    encode.record(encodedAt - beganAt);
    commit.record(committedAt - encodedAt);
  }
  return delta.bytes.length;
}

function foldAll(isMeasured: boolean): void {
  const beganAt = performance.now();
  let sliceAt = beganAt;
  let slices = 0;
  for (let isMoreDue = true; isMoreDue; ) {
    const before = directory.store.foldedThrough();
    isMoreDue = directory.store.foldSlice();
    const now = performance.now();
    const hasWorked = isMoreDue || directory.store.foldedThrough() > before;
    if (!hasWorked) break;
    slices++;
    if (isMeasured) foldSlice.record(now - sliceAt);
    sliceAt = now;
  }
  if (slices === 0) return;
  if (isMeasured) fold.record(performance.now() - beganAt);
  keyed.onFolded(directory.store.foldedThrough());
}

function manifestOf(of: number): CheckpointManifest {
  return {
    formatVersion: STATE_FORMAT_VERSION,
    job: JOB,
    epoch: of,
    generation,
    fingerprint: 'benchmark',
    nodes: { [NODE]: { kind: 'aggregate', identity: {}, states: [{ name: STATE, kind: 'value' }] } },
    keyGroups: KEY_GROUPS,
    committedAt: clock.now(),
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
  };
}
