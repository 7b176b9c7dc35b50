/**
 * Whether a plan may go on from a checkpoint of another plan. Pure; every difference is named, none is passed over in
 * silence (reliability row 16).
 *
 * Refused is what would misread, lose or repeat something stored, or give state and committed output another meaning:
 * - a stateful node that is gone or whose kind, identity, states or expressions (its key first of all) changed;
 * - another set of sources, whose offsets would be lost or begin anew;
 * - a sink that is gone (its last output may not be visible yet) or whose target or expressions changed;
 * - stateful nodes and sinks that are fed by other nodes than before, see `feeds-of.ts`;
 * - another policy of merging watermarks, which would give windows another meaning.
 *
 * Stateless nodes may come, go and change, also between two others; stateful ones and sinks may be added and begin empty. What only makes
 * results of what is stored may change: what a join gives for a match, the module of a `process` or an `asyncMap`.
 *
 * Functions cannot be compared: another key function in the same place of a TypeScript job passes unseen. Only the
 * expressions of job files are in the signatures.
 */
import type { NodeId, NodeSignature, WatermarkPolicy } from '../model/index.ts';
import { feedDifferences, feedsOf, isAnchor, type Nodes, showOutput } from './feeds-of.ts';

export interface CompatibilityDecision {
  /** One sentence each. Empty: the plan may start. */
  readonly refused: readonly string[];
  /** Changes that are fine, one sentence each. */
  readonly allowed: readonly string[];
}

/** One node that both plans have. */
interface Pair {
  readonly before: NodeSignature;
  readonly after: NodeSignature;
}

/** How watermarks of several inputs are merged, as stored and as planned. */
export interface PolicyPair {
  readonly before: WatermarkPolicy;
  readonly after: WatermarkPolicy;
}

export function decideCompatibility(stored: Nodes, planned: Nodes, policy?: PolicyPair): CompatibilityDecision {
  const refused: string[] = [];
  if (policy !== undefined && policy.before !== policy.after) refused.push(policyDifference(policy));
  const allowed: string[] = [];
  const isInBoth = (node: NodeId): boolean => Object.hasOwn(stored, node) && Object.hasOwn(planned, node);
  for (const [node, before] of Object.entries(stored)) {
    if (!Object.hasOwn(planned, node)) {
      (mayBeRemoved(before) ? allowed : refused).push(removal(node, before));
      continue;
    }
    const pair = { before, after: planned[node]! };
    const feeds = isBound(before) ? [...allFeedDifferences(node, stored, planned, isInBoth)] : [];
    refused.push(...[...refusals(pair), ...feeds].map((difference) => `${node}: ${difference}`));
    const notes = feeds.length > 0 ? allowances(pair) : [...allowances(pair), ...inputDifferences(pair)];
    allowed.push(...[...notes].map((difference) => `${node}: ${difference}`));
  }
  for (const [node, after] of Object.entries(planned)) {
    if (Object.hasOwn(stored, node)) continue;
    (after.kind === 'source' ? refused : allowed).push(addition(node, after));
  }
  return { refused, allowed };
}

/** Of both sides of a join by themselves: what is stored for one must not be taken for that of the other. */
function* allFeedDifferences(
  node: NodeId,
  stored: Nodes,
  planned: Nodes,
  isInBoth: (node: NodeId) => boolean,
): Generator<string> {
  const isJoin = [stored, planned].some((nodes) => nodes[node]!.inputs?.some(({ input }) => input === 1));
  yield* of(0, isJoin ? 'its left side ' : '');
  if (isJoin) yield* of(1, 'its right side ');

  function* of(input: 0 | 1, side: string): Generator<string> {
    const differences = feedDifferences(feedsOf(node, stored, input), feedsOf(node, planned, input), isInBoth);
    for (const difference of differences) yield `${side}${difference}`;
  }
}

function* refusals(pair: Pair): Generator<string> {
  const { before, after } = pair;
  if (before.kind !== after.kind) {
    if (isPinned(before) || isPinned(after)) yield kindDifference(pair);
    return;
  }
  yield* identityDifferences(pair);
  yield* stateDifferences(pair);
  if (!isBound(before) || before.expressions === undefined || after.expressions === undefined) return;
  for (const [field, source] of Object.entries(before.expressions)) {
    const now = fieldOf(after.expressions, field);
    // A field that is gone shows in the identity or the states.
    if (now !== undefined && now !== source) yield changed(field, source, now);
  }
}

