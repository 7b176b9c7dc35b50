/** Everything that is wrong with a graph, one sentence each. Pure. */
import type { NodeId } from '../model/index.ts';
import { findEmissionProblems } from './find-emission-problems.ts';
import { findEndlessWaits } from './find-endless-waits.ts';
import { findEventTimeProblems } from './find-event-time-problems.ts';
import type { DraftNode, GraphDraft } from './graph-draft.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u;
const NAME_LENGTH_MAX = 100;

export function findPlanProblems(graph: GraphDraft, ids: ReadonlyMap<DraftNode, NodeId>): readonly string[] {
  const idOf = (node: DraftNode): NodeId => ids.get(node)!;
  return [
    ...nameProblems(`the job`, graph.job),
    ...graph.problems.map((problem) => problem(idOf)),
    ...graph.nodes.flatMap(({ name, shape }) =>
      name === undefined && shape.role === 'operator' ? [] : nameProblems(`the ${shape.kind}`, name),
    ),
    ...duplicateProblems(graph.nodes, ids),
    ...graph.nodes.flatMap((node) => parallelismProblems(node, idOf(node))),
    ...graph.nodes.flatMap((node) => keyProblems(node, idOf(node))),
    ...findEventTimeProblems(graph.nodes, idOf),
    ...findEmissionProblems(graph.nodes, idOf),
    ...findEndlessWaits(graph.nodes, idOf),
    ...shapeProblems(graph, idOf),
  ];
}

function nameProblems(what: string, name: unknown): string[] {
  if (typeof name === 'string' && name.length <= NAME_LENGTH_MAX && NAME.test(name)) return [];
  const shown = typeof name === 'string' ? `the name ${JSON.stringify(name.slice(0, NAME_LENGTH_MAX))}` : 'no name';
  return [
    `${what} has ${shown}; names are 1 to ${NAME_LENGTH_MAX} letters, digits, '_', '-' and '.', beginning with a letter or digit`,
  ];
}

function duplicateProblems(nodes: readonly DraftNode[], ids: ReadonlyMap<DraftNode, NodeId>): string[] {
  const first = new Map<NodeId, DraftNode>();
  const problems: string[] = [];
  for (const node of nodes) {
    const id = ids.get(node)!;
    const other = first.get(id);
    if (other === undefined) first.set(id, node);
    else problems.push(`the name '${id}' is used twice: by ${describe(other, ids)} and by ${describe(node, ids)}`);
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

function shapeProblems(graph: GraphDraft, idOf: (node: DraftNode) => NodeId): string[] {
  if (graph.nodes.length === 0) return ['the job is empty; begin with job.source(name, connector)'];
  const used = new Set(graph.nodes.flatMap((node) => node.inputs.map(({ from }) => from)));
  const unused = graph.nodes.filter((node) => node.shape.role !== 'sink' && !used.has(node));
  return unused.map(
    (node) => `nothing reads the ${node.shape.kind} '${idOf(node)}'; end its stream with to(name, sink)`,
  );
}
