/**
 * How many subtasks each node gets, and how records really travel along each edge. Pure.
 *
 * - A node without a parallelism of its own takes that of its forward inputs, so that setting it on a source does not cut
 *   the chain behind it and mix up the order of its records; at an exchange the job's default applies again.
 * - The second input of a join decides neither: what counts is the stream that the table or the other side is joined to.
 * - A forward edge between unequal parallelisms becomes `hash` where the records carry keys, because per-key order must
 *   hold through every exchange (I11), and `rebalance` where they do not.
 */
import type { NodeId } from '../model/index.ts';
import type { InputEdge, LogicalPlan, PlanNode } from './logical-plan.ts';

export interface ResolvedNode {
  readonly node: PlanNode;
  readonly parallelism: number;
  /** The inputs of the node as they will run. */
  readonly inputs: readonly InputEdge[];
}

export function resolveEdges(plan: LogicalPlan, defaultParallelism: number): ReadonlyMap<NodeId, ResolvedNode> {
  const resolved = new Map<NodeId, ResolvedNode>();
  const keyed = new Set<NodeId>();
  for (const node of plan.nodes) {
    const parallelism = node.parallelism ?? inheritedParallelism(node, resolved) ?? defaultParallelism;
    const inputs = node.inputs.map((edge): InputEdge => {
      if (edge.partitioning !== 'forward' || resolved.get(edge.from)!.parallelism === parallelism) return edge;
      return { ...edge, partitioning: keyed.has(edge.from) ? 'hash' : 'rebalance' };
    });
    resolved.set(node.id, { node, parallelism, inputs });
    if (carriesKeys(node, keyed)) keyed.add(node.id);
  }
  return resolved;
}

/** The parallelism of the inputs, when all are forward edges and agree. */
function inheritedParallelism(node: PlanNode, resolved: ReadonlyMap<NodeId, ResolvedNode>): number | undefined {
  const inputs = node.inputs.filter(({ input }) => input === 0);
  const [first] = inputs;
  if (first === undefined || inputs.some(({ partitioning }) => partitioning !== 'forward')) return undefined;
  const { parallelism } = resolved.get(first.from)!;
  return inputs.every(({ from }) => resolved.get(from)!.parallelism === parallelism) ? parallelism : undefined;
}

/** Whether every record a node emits has a key and is in order among those of its key. */
function carriesKeys(node: PlanNode, keyed: ReadonlySet<NodeId>): boolean {
  if (node.role !== 'operator') return false;
  if (node.kind === 'keyBy' || node.state === 'keyed') return true;
  return node.inputs.every(
    ({ from, input, partitioning }) =>
      input === 1 || (keyed.has(from) && (partitioning === 'forward' || partitioning === 'hash')),
  );
}
