/**
 * Operators that go by event time without any: they would wait for ever, or take every record for late. Pure.
 *
 * Asked of each input by itself: where one side of a join has no event time, none of its records can match.
 */
import type { NodeId, PlanProblem } from '../model/index.ts';
import type { DraftNode } from './graph-draft.ts';
import type { InputIndex } from './logical-plan.ts';
import { sourcesOf } from './sources-of.ts';

/** What else a user may do, by kind of operator. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  window: `, or choose a window with time: 'processing'`,
  deduplicate: `, or choose the scope 'forever' or 'ttl'`,
};

const INPUTS: readonly InputIndex[] = [0, 1];

export function findEventTimeProblems(
  nodes: readonly DraftNode[],
  idOf: (node: DraftNode) => NodeId,
): readonly PlanProblem[] {
  const timed = new Set<DraftNode>();
  const problems: PlanProblem[] = [];
  for (const node of nodes) {
    if (hasTime(node, timed)) timed.add(node);
    const { shape } = node;
    if (shape.role !== 'operator' || !shape.needsEventTime) continue;
    const untimed = INPUTS.filter((input) => {
      const edges = node.inputs.filter((edge) => edge.input === input);
      return edges.length > 0 && !edges.some(({ from }) => timed.has(from));
    });
    const names = untimed.flatMap((input) => sourcesOf(node, input).map((source) => `'${idOf(source)}'`));
    if (names.length === 0) continue;
    const places = [...new Set(names)];
    const has = places.length === 1 ? `the source ${places[0]} has` : `the sources ${places.join(', ')} have`;
    const id = idOf(node);
    problems.push({
      node: id,
      message: `the ${shape.kind} '${id}' goes by event time, but ${has} none; put withEventTime(...) behind job.source(...) (in a job file: "eventTime" of the source)${ALTERNATIVES[shape.kind] ?? ''}`,
    });
  }
  return problems;
}

/** Whether records of a node may have times of their source. Those of a broadcast join have the time of their left side. */
function hasTime({ shape, inputs }: DraftNode, timed: ReadonlySet<DraftNode>): boolean {
  if (shape.role === 'source') return shape.eventTime !== undefined;
  const isOfLeft = shape.role === 'operator' && shape.state === 'broadcast';
  return inputs.some(({ from, input }) => timed.has(from) && !(isOfLeft && input === 1));
}
