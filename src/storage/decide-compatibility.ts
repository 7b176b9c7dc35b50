/**
 * Whether a plan may go on from a checkpoint of another plan. Pure; every difference is named, none is passed over in
 * silence (reliability row 16).
 *
 * Refused is what would misread, lose or repeat something stored: a stateful node that is gone or whose kind, identity or
 * states changed; another set of sources, whose offsets would be lost or begin anew; a sink that is gone (its last output
 * may not be visible yet) or whose target changed. Stateless nodes may come, go and change; stateful ones and sinks may
 * be added and begin empty.
 */
import type { NodeId, NodeSignature } from '../model/index.ts';

export interface CompatibilityDecision {
  /** One sentence each. Empty: the plan may start. */
  readonly refused: readonly string[];
  /** Changes that are fine, one sentence each. */
  readonly allowed: readonly string[];
}

type Nodes = Readonly<Record<NodeId, NodeSignature>>;

export function decideCompatibility(stored: Nodes, planned: Nodes): CompatibilityDecision {
  const refused: string[] = [];
  const allowed: string[] = [];
  for (const [node, before] of Object.entries(stored)) {
    const after = Object.hasOwn(planned, node) ? planned[node] : undefined;
    if (after === undefined) (mayBeRemoved(before) ? allowed : refused).push(removal(node, before));
    else compare(node, before, after, refused, allowed);
  }
  for (const [node, after] of Object.entries(planned)) {
    if (Object.hasOwn(stored, node)) continue;
    (after.kind === 'source' ? refused : allowed).push(addition(node, after));
  }
  return { refused, allowed };
}

function compare(
  node: NodeId,
  before: NodeSignature,
  after: NodeSignature,
  refused: string[],
  allowed: string[],
): void {
  if (before.kind !== after.kind) {
    const isBound = isPinned(before) || isPinned(after);
    (isBound ? refused : allowed).push(`${node}: kind was ${before.kind}, is now ${after.kind}`);
    return;
  }
  for (const difference of identityDifferences(before, after)) refused.push(`${node}: ${difference}`);
  for (const difference of stateDifferences(before, after)) refused.push(`${node}: ${difference}`);
}

/** Whether something is stored for the node, or its signature pins how it must be read. */
function isPinned(node: NodeSignature): boolean {
  return (
    node.kind === 'source' || node.kind === 'sink' || node.states.length > 0 || Object.keys(node.identity).length > 0
  );
}

function mayBeRemoved(node: NodeSignature): boolean {
  return node.kind !== 'source' && node.kind !== 'sink' && node.states.length === 0;
}

function removal(node: NodeId, before: NodeSignature): string {
  if (before.kind === 'source') return `${node}: the source is gone, and with it the position it was read to`;
  if (before.kind === 'sink') return `${node}: the sink is gone, its last committed output may not be visible yet`;
  if (before.states.length > 0) return `${node}: the ${before.kind} is gone, and with it ${listStates(before)}`;
  return `${node}: the ${before.kind} is gone`;
}

function addition(node: NodeId, after: NodeSignature): string {
  if (after.kind === 'source') return `${node}: the source is new; a job keeps its set of sources`;
  return `${node}: the ${after.kind} is new and begins empty`;
}

function listStates(node: NodeSignature): string {
  return `its state ${node.states.map((state) => `"${state.name}"`).join(', ')}`;
}

function* identityDifferences(before: NodeSignature, after: NodeSignature): Generator<string> {
  const fields = new Set([...Object.keys(before.identity), ...Object.keys(after.identity)]);
  for (const field of [...fields].sort()) {
    const was = Object.hasOwn(before.identity, field) ? before.identity[field] : undefined;
    const is = Object.hasOwn(after.identity, field) ? after.identity[field] : undefined;
    if (was !== is) yield `${field} was ${show(was)}, is now ${show(is)}`;
  }
}

function* stateDifferences(before: NodeSignature, after: NodeSignature): Generator<string> {
  for (const state of before.states) {
    const now = after.states.find(({ name }) => name === state.name);
    if (now === undefined) yield `state "${state.name}" is gone`;
    else if (now.kind !== state.kind) yield `state "${state.name}" was a ${state.kind}, is now a ${now.kind}`;
  }
  for (const state of after.states) {
    if (!before.states.some(({ name }) => name === state.name)) yield `state "${state.name}" is new`;
  }
}

function show(value: string | number | boolean | undefined): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
