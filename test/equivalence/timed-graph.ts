/**
 * Random graphs of operators that go by event time, with random input whose disorder stays within the bound of its source: no record is ever
 * late. Only data; `timed-job.ts` makes a job of it, `interpret-timed-graph.ts` says what must come out.
 *
 * Every event carries its event time as a field, so that a plain program can go on behind a window or a join.
 */
import { SeededRandom } from '../../src/connectors/index.ts';
import type { JoinType, RandomStream } from '../../src/index.ts';
import { interpretNode } from './interpret-timed-graph.ts';

export interface TimedEvent {
  readonly key: string;
  /** Event time. */
  readonly at: number;
  readonly amount: number;
}

/** A row of a table that is joined whole. */
export interface TableRow {
  readonly key: string;
  readonly amount: number;
}

export interface TimedSplit {
  readonly events: readonly TimedEvent[];
  /** The first event is there so late that the split counts as idle before. */
  readonly isSleeper: boolean;
}

export interface TimedSource {
  readonly kind: 'source';
  readonly inputs: readonly [];
  readonly reads: 'records' | 'bytes' | 'arrivals';
  readonly outOfOrderMs: number;
  readonly splits: readonly TimedSplit[];
}

export type Frame =
  | { readonly kind: 'tumbling'; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: 'sliding'; readonly sizeMs: number; readonly slideMs: number; readonly offsetMs: number };

export type SessionGap = { readonly gapMs: number; readonly isOfRecord: boolean };

type StatelessNode =
  | { readonly kind: 'filter'; readonly modulus: number }
  | { readonly kind: 'map'; readonly add: number }
  | { readonly kind: 'flatMap'; readonly copies: number }
  | { readonly kind: 'rekey'; readonly groups: number }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'broadcast'; readonly copies: number }
  | { readonly kind: 'resize'; readonly parallelism: number }
  | { readonly kind: 'call'; readonly order: 'ordered' | 'unordered'; readonly isKeyed: boolean };

type StatefulNode =
  | {
      readonly kind: 'window';
      readonly frame: Frame;
      /** Whether all aggregates can take records back. */
      readonly isInvertible: boolean;
      readonly isLocal: boolean;
      readonly latenessMs: number;
    }
  | { readonly kind: 'session'; readonly gap: SessionGap; readonly isInvertible: boolean }
  /** Tumbling windows by hand: counted in state, emitted by a timer. */
  | { readonly kind: 'timers'; readonly sizeMs: number }
  /** Shows whether records have their times and are never late. */
  | { readonly kind: 'witness' }
  | { readonly kind: 'deduplicate'; readonly scope: 'forever' | 'ttl' }
  | { readonly kind: 'deduplicate'; readonly scope: 'watermark'; readonly withinMs: number };

type TwoInputNode =
  | { readonly kind: 'merge' }
  | { readonly kind: 'join'; readonly type: JoinType; readonly beforeMs: number; readonly afterMs: number }
  | { readonly kind: 'windowJoin'; readonly type: JoinType; readonly frame: Frame }
  | { readonly kind: 'tableJoin'; readonly type: 'inner' | 'left' };

export type TimedStep =
  | StatelessNode
  | StatefulNode
  | TwoInputNode
  | { readonly kind: 'broadcastJoin'; readonly type: 'inner' | 'left'; readonly table: readonly TableRow[] };

export type TimedNode = TimedSource | (TimedStep & { readonly inputs: readonly number[] });

/** What is made of a stream at the end and has no place in time that others could go by. */
export type Ending =
  | { readonly kind: 'update'; readonly frame: Frame }
  | { readonly kind: 'early'; readonly frame: Frame; readonly everyRecords: number }
  | { readonly kind: 'complete'; readonly frame: Frame; readonly everyMs: number }
  | { readonly kind: 'count'; readonly size: number }
  | { readonly kind: 'global' }
  | { readonly kind: 'batcher'; readonly delayMs: number };

export interface TimedGraph {
  readonly nodes: readonly TimedNode[];
  readonly endings: readonly (Ending & { readonly input: number })[];
}

/** What one node may give: joins multiply. */
const EVENTS_MAX = 250;

const JOIN_TYPES: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

const TABLE_JOIN_TYPES = ['inner', 'left'] as const;

/** Behind everything that a source has which is not idle. */
const SLEEPER_FROM = 100_000;

const pick = <T>(random: RandomStream, all: readonly T[]): T => all[random.below(all.length)]!;

const STEPS: readonly ((random: RandomStream) => TimedStep)[] = [
  (random) =>
    pick<StatelessNode>(random, [
      { kind: 'filter', modulus: 2 + random.below(4) },
      { kind: 'map', add: random.below(100) },
      { kind: 'flatMap', copies: 1 + random.below(3) },
      { kind: 'rekey', groups: 1 + random.below(4) },
    ]),
  (random) =>
    pick<StatelessNode>(random, [
      { kind: 'rebalance' },
      { kind: 'broadcast', copies: 1 + random.below(2) },
      { kind: 'resize', parallelism: 1 + random.below(4) },
    ]),
  (random) => ({ kind: 'call', order: pick(random, ['ordered', 'unordered']), isKeyed: random.below(2) === 0 }),
  drawWindow,
  drawWindow,
  (random) => ({
    kind: 'session',
    gap: { gapMs: 1 + random.below(60), isOfRecord: random.below(2) === 0 },
    isInvertible: random.below(2) === 0,
  }),
  (random) => ({ kind: 'timers', sizeMs: 1 + random.below(100) }),
  () => ({ kind: 'witness' }),
  (random) =>
    pick<StatefulNode>(random, [
      { kind: 'deduplicate', scope: 'forever' },
      { kind: 'deduplicate', scope: 'ttl' },
      { kind: 'deduplicate', scope: 'watermark', withinMs: 1 + random.below(50) },
    ]),
  () => ({ kind: 'merge' }),
  drawJoin,
  drawJoin,
  (random) => ({ kind: 'windowJoin', type: pick(random, JOIN_TYPES), frame: drawFrame(random) }),
  (random) => ({ kind: 'tableJoin', type: pick(random, TABLE_JOIN_TYPES) }),
  drawBroadcastJoin,
];

