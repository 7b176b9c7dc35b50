/** The driver's halves of all committed sinks, at the start of a generation: unconfirmed commits are repeated (I4). */
import type { CheckpointManifest, ConnectorContext, NodeId, SinkCommitter } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

/** Adds to `committers` as it goes, so that the caller can close what is open when one of them rejects. */
export async function restoreCommitters(
  committers: Map<NodeId, SinkCommitter>,
  plan: PhysicalPlan,
  manifest: CheckpointManifest | undefined,
  contextOf: (node: NodeId) => ConnectorContext,
): Promise<void> {
  for (const { node } of plan.stages.flatMap((stage) => stage.chain)) {
    if (node.role !== 'sink') continue;
    const committer = node.connector.createCommitter?.(contextOf(node.id));
    if (committer === undefined) continue;
    committers.set(node.id, committer);
    await committer.restore(manifest?.tokens[node.id]);
  }
}