function* allowances(pair: Pair): Generator<string> {
  const { before, after } = pair;
  if (before.kind !== after.kind) {
    if (!isPinned(before) && !isPinned(after)) yield kindDifference(pair);
    return;
  }
  const was = textsOf(before);
  const is = textsOf(after);
  if (was !== undefined && is === undefined) yield 'has functions now, which cannot be compared with its expressions';
  else if (was === undefined && is !== undefined)
    yield 'has expressions now, which cannot be compared with its functions';
  else if (isBound(before)) yield* differences(before.results ?? {}, after.results ?? {});
  else yield* differences(was ?? {}, is ?? {});
}

/** `undefined`: the node has functions. */
function textsOf({ expressions, results }: NodeSignature): Fields | undefined {
  return expressions === undefined && results === undefined ? undefined : { ...expressions, ...results };
}

/** Inputs in any order: a merge has none. */
function* inputDifferences({ before, after }: Pair): Generator<string> {
  const list = ({ inputs = [] }: NodeSignature): string =>
    inputs
      .map((input) => `${showOutput(input)}${input.partitioning === 'forward' ? '' : ` (${input.partitioning})`}`)
      .sort()
      .join(' and ');
  const was = list(before);
  const is = list(after);
  if (was !== is) yield `reads ${is === '' ? 'nothing' : is}, before ${was === '' ? 'nothing' : was}`;
}

/** Whether its inputs give meaning to something that lasts: state, or committed output. */
function isBound(node: NodeSignature): boolean {
  return node.kind === 'sink' || (isAnchor(node) && node.kind !== 'source');
}

/** Whether something is stored for the node, or its signature pins how it must be read. */
function isPinned(node: NodeSignature): boolean {
  return isAnchor(node) || node.kind === 'sink' || Object.keys(node.identity).length > 0;
}

function mayBeRemoved(node: NodeSignature): boolean {
  return !isAnchor(node) && node.kind !== 'sink';
}

function removal(node: NodeId, before: NodeSignature): string {
  if (before.kind === 'source') return `${node}: the source is gone, and with it the position it was read to`;
  if (before.kind === 'sink') return `${node}: the sink is gone, its last committed output may not be visible yet`;
  if (before.states.length > 0) return `${node}: the ${before.kind} is gone, and with it ${listStates(before)}`;
  return `${node}: the ${before.kind} is gone`;
}

function addition(node: NodeId, after: NodeSignature): string {
  if (after.kind === 'source') return `${node}: the source is new; a job keeps its set of sources`;
  return isBound(after) ? `${node}: the ${after.kind} is new and begins empty` : `${node}: the ${after.kind} is new`;
}

function listStates(node: NodeSignature): string {
  return `its state ${node.states.map((state) => `"${state.name}"`).join(', ')}`;
}

function identityDifferences({ before, after }: Pair): Generator<string> {
  return differences(before.identity, after.identity);
}

type Fields = Readonly<Record<string, string | number | boolean>>;

function* differences(before: Fields, after: Fields): Generator<string> {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const field of [...fields].sort()) {
    const was = fieldOf(before, field);
    const is = fieldOf(after, field);
    if (was !== is) yield changed(field, was, is);
  }
}

function* stateDifferences({ before, after }: Pair): Generator<string> {
  for (const state of before.states) {
    const now = after.states.find(({ name }) => name === state.name);
    if (now === undefined) yield `state "${state.name}" is gone`;
    else if (now.kind !== state.kind) yield `state "${state.name}" was a ${state.kind}, is now a ${now.kind}`;
  }
  for (const state of after.states) {
    if (!before.states.some(({ name }) => name === state.name)) yield `state "${state.name}" is new`;
  }
}

function policyDifference({ before, after }: PolicyPair): string {
  return `time: the watermark policy was "${before}", is now "${after}"; it decides what is late, for the whole life of a job`;
}

function kindDifference({ before, after }: Pair): string {
  return `kind was ${before.kind}, is now ${after.kind}`;
}

function fieldOf(fields: Fields, field: string): string | number | boolean | undefined {
  return Object.hasOwn(fields, field) ? fields[field] : undefined;
}

function changed(field: string, was: Fields[string] | undefined, is: Fields[string] | undefined): string {
  return `${field} was ${show(was)}, is now ${show(is)}`;
}

function show(value: Fields[string] | undefined): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