export function drawTimedGraph(seed: number): TimedGraph {
  const random = new SeededRandom(seed);
  random.begin(2);
  const nodes: TimedNode[] = [];
  const outputs: (readonly TimedEvent[])[] = [];
  const add = (node: TimedNode): void => {
    const output = interpretNode(
      node,
      node.inputs.map((input) => outputs[input]!),
    );
    if (output.length > EVENTS_MAX) return;
    nodes.push(node);
    outputs.push(output);
  };
  // What waits in a branch that has fallen silent may be late where it meets that of another source, which has gone on.
  const hasSleeper = random.below(5) === 0;
  const sources = hasSleeper ? 1 : 1 + random.below(3);
  for (let index = 0; index < sources; index++) add(drawSource(random, hasSleeper));
  for (let left = 1 + random.below(6); left > 0; left--) {
    const step = pick(random, STEPS)(random);
    const inputs = isTwoInput(step) ? [drawInput(random, nodes), drawInput(random, nodes)] : [drawInput(random, nodes)];
    add({ ...step, inputs } as TimedNode);
  }
  const endings = Array.from({ length: random.below(3) }, () => ({
    ...drawEnding(random),
    input: random.below(nodes.length),
  }));
  return { nodes, endings };
}

export function eventsIn({ nodes }: TimedGraph): number {
  const splits = nodes.flatMap((node) => (node.kind === 'source' ? node.splits : []));
  return splits.reduce((sum, { events }) => sum + events.length, 0);
}

/** More often a new one: chains are what is to be tested. */
function drawInput(random: RandomStream, nodes: readonly TimedNode[]): number {
  return Math.max(random.below(nodes.length), random.below(nodes.length));
}

export function isTwoInput({ kind }: TimedStep): boolean {
  return kind === 'merge' || kind === 'join' || kind === 'windowJoin' || kind === 'tableJoin';
}

function drawSource(random: RandomStream, hasSleeper: boolean): TimedSource {
  const outOfOrderMs = 1 + random.below(80);
  const keys = 1 + random.below(6);
  const stepMs = 1 + random.below(20);
  const from = random.below(600) - 300;
  const keyOf = (): string => (random.below(25) === 0 ? pick(random, ['', '__proto__']) : `k${random.below(keys)}`);
  const drawSplit = (isSleeper: boolean): TimedSplit => {
    // Some are empty, some end long before the others.
    const events = Array.from({ length: random.below(random.below(4) === 0 ? 8 : 40) }, (_, index) => ({
      key: keyOf(),
      at: (isSleeper ? SLEEPER_FROM : from) + index * stepMs + random.below(outOfOrderMs),
      amount: random.below(10),
    }));
    return { events, isSleeper };
  };
  const splits = Array.from({ length: 1 + random.below(3) }, () => drawSplit(false));
  return {
    kind: 'source',
    inputs: [],
    reads: hasSleeper ? 'arrivals' : pick(random, ['records', 'bytes', 'arrivals']),
    outOfOrderMs,
    splits: hasSleeper ? [...splits, drawSplit(true)] : splits,
  };
}

function drawFrame(random: RandomStream): Frame {
  const sizeMs = 1 + random.below(120);
  const offsetMs = random.below(3) === 0 ? random.below(100) - 50 : 0;
  if (random.below(2) === 0) return { kind: 'tumbling', sizeMs, offsetMs };
  const slideMs = Math.max(1, Math.ceil(sizeMs / (1 + random.below(6))) - random.below(2));
  return { kind: 'sliding', sizeMs, slideMs, offsetMs };
}

function drawWindow(random: RandomStream): TimedStep {
  const isLocal = random.below(3) === 0;
  return {
    kind: 'window',
    frame: drawFrame(random),
    isInvertible: random.below(2) === 0,
    isLocal,
    latenessMs: !isLocal && random.below(3) === 0 ? random.below(100) : 0,
  };
}

/** Ranges may lie on one side of the record. */
function drawJoin(random: RandomStream): TimedStep {
  const beforeMs = random.below(60) - 15;
  return {
    kind: 'join',
    type: pick(random, JOIN_TYPES),
    beforeMs,
    afterMs: random.below(60) - Math.min(15, beforeMs),
  };
}

function drawBroadcastJoin(random: RandomStream): TimedStep {
  const table = Array.from({ length: random.below(12) }, () => ({
    key: `k${random.below(6)}`,
    amount: random.below(50),
  }));
  return { kind: 'broadcastJoin', type: pick(random, TABLE_JOIN_TYPES), table };
}

function drawEnding(random: RandomStream): Ending {
  const frame = drawFrame(random);
  return pick<Ending>(random, [
    { kind: 'update', frame },
    { kind: 'early', frame, everyRecords: 1 + random.below(4) },
    { kind: 'complete', frame, everyMs: 1 + random.below(200) },
    { kind: 'count', size: 1 + random.below(6) },
    { kind: 'global' },
    { kind: 'batcher', delayMs: random.below(30) },
  ]);
}
