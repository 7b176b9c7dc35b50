/** Where a job stands in time behind an epoch, from the parts of its subtasks. Pure. */
import type {
  CheckpointTime,
  NodeId,
  SplitId,
  StageIndex,
  SubtaskSnapshot,
  TimestampMs,
  WatermarkPolicy,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

export function sealTime(
  snapshots: readonly SubtaskSnapshot[],
  previous: CheckpointTime | undefined,
  plan: PhysicalPlan,
  policy: WatermarkPolicy,
): CheckpointTime {
  const times = snapshots.map(({ time }) => time);
  const untimed = addUntimed(snapshots, previous?.untimed, plan);
  return {
    policy,
    splits: mergeSplits(snapshots, previous?.splits ?? {}, plan),
    stages: Object.fromEntries(
      plan.stages.map((stage) => {
        const parts = snapshots.filter(({ subtask }) => stageOf(subtask) === stage.index);
        // They are the same where records are spread by key; the slowest is right wherever they are not.
        return [stage.chain[0]!.node.id, Math.min(...parts.map(({ time }) => time.watermark))];
      }),
    ),
    nextEventTimer: Math.min(...times.map(({ nextEventTimer }) => nextEventTimer)),
    nextProcessingTimer: Math.min(...times.map(({ nextProcessingTimer }) => nextProcessingTimer)),
    now: Math.max(previous?.now ?? 0, ...times.map(({ now }) => now)),
    late: times.reduce((sum, { late }) => addLate(sum, late), previous?.late ?? {}),
    ...(untimed === undefined ? {} : { untimed }),
  };
}

type Late = Readonly<Record<NodeId, number>>;

export function addLate(sum: Late, more: Late): Late {
  const nodes = Object.entries(more);
  if (nodes.length === 0) return sum;
  return { ...sum, ...Object.fromEntries(nodes.map(([node, records]) => [node, (sum[node] ?? 0) + records])) };
}

/** Splits nobody read in this epoch stay as they were. Built from entries: split names are data, `__proto__` included. */
function mergeSplits(
  snapshots: readonly SubtaskSnapshot[],
  previous: CheckpointTime['splits'],
  plan: PhysicalPlan,
): CheckpointTime['splits'] {
  const merged = new Map<NodeId, Map<SplitId, TimestampMs>>(
    Object.entries(previous).map(([node, splits]) => [node, new Map(Object.entries(splits))]),
  );
  for (const { subtask, time } of snapshots) {
    const splits = Object.entries(time.splits);
    if (splits.length === 0) continue;
    const node = headOf(plan, subtask);
    const known = merged.get(node) ?? new Map<SplitId, TimestampMs>();
    for (const [split, seen] of splits) known.set(split, seen);
    merged.set(node, known);
  }
  return fromMaps(merged);
}

/** Built from maps, as above. */
function addUntimed(
  snapshots: readonly SubtaskSnapshot[],
  previous: CheckpointTime['untimed'],
  plan: PhysicalPlan,
): CheckpointTime['untimed'] {
  const untimed = snapshots.filter(({ time }) => time.untimed !== undefined);
  if (untimed.length === 0) return previous;
  const sums = new Map<NodeId, Map<SplitId, number>>(
    Object.entries(previous ?? {}).map(([node, splits]) => [node, new Map(Object.entries(splits))]),
  );
  for (const { subtask, time } of untimed) {
    const node = headOf(plan, subtask);
    const known = sums.get(node) ?? new Map<SplitId, number>();
    for (const [split, records] of Object.entries(time.untimed!)) known.set(split, (known.get(split) ?? 0) + records);
    sums.set(node, known);
  }
  return fromMaps(sums);
}

function fromMaps<T>(
  maps: ReadonlyMap<NodeId, ReadonlyMap<SplitId, T>>,
): Readonly<Record<NodeId, Readonly<Record<SplitId, T>>>> {
  return Object.fromEntries([...maps].map(([node, splits]) => [node, Object.fromEntries(splits)]));
}

function headOf(plan: PhysicalPlan, subtask: string): NodeId {
  return plan.stages[stageOf(subtask)]!.chain[0]!.node.id;
}

function stageOf(subtask: string): StageIndex {
  return Number.parseInt(subtask, 10);
}
