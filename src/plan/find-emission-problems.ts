/**
 * Operators that take every row for a new one, behind windows that emit theirs again and again: a join would match each version of a result,
 * a deduplication would keep the first version of a whole result and drop all later ones (the modes of Spark's Structured Streaming). Pure.
 */
import type { NodeId, PlanProblem } from '../model/index.ts';
import type { DraftNode } from './graph-draft.ts';

/** By kind of operator: the modes of a window that it cannot stand behind. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  join: ['update', 'complete'],
  windowJoin: ['update', 'complete'],
  deduplicate: ['complete'],
};

export function findEmissionProblems(
  nodes: readonly DraftNode[],
  idOf: (node: DraftNode) => NodeId,
): readonly PlanProblem[] {
  /** By node: windows whose versions of a result it passes on. */
  const repeating = new Map<DraftNode, ReadonlySet<DraftNode>>();
  const problems: PlanProblem[] = [];
  for (const node of nodes) {
    const { shape, inputs } = node;
    const windows = new Set(inputs.flatMap(({ from }) => [...(repeating.get(from) ?? [])]));
    for (const window of windows) {
      const emit = emitOf(window);
      if (REFUSED[shape.kind]?.includes(emit) !== true) continue;
      const id = idOf(node);
      problems.push({
        node: id,
        message: `the ${shape.kind} '${id}' takes every row for a new one, and the window '${idOf(window)}' emits its results again and again (emit '${emit}'); let it emit 'append'`,
      });
    }
    if (shape.kind === 'window') repeating.set(node, new Set(emitOf(node) === 'append' ? [] : [node]));
    // What has state makes rows of its own.
    else if (shape.role === 'operator' && shape.state !== 'keyed') repeating.set(node, windows);
  }
  return problems;
}

function emitOf({ shape }: DraftNode): string {
  return String(shape.signature.identity['emit'] ?? 'append');
}
