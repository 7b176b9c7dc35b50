/**
 * The name of a graph's shape: equal in every thread of a run (I9) and stored in every manifest. It covers ids, kinds, edges and
 * signatures; not function bodies, the expressions that stand for them in job files, parallelism, workers, labels or the order in which nodes were added.
 */
import { createHash } from 'node:crypto';
import type { LogicalPlan, PlanNode } from './logical-plan.ts';

/** Raised when the text below is formed otherwise. */
const FORMAT = 1;

/** 64 hexadecimal digits. */
export function fingerprintOf(plan: LogicalPlan): string {
  const nodes = plan.nodes.map(describeNode).sort((a, b) => compareText(a.id, b.id));
  return createHash('sha256')
    .update(canonicalJson({ format: FORMAT, job: plan.job, nodes }))
    .digest('hex');
}

function describeNode(node: PlanNode): { readonly id: string } {
  const inputs = node.inputs
    .map(
      ({ from, input, output, partitioning }) => `${from}:${output}:${partitioning}${input === 0 ? '' : `:${input}`}`,
    )
    .sort(compareText);
  const { identity, kind, states } = node.signature;
  const description = { id: node.id, role: node.role, kind: node.kind, inputs, signature: { identity, kind, states } };
  if (node.role !== 'operator') return description;
  // The kind says which other state there is.
  return { ...description, ...{ outputs: node.outputs, isStateful: node.state === 'keyed' } };
}

/** JSON with the fields of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => {
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field;
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => compareText(a, b)));
  });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
