/**
 * Checks of the graph that a job file draws: names, inputs, cycles, loose ends. Tolerant of anything else that is wrong,
 * so that they can run on a file with other problems. Pure.
 */

import { suggest } from '../model/index.ts';
import { inputsOf, type NamedInput } from './inputs-of.ts';
import type { JsonPath, Problem } from './problem.ts';

type Section = 'sources' | 'transforms' | 'sinks';

interface GraphNode {
  readonly name: string;
  readonly path: JsonPath;
  readonly section: Section;
  readonly type: unknown;
  /** With their paths in the file. */
  readonly inputs: readonly NamedInput[];
  /** What others may name in their inputs; `undefined`: only the module knows. */
  readonly outputs: readonly string[] | undefined;
  /** Outputs that it would have with other options, and which. */
  readonly missing: Readonly<Record<string, string>>;
}

export const NODES_MAX: number = 1000;

/** Nobody reads more of one kind, and each costs a comparison with every name of the job. */
const INPUT_PROBLEMS_MAX = 100;

/** `value` is a job file after its keys have been mended. */
export function checkGraph(value: unknown): readonly Problem[] {
  const nodes = readNodes(value);
  const byName = new Map<string, GraphNode>();
  const problems: Problem[] = [];
  if (nodes.length > NODES_MAX) {
    return [{ path: [], message: `the job has ${nodes.length} sources, transforms and sinks, more than ${NODES_MAX}` }];
  }
  const sections = fieldsOf(value);
  if (nodes.length === 0 && isFields(sections['sources']) && isFields(sections['sinks'])) {
    return [{ path: [], message: 'the job is empty: it has no source and no sink' }];
  }
  for (const node of nodes) {
    const other = byName.get(node.name);
    if (other === undefined) byName.set(node.name, node);
    else problems.push({ path: node.path, message: `the name is taken: there is one among the ${other.section} too` });
  }
  for (const node of nodes) {
    if (problems.length < INPUT_PROBLEMS_MAX) problems.push(...inputProblems(node, byName));
  }
  problems.push(...cycleProblems(nodes, byName));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ text }) => nodeOf(text))));
  for (const node of nodes) {
    if (node.section === 'sinks' || read.has(node.name)) continue;
    const what = node.section === 'sources' ? 'source' : 'transform';
    problems.push({
      path: node.path,
      message: `nothing reads this ${what}; name it in the inputs of a sink, or remove it`,
    });
  }
  return problems;
}

/** The node that an input names: `split.name` is an output of `split`. */
export function nodeOf(input: string): string {
  const dot = input.indexOf('.');
  return dot === -1 ? input : input.slice(0, dot);
}

function readNodes(value: unknown): readonly GraphNode[] {
  return (['sources', 'transforms', 'sinks'] as const).flatMap((section) =>
    Object.entries(fieldsOf(fieldsOf(value)[section])).map(([name, node]) => readNode(section, name, fieldsOf(node))),
  );
}

function readNode(section: Section, name: string, fields: Readonly<Record<string, unknown>>): GraphNode {
  const path = [section, name];
  const inputs = inputsOf(fields).map((input) => ({ ...input, path: [...path, ...input.path] }));
  const type = fields['type'];
  const outputs = section === 'sinks' ? [] : outputsOf(name, fields);
  return { name, path, section, type, inputs, outputs, missing: missingOf(name, fields) };
}

function missingOf(name: string, fields: Readonly<Record<string, unknown>>): GraphNode['missing'] {
  const [late, failed] = [`${name}.late`, `${name}.failed`];
  switch (fields['type']) {
    case 'aggregate': {
      if (fields['window'] === undefined) return { [late]: 'without a "window" no record is late' };
      return {
        [late]: 'with "local": true late records are counted, but cannot be read; leave "local" out to read them',
      };
    }
    case 'deduplicate':
      return { [late]: 'records are late with the "scope" "watermark" only' };
    case 'asyncMap':
      return { [failed]: 'records whose calls have failed are there with "onFailure": "side" only' };
    default:
      return {};
  }
}

