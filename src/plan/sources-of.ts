import type { DraftNode } from './graph-draft.ts';
import type { InputIndex } from './logical-plan.ts';

/** All sources that feed an input of `node`, each once. */
export function sourcesOf(node: DraftNode, input: InputIndex): readonly DraftNode[] {
  const seen = new Set<DraftNode>();
  const waiting = node.inputs.filter((edge) => edge.input === input).map(({ from }) => from);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...next.inputs.map(({ from }) => from));
  }
  return [...seen].filter(({ shape }) => shape.role === 'source');
}
