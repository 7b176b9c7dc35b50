/**
 * By which nodes a node is fed: everything reached against the flow of records through stateless nodes, up to and with the
 * next source or stateful node. A stateless node more or less on the way changes nothing for the others that are reached, so
 * two plans can be compared by the nodes both have. Pure.
 *
 * Ways are counted, because a record that arrives by two ways arrives twice. They may be more than a number can hold exactly;
 * then they are equal or not all the same.
 */
import type { NodeId, NodeInput, NodeSignature } from '../model/index.ts';

/** One output that a node is fed by. */
export interface Feed {
  readonly from: NodeId;
  readonly output: string;
  /** Whether a `broadcast` lies on the way: a copy for every subtask. */
  readonly isCopied: boolean;
  /** By how many ways. */
  readonly ways: number;
}

export type Nodes = Readonly<Record<NodeId, NodeSignature>>;

/** Feeds by a key that tells them apart. */
export type Feeds = ReadonlyMap<string, Feed>;

/** By how many ways records come from somewhere to the node looked at. */
interface Ways {
  /** One record each. */
  plain: number;
  /** A copy for every subtask. */
  copied: number;
}

/** By one input of the node. Takes time in the number of nodes and edges on the way, not of ways. */
export function feedsOf(node: NodeId, nodes: Nodes, input: 0 | 1 = 0): Feeds {
  const feeds = new Map<string, Feed>();
  const waysOf = new Map<NodeId, Ways>([[node, { plain: 1, copied: 0 }]]);
  const edgesInto = (reader: NodeId): readonly NodeInput[] =>
    (nodes[reader]?.inputs ?? []).filter((edge) => reader !== node || (edge.input ?? 0) === input);
  const readersLeft = countReaders(node, nodes, edgesInto);
  const ready = [node];
  for (let reader = ready.pop(); reader !== undefined; reader = ready.pop()) {
    const { plain, copied } = waysOf.get(reader)!;
    for (const { from, output, partitioning } of edgesInto(reader)) {
      const ways = partitioning === 'broadcast' ? { plain: 0, copied: plain + copied } : { plain, copied };
      add(feeds, { from, output, isCopied: false, ways: ways.plain });
      add(feeds, { from, output, isCopied: true, ways: ways.copied });
      const sum = waysOf.get(from) ?? { plain: 0, copied: 0 };
      waysOf.set(from, { plain: sum.plain + ways.plain, copied: sum.copied + ways.copied });
      const left = readersLeft.get(from);
      if (left === undefined) continue;
      readersLeft.set(from, left - 1);
      if (left === 1) ready.push(from);
    }
  }
  return feeds;
}

/** Of every stateless node on the way: how many edges lead from it towards `node`. */
function countReaders(
  node: NodeId,
  nodes: Nodes,
  edgesInto: (reader: NodeId) => readonly NodeInput[],
): Map<NodeId, number> {
  const readers = new Map<NodeId, number>();
  const waiting = [node];
  for (let reader = waiting.pop(); reader !== undefined; reader = waiting.pop()) {
    for (const { from } of edgesInto(reader)) {
      if (!Object.hasOwn(nodes, from) || isAnchor(nodes[from]!)) continue;
      const known = readers.get(from);
      readers.set(from, (known ?? 0) + 1);
      if (known === undefined) waiting.push(from);
    }
  }
  return readers;
}

/** Whether records begin here, or what passes depends on what is stored. */
export function isAnchor(node: NodeSignature): boolean {
  return node.kind === 'source' || node.states.length > 0;
}

/** One sentence for each difference among the nodes that both plans have. */
export function* feedDifferences(before: Feeds, after: Feeds, isInBoth: (node: NodeId) => boolean): Generator<string> {
  for (const [key, feed] of new Map([...before, ...after])) {
    if (!isInBoth(feed.from)) continue;
    const was = before.get(key)?.ways ?? 0;
    const is = after.get(key)?.ways ?? 0;
    if (was === is) continue;
    if (is === 0) yield `is no longer fed by ${show(feed)}`;
    else if (was === 0) yield `is now fed by ${show(feed)}`;
    else yield `is now fed by ${show(feed)} in ${is} ways, was in ${was}`;
  }
}

/** `late`, or `routes.heavy` for an output beside the main one. */
export function showOutput({ from, output }: Pick<Feed, 'from' | 'output'>): string {
  return output === 'main' ? from : `${from}.${output}`;
}

function show(feed: Feed): string {
  return feed.isCopied ? `${showOutput(feed)}, every record to every subtask` : showOutput(feed);
}

function add(feeds: Map<string, Feed>, feed: Feed): void {
  if (feed.ways === 0) return;
  const key = JSON.stringify([feed.from, feed.output, feed.isCopied]);
  feeds.set(key, { ...feed, ways: feed.ways + (feeds.get(key)?.ways ?? 0) });
}
