/**
 * What a manifest keeps of a plan: of each node its signature and its inputs, for the comparison with the plan of a later
 * start. Inputs are those the user drew, so that another parallelism is no difference. Pure.
 */
import type { NodeId, NodeSignature } from '../model/index.ts';
import type { LogicalPlan } from './logical-plan.ts';

const MAIN_OUTPUT = 'main';

export function signaturesOf(plan: LogicalPlan): Readonly<Record<NodeId, NodeSignature>> {
  const outputsOf = new Map(plan.nodes.map((node) => [node.id, node.role === 'operator' ? node.outputs : []]));
  const signatures = plan.nodes.map((node): [NodeId, NodeSignature] => {
    const inputs = node.inputs.map(({ from, output, partitioning, input }) => {
      const edge = { from, output: outputsOf.get(from)?.[output] ?? MAIN_OUTPUT, partitioning };
      return Object.freeze(input === 1 ? { ...edge, input } : edge);
    });
    return [node.id, Object.freeze({ ...node.signature, inputs: Object.freeze(inputs) })];
  });
  return Object.freeze(Object.fromEntries(signatures));
}
