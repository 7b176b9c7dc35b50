/** Which splits there are, and which subtask reads which. */
import type { CheckpointManifest, ConnectorContext, NodeId, SplitId } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

/** Per source, per source subtask: the splits to read. Rejects with the one sentence of a source that cannot be read. */
export async function listAssignedSplits(
  plan: PhysicalPlan,
  manifest: CheckpointManifest | undefined,
  contextOf: (node: NodeId) => ConnectorContext,
): Promise<Record<NodeId, readonly (readonly SplitId[])[]>> {
  const splits: Record<NodeId, readonly (readonly SplitId[])[]> = {};
  for (const stage of plan.stages) {
    const head = stage.chain[0]!.node;
    if (head.role !== 'source') continue;
    const listed = await head.connector.listSplits(contextOf(head.id), manifest?.offsets[head.id] ?? {});
    splits[head.id] = assignSplits(listed, stage.parallelism);
  }
  return splits;
}

/** Which splits each of `parallelism` source subtasks reads: in turn, in the stable order of the list. */
export function assignSplits(splits: readonly SplitId[], parallelism: number): readonly (readonly SplitId[])[] {
  return Array.from({ length: parallelism }, (_, subtask) =>
    splits.filter((_split, index) => index % parallelism === subtask),
  );
}
