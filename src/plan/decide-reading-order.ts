/**
 * Which joins read their table to its end before the first record of their stream. Pure.
 *
 * A join wants it only where the table ends, and gets it only where nobody then waits for himself: the sources of the stream wait for those of
 * the table, directly or through other joins, and this waiting must have no circle. Joins are asked in the order of the graph.
 */
import type { DraftNode } from './graph-draft.ts';
import { sourcesOf } from './sources-of.ts';

export function decideReadingOrder(nodes: readonly DraftNode[]): ReadonlySet<DraftNode> {
  const secondFirst = new Set<DraftNode>();
  /** By source: the sources that must have ended before it can be read to its own end. */
  const waitsFor = new Map<DraftNode, ReadonlySet<DraftNode>>();
  for (const node of nodes) {
    if (node.shape.role !== 'operator' || !node.shape.readsSecondFirst) continue;
    const [stream, table] = [sourcesOf(node, 0), sourcesOf(node, 1)];
    if (!table.every(({ shape }) => shape.role === 'source' && shape.connector.isBounded)) continue;
    const before = reachable(table, waitsFor);
    if (stream.some((source) => before.has(source))) continue;
    secondFirst.add(node);
    for (const source of stream) waitsFor.set(source, new Set([...(waitsFor.get(source) ?? []), ...table]));
  }
  return secondFirst;
}

/** `from` and all that they wait for. */
function reachable(
  from: readonly DraftNode[],
  waitsFor: ReadonlyMap<DraftNode, ReadonlySet<DraftNode>>,
): ReadonlySet<DraftNode> {
  const reached = new Set<DraftNode>(from);
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const source of reached) for (const next of waitsFor.get(source) ?? []) reached.add(next);
  return reached;
}
