/** Everything that is wrong with a graph, one sentence each. Pure. */
import type { NodeId, PlanProblem } from '../model/index.ts';
import { findEmissionProblems } from './find-emission-problems.ts';
import { findEndlessWaits } from './find-endless-waits.ts';
import { findEventTimeProblems } from './find-event-time-problems.ts';
import type { DraftNode, GraphDraft } from './graph-draft.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u;
const NAME_LENGTH_MAX = 100;

export function findPlanProblems(graph: GraphDraft, ids: ReadonlyMap<DraftNode, NodeId>): readonly PlanProblem[] {
  const idOf = (node: DraftNode): NodeId => ids.get(node)!;
  return [
    ...nameProblems(`the job`, graph.job).map((message) => ({ message })),
    ...graph.problems.map(({ message, node }) => ({ message: message(idOf), node: node && idOf(node) })),
    ...problemsByNode(graph.nodes, idOf, ({ name, shape }) =>
      name === undefined && shape.role === 'operator' ? [] : nameProblems(`the ${shape.kind}`, name),
    ),
    ...duplicateProblems(graph.nodes, ids),
    ...problemsByNode(graph.nodes, idOf, parallelismProblems),
    ...problemsByNode(graph.nodes, idOf, keyProblems),
    ...findEventTimeProblems(graph.nodes, idOf),
    ...findEmissionProblems(graph.nodes, idOf),
    ...findEndlessWaits(graph.nodes, idOf),
    ...shapeProblems(graph, idOf),
  ];
}

function problemsByNode(
  nodes: readonly DraftNode[],
  idOf: (node: DraftNode) => NodeId,
  problemsOf: (node: DraftNode, id: NodeId) => readonly string[],
): readonly PlanProblem[] {
  return nodes.flatMap((node) => problemsOf(node, idOf(node)).map((message) => ({ message, node: idOf(node) })));
}

function nameProblems(what: string, name: unknown): string[] {
  if (typeof name === 'string' && name.length <= NAME_LENGTH_MAX && NAME.test(name)) return [];
  const shown = typeof name === 'string' ? `the name ${JSON.stringify(name.slice(0, NAME_LENGTH_MAX))}` : 'no name';
  return [
    `${what} has ${shown}; names are 1 to ${NAME_LENGTH_MAX} letters, digits, '_', '-' and '.', beginning with a letter or digit`,
  ];
}

function duplicateProblems(nodes: readonly DraftNode[], ids: ReadonlyMap<DraftNode, NodeId>): PlanProblem[] {
  const first = new Map<NodeId, DraftNode>();
  const problems: PlanProblem[] = [];
  for (const node of nodes) {
    const id = ids.get(node)!;
    const other = first.get(id);
    if (other === undefined) first.set(id, node);
    else {
      const both = `by ${describe(other, ids)} and by ${describe(node, ids)}`;
      problems.push({ node: id, message: `the name '${id}' is used twice: ${both}` });
    }
  }
  return problems;
}

function describe({ shape, inputs }: DraftNode, ids: ReadonlyMap<DraftNode, NodeId>): string {
  const label = shape.label === '' ? '' : ` (${shape.label})`;
  const behind = inputs.map(({ from }) => `'${ids.get(from)}'`).join(', ');
  return `the ${shape.kind}${label}${behind === '' ? '' : ` behind ${behind}`}`;
}

function parallelismProblems(node: DraftNode, id: NodeId): string[] {
  const { parallelism } = node;
  if (parallelism === undefined || (Number.isSafeInteger(parallelism) && parallelism >= 1)) return [];
  return [`the parallelism of '${id}' is ${String(parallelism)}; it must be a whole number of at least 1`];
}

/** Typed code cannot get here: only a keyed stream has stateful operators. Plain JavaScript can merge a keyed stream with an unkeyed one. */
function keyProblems(node: DraftNode, id: NodeId): string[] {
  if (node.shape.role !== 'operator' || node.shape.state !== 'keyed') return [];
  return node.inputs
    .filter(({ from }) => !isKeyed(from))
    .map(
      () => `the ${node.shape.kind} '${id}' gets records without a key; put keyBy before it, on every merged stream`,
    );
}

/** What comes into a second input gives its keys to no record: the keys are those of the first. */
function isKeyed(node: DraftNode): boolean {
  if (node.shape.role !== 'operator') return false;
  if (node.shape.kind === 'keyBy' || node.shape.state === 'keyed') return true;
  return node.inputs.every(({ from, input }) => input === 1 || isKeyed(from));
}

function shapeProblems(graph: GraphDraft, idOf: (node: DraftNode) => NodeId): readonly PlanProblem[] {
  if (graph.nodes.length === 0) return [{ message: 'the job is empty; begin with job.source(name, connector)' }];
  const used = new Set(graph.nodes.flatMap((node) => node.inputs.map(({ from }) => from)));
  const unused = graph.nodes.filter((node) => node.shape.role !== 'sink' && !used.has(node));
  return problemsByNode(unused, idOf, ({ shape }, id) => [
    `nothing reads the ${shape.kind} '${id}'; end its stream with to(name, sink)`,
  ]);
}
