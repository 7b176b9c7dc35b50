/**
 * Ids of nodes: the given name, or the path to the node. Pure.
 *
 * The inputs of a join are told apart (`(orders/keyBy|payments/keyBy)/join`), those of a merge are not (`(a+b)/map`).
 *
 * A derived id depends on nothing but the nodes the path leads through (`flights/filter/keyBy`), and on how many nodes
 * of the same kind were attached at the same place before it (`flights/filter#2`): other parts of a graph may change
 * without moving anybody's state. Given names cannot contain `/`, hence never equal a derived id.
 */
import { createHash } from 'node:crypto';
import type { NodeId } from '../model/index.ts';
import type { DraftEdge, DraftNode } from './graph-draft.ts';

/** Longer paths are replaced by their hash, so that ids stay short in keys of stored state. */
const PATH_LENGTH_MAX = 120;

export function deriveNodeIds(nodes: readonly DraftNode[]): ReadonlyMap<DraftNode, NodeId> {
  const ids = new Map<DraftNode, NodeId>();
  const occurrences = new Map<string, number>();
  for (const node of nodes) {
    const base = `${pathOf(node.inputs, ids)}/${node.shape.kind}`;
    const occurrence = (occurrences.get(base) ?? 0) + 1;
    occurrences.set(base, occurrence);
    ids.set(node, node.name ?? (occurrence === 1 ? base : `${base}#${occurrence}`));
  }
  return ids;
}

function pathOf(inputs: readonly DraftEdge[], ids: ReadonlyMap<DraftNode, NodeId>): string {
  const [first, second] = ([0, 1] as const).map((input) =>
    inputs
      .filter((edge) => edge.input === input)
      .map((edge) => placeOf(edge, ids))
      .sort()
      .join('+'),
  );
  const path = second !== '' ? `(${first}|${second})` : inputs.length === 1 ? first! : `(${first})`;
  return path.length <= PATH_LENGTH_MAX ? path : `~${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
}

function placeOf({ from, output }: DraftEdge, ids: ReadonlyMap<DraftNode, NodeId>): string {
  const id = ids.get(from)!;
  return from.shape.role === 'operator' && output > 0 ? `${id}:${from.shape.outputs[output]}` : id;
}
