/** Where a job stands in event time and what holds it back, from what its workers report. Pure. */
import {
  type CheckpointTime,
  END_OF_TIME,
  type NodeId,
  TIME_UNSET,
  type TimestampMs,
  type WatermarkPolicy,
} from '../model/index.ts';
import type { SplitStatus } from './source-clock.ts';

/** One worker's part. */
export interface WorkerTime {
  /** Of sources with event time. */
  readonly splits: readonly (SplitStatus & { readonly source: NodeId })[];
  /** Watermark in force, by the node at the head of a stage; the lowest of the worker's subtasks. */
  readonly stages: Readonly<Record<NodeId, TimestampMs>>;
}

export interface TimeStatus {
  /** By the first operator of each stage: the watermark in force. Absent: none yet, or behind the end of input. */
  readonly operators: Readonly<Record<NodeId, TimestampMs>>;
  /** The split that decides: watermarks will not rise before it does. Absent: none with event time is live. */
  readonly heldBackBy: HeldBack | undefined;
  /** Splits with event time that are silent and therefore do not count. */
  readonly idleSplits: number;
  /**
   * Records for which `withEventTime` gave no finite time, by source, over the life of the state directory; as of the newest committed
   * epoch. What goes by event time takes them for late. Sources without any are absent.
   */
  readonly untimed: Readonly<Record<NodeId, number>>;
}

export interface HeldBack {
  readonly source: NodeId;
  readonly split: string;
  /** Its own watermark; absent: it has not had a record with an event time yet. */
  readonly watermark: TimestampMs | undefined;
  /** Records without an event time that it has had, as of the newest committed epoch. */
  readonly untimed: number;
  /** Since its last record, with or without a time. */
  readonly silentMs: number;
}

/** `untimed`: of the newest checkpoint. */
export function deriveTimeStatus(
  workers: readonly WorkerTime[],
  policy: WatermarkPolicy,
  untimed: CheckpointTime['untimed'] = {},
): TimeStatus {
  const splits = workers.flatMap((worker) => worker.splits);
  const stages = new Map<NodeId, TimestampMs>();
  for (const [node, time] of workers.flatMap((worker) => Object.entries(worker.stages))) {
    stages.set(node, Math.min(time, stages.get(node) ?? END_OF_TIME));
  }
  return {
    operators: Object.fromEntries([...stages].filter(([, time]) => Number.isFinite(time))),
    heldBackBy: findHeldBack(splits, policy, untimed),
    idleSplits: splits.filter(({ isIdle }) => isIdle).length,
    untimed: Object.fromEntries(
      Object.entries(untimed).map(([node, ofSplits]) => [node, Object.values(ofSplits).reduce((a, b) => a + b, 0)]),
    ),
  };
}

/** The slowest split of the source that decides. */
function findHeldBack(
  splits: WorkerTime['splits'],
  policy: WatermarkPolicy,
  untimed: NonNullable<CheckpointTime['untimed']>,
): HeldBack | undefined {
  const live = splits.filter(({ isIdle, watermark }) => !isIdle && watermark !== END_OF_TIME);
  const slowest = new Map<NodeId, (typeof live)[number]>();
  for (const split of live) {
    const known = slowest.get(split.source);
    if (known === undefined || split.watermark < known.watermark) slowest.set(split.source, split);
  }
  const [first, ...others] = slowest.values();
  if (first === undefined) return undefined;
  const isAhead = (a: TimestampMs, b: TimestampMs): boolean => (policy === 'min' ? a < b : a > b);
  const { source, split, watermark, silentMs } = others.reduce(
    (best, other) => (isAhead(other.watermark, best.watermark) ? other : best),
    first,
  );
  const ofSource = Object.hasOwn(untimed, source) ? untimed[source]! : {};
  return {
    source,
    split,
    watermark: watermark === TIME_UNSET ? undefined : watermark,
    untimed: Object.hasOwn(ofSource, split) ? ofSource[split]! : 0,
    silentMs,
  };
}
