/**
 * Which sources must not be read yet, because a table that their records are joined with has not been read to its end. Pure.
 *
 * Held back are sources, not channels: a channel that is not read would keep markers from coming through it.
 */
import { type CheckpointTime, END_OF_TIME, type NodeId, type SplitId } from '../model/index.ts';
import type { PhysicalPlan, Stage } from '../plan/physical-plan.ts';

export function deriveHeldBack(plan: PhysicalPlan, hasEnded: (source: NodeId) => boolean): ReadonlySet<NodeId> {
  const held = new Set<NodeId>();
  for (const stage of plan.stages) {
    const head = stage.chain[0]!.node;
    if (head.role !== 'operator' || !head.readsSecondFirst) continue;
    if ([...sourcesOf(plan, stage, 1)].every(hasEnded)) continue;
    for (const source of sourcesOf(plan, stage, 0)) held.add(source);
  }
  return held;
}

/** Every source whose records can reach that input. */
function sourcesOf(plan: PhysicalPlan, stage: Stage, input: 0 | 1): ReadonlySet<NodeId> {
  const sources = new Set<NodeId>();
  const waiting = stage.inputs.map((index) => plan.exchanges[index]!).filter((exchange) => exchange.input === input);
  const seen = new Set(waiting);
  for (let exchange = waiting.pop(); exchange !== undefined; exchange = waiting.pop()) {
    const from = plan.stages[exchange.from]!;
    const head = from.chain[0]!.node;
    if (head.role === 'source') sources.add(head.id);
    for (const next of from.inputs.map((index) => plan.exchanges[index]!)) {
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return sources;
}

/**
 * Whether a source had ended when a checkpoint was made: then everything it will ever emit is in the state behind it. `splits`: by source,
 * by subtask.
 */
export function hasEndedBefore(
  time: CheckpointTime | undefined,
  splits: Readonly<Record<NodeId, readonly (readonly SplitId[])[]>>,
  source: NodeId,
): boolean {
  const seen = new Map(Object.entries(time?.splits[source] ?? {}));
  return time !== undefined && (splits[source] ?? []).flat().every((split) => seen.get(split) === END_OF_TIME);
}