/** What inputs may name of a source or transform; `undefined`: only its module knows. */
function outputsOf(name: string, fields: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  switch (fields['type']) {
    case 'split':
      return [...Object.keys(fieldsOf(fields['routes'])), 'rest'].map((route) => `${name}.${route}`);
    case 'process':
      return undefined;
    case 'aggregate':
      return fields['window'] === undefined || fields['local'] === true ? [name] : [name, `${name}.late`];
    case 'deduplicate':
      return fields['scope'] === 'watermark' ? [name, `${name}.late`] : [name];
    case 'asyncMap':
      return fields['onFailure'] === 'side' ? [name, `${name}.failed`] : [name];
    case 'join':
    case 'windowJoin':
    case 'tableJoin':
      return [name, `${name}.late`];
    default:
      return [name];
  }
}

function inputProblems(node: GraphNode, byName: ReadonlyMap<string, GraphNode>): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const { text, path, list } of node.inputs) {
    const named = `${list} ${text}`;
    if (seen.has(named)) problems.push({ path, message: `the input ${JSON.stringify(text)} is named twice` });
    seen.add(named);
    const from = byName.get(nodeOf(text));
    if (from?.outputs === undefined ? from !== undefined : from.outputs.includes(text)) continue;
    problems.push({ path, ...describeInput(text, from, byName) });
  }
  return problems;
}

function describeInput(
  text: string,
  from: GraphNode | undefined,
  byName: ReadonlyMap<string, GraphNode>,
): { message: string; suggestion?: string | undefined } {
  if (from === undefined) {
    const known = [...byName.values()].flatMap(({ name, outputs }) => outputs ?? [name]);
    return { message: `there is no source or transform ${JSON.stringify(text)}`, suggestion: suggest(text, known) };
  }
  if (from.section === 'sinks') return { message: `${JSON.stringify(text)} is a sink: nothing can be read from it` };
  if (Object.hasOwn(from.missing, text))
    return { message: `there is no ${JSON.stringify(text)}: ${from.missing[text]}` };
  const outputs = from.outputs ?? [];
  const list = outputs.map((output) => JSON.stringify(output)).join(', ');
  if (text === from.name) return { message: `${JSON.stringify(text)} is a split: name one of its outputs, ${list}` };
  return {
    message: `${JSON.stringify(from.name)} has no such output; it has ${list}`,
    suggestion: suggest(text, outputs),
  };
}

/** Each cycle once, as the path a record would take. */
function cycleProblems(nodes: readonly GraphNode[], byName: ReadonlyMap<string, GraphNode>): readonly Problem[] {
  const problems: Problem[] = [];
  let left = withoutAcyclic(new Set(nodes.map(({ name }) => name)), byName);
  while (left.size > 0) {
    const cycle = findCycle(left, byName);
    const last = byName.get(cycle.at(-1)!)!;
    problems.push({
      path: last.path,
      message: `a cycle: ${[...cycle, cycle[0]].join(' -> ')}; records cannot go back`,
    });
    for (const name of cycle) left.delete(name);
    left = withoutAcyclic(left, byName);
  }
  return problems;
}

/** Takes away, again and again, what has no input among the rest: only cycles and what lies behind them remain. */
function withoutAcyclic(names: Set<string>, byName: ReadonlyMap<string, GraphNode>): Set<string> {
  const waiting = new Map<string, number>();
  const readers = new Map<string, string[]>();
  for (const name of names) {
    const inputs = new Set(
      byName
        .get(name)!
        .inputs.map(({ text }) => nodeOf(text))
        .filter((input) => names.has(input)),
    );
    waiting.set(name, inputs.size);
    for (const input of inputs) readers.set(input, [...(readers.get(input) ?? []), name]);
  }
  const ready = [...names].filter((name) => waiting.get(name) === 0);
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    names.delete(name);
    for (const reader of readers.get(name) ?? []) {
      const count = waiting.get(reader)! - 1;
      waiting.set(reader, count);
      if (count === 0) ready.push(reader);
    }
  }
  return names;
}

/** Every remaining node has a remaining input: following them backwards must come round. */
function findCycle(names: ReadonlySet<string>, byName: ReadonlyMap<string, GraphNode>): readonly string[] {
  const trail = new Set<string>();
  let [name] = names;
  while (!trail.has(name!)) {
    trail.add(name!);
    name = byName
      .get(name!)!
      .inputs.map(({ text }) => nodeOf(text))
      .find((input) => names.has(input));
  }
  const steps = [...trail];
  return steps.slice(steps.indexOf(name!)).reverse();
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
