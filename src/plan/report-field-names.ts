import type { DraftNode, GraphDraft } from './graph-draft.ts';

/** Reports rows without a value, and values under names that the rows use for themselves. */
export function reportFieldNames(
  graph: GraphDraft,
  node: DraftNode,
  names: readonly string[],
  taken: readonly string[],
): void {
  const { kind } = node.shape;
  if (names.length === 0) graph.report((idOf) => `the ${kind} '${idOf(node)}' has no field`, node);
  for (const name of names.filter((name) => taken.includes(name) || name === '__proto__')) {
    graph.report((idOf) => `the ${kind} '${idOf(node)}' has a field '${name}', a name that rows cannot use`, node);
  }
}
