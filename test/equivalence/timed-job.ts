/** The job over a timed graph: all of it goes through the builder that users have. */
import { expect } from 'vitest';
import {
  aggregates,
  defineJob,
  type JobBuilder,
  type JobDefinition,
  type JobStatus,
  type KeyedStream,
  records,
  type Stream,
  sinks,
  sources,
  states,
  windows,
} from '../../src/index.ts';
import { sizedSource } from '../support/sized-source.ts';
import { timedSource } from '../support/timed-source.ts';
import {
  added,
  called,
  eventOfTimer,
  eventOfWindow,
  gapOf,
  identityOf,
  interpretTimedGraph,
  isEndOfRow,
  isEndOfVersion,
  looked,
  pairOf,
  rekeyed,
  type Totals,
  versioned,
} from './interpret-timed-graph.ts';
import { RECORD_BYTES } from './random-graph.ts';
import { EndingUnderTest } from './timed-endings.ts';
import type { Frame, TimedEvent, TimedGraph, TimedNode, TimedSource } from './timed-graph.ts';

/** Longer than splits that are awake ever pause. */
const IDLE_TIMEOUT_MS = 300;
const SLEEPER_WAKES_AT_MS = 700;

/** A job over `graph`, whose sinks collect over any number of runs of any kind on one state directory. */
export class TimedGraphUnderTest {
  readonly job: JobDefinition;
  readonly #graph: TimedGraph;
  readonly #outputs: readonly ReturnType<typeof sinks.memory<TimedEvent>>[];
  readonly #endings: readonly EndingUnderTest[];

  constructor(graph: TimedGraph) {
    this.#graph = graph;
    this.#outputs = graph.nodes.map(() => sinks.memory<TimedEvent>());
    this.#endings = graph.endings.map((ending) => new EndingUnderTest(ending));
    this.job = defineJob('timed', (builder) => this.#build(builder));
  }

  /** The job is complete, nothing was late, and what it left behind each node is what the array program says. */
  expectOutput({ late }: JobStatus, where: string): void {
    const outputs = interpretTimedGraph(this.#graph);
    for (const [index, expected] of outputs.entries()) {
      const { kind } = this.#graph.nodes[index]!;
      expect(sorted(this.#outputs[index]!.records), `node ${index}, ${kind}, ${where}`).toEqual(sorted(expected));
    }
    for (const [index, ending] of this.#graph.endings.entries()) {
      this.#endings[index]!.expectRows(outputs[ending.input]!);
    }
    expect(late).toEqual({});
  }

  #build(builder: JobBuilder): void {
    const streams: Stream<TimedEvent>[] = [];
    for (const [index, node] of this.#graph.nodes.entries()) {
      const inputs = node.inputs.map((input) => streams[input]!);
      const stream =
        node.kind === 'source' ? sourceOf(builder, `source-${index}`, node) : streamOf(builder, index, node, inputs);
      stream.to(`out-${index}`, this.#outputs[index]!);
      streams.push(stream);
    }
    for (const [index, { input }] of this.#graph.endings.entries()) {
      this.#endings[index]!.end(streams[input]!, `end-${index}`);
    }
  }
}

function sourceOf(builder: JobBuilder, name: string, { reads, splits, outOfOrderMs }: TimedSource): Stream<TimedEvent> {
  if (reads === 'arrivals') {
    const idleTimeoutMs = splits.some(({ isSleeper }) => isSleeper) ? IDLE_TIMEOUT_MS : Number.POSITIVE_INFINITY;
    const arrivals = splits.map(({ events, isSleeper }) =>
      events.map((_, index) => (isSleeper ? SLEEPER_WAKES_AT_MS : 0) + index),
    );
    const eventOf = ({ split, index }: { split: number; index: number }): TimedEvent => splits[split]!.events[index]!;
    return builder
      .source(name, timedSource({ arrivals }))
      .withEventTime((place) => eventOf(place).at, { outOfOrderMs, idleTimeoutMs })
      .map(eventOf);
  }
  const source = sources.memory({ splits: splits.map(({ events }) => events) });
  return builder
    .source(name, reads === 'bytes' ? sizedSource(source, RECORD_BYTES) : source)
    .withEventTime(({ at }) => at, { outOfOrderMs, idleTimeoutMs: Number.POSITIVE_INFINITY });
}

const keyOf = ({ key }: TimedEvent): string => key;

const windowOf = (frame: Frame) => (frame.kind === 'tumbling' ? windows.tumbling(frame) : windows.sliding(frame));

const TOTALS = { count: aggregates.count(), sum: aggregates.sum(({ amount }: TimedEvent) => amount) };

const EXTREMES = {
  ...TOTALS,
  least: aggregates.min(({ amount }: TimedEvent) => amount),
  greatest: aggregates.max(({ amount }: TimedEvent) => amount),
};

const fieldsOf = (isInvertible: boolean): typeof EXTREMES => (isInvertible ? (TOTALS as typeof EXTREMES) : EXTREMES);

interface TimeRow extends Totals {
  readonly key: string;
  readonly windowEnd: number;
}

const eventOfRow = (row: TimeRow): TimedEvent => eventOfWindow(row.key, row.windowEnd, row);

function streamOf(
  builder: JobBuilder,
  index: number,
  node: Exclude<TimedNode, TimedSource>,
  [stream, other]: readonly Stream<TimedEvent>[],
): Stream<TimedEvent> {
  const left = stream!;
  const lefts = (): KeyedStream<TimedEvent, string> => left.keyBy(keyOf);
  switch (node.kind) {
    case 'filter':
      return left.filter((event) => event.amount % node.modulus !== 0);
    case 'map':
      return left.map((event) => added(event, node.add));
    case 'flatMap':
      return left.flatMap((event) => Array.from({ length: node.copies }, () => event));
    case 'rekey':
      return left.map((event) => rekeyed(event, node.groups));
    case 'rebalance':
      return left.rebalance();
    case 'broadcast':
      return left
        .broadcast()
        .map((event) => event)
        .withParallelism(node.copies);
    case 'resize':
      return left.map((event) => event).withParallelism(node.parallelism);
    case 'call': {
      const options = { order: node.order, concurrency: 3 } as const;
      return node.isKeyed ? lefts().asyncMap(call, options).unkeyed() : left.asyncMap(call, options);
    }
    case 'window': {
      const windowed = lefts().window(windowOf(node.frame), { allowedLatenessMs: node.latenessMs });
      const fields = fieldsOf(node.isInvertible);
      return (node.isLocal ? windowed.aggregate(fields, { local: true }) : windowed.aggregate(fields)).map(eventOfRow);
    }
    case 'session': {
      const gapMs = node.gap.isOfRecord ? (event: TimedEvent) => gapOf(event, node.gap) : node.gap.gapMs;
      return lefts().window(windows.session({ gapMs })).aggregate(fieldsOf(node.isInvertible)).map(eventOfRow);
    }
    case 'timers':
      return countByTimers(left, node.sizeMs);
    case 'witness':
      return witnessed(left);
    case 'deduplicate': {
      const same = left.keyBy(identityOf);
      if (node.scope === 'ttl') return same.deduplicate({ scope: 'ttl', ttlMs: 1e12 }).unkeyed();
      if (node.scope === 'watermark') return same.deduplicate(node).unkeyed();
      return same.deduplicate({ scope: 'forever' }).unkeyed();
    }
    case 'merge':
      return left.merge(other!);
    case 'join':
      return lefts().join(other!.keyBy(keyOf), { type: node.type, within: node, select: pairOf });
    case 'windowJoin':
      return lefts().windowJoin(other!.keyBy(keyOf), {
        type: node.type,
        window: windowOf(node.frame),
        select: (l: TimedEvent | null, r: TimedEvent | null, { end }) => ({ ...pairOf(l, r), at: end - 1 }),
      });
    case 'tableJoin':
      return lefts().joinTable(other!.keyBy(keyOf), {
        type: node.type,
        isDelete: ({ at }) => isEndOfVersion(at),
        select: (event, version: TimedEvent | null) => versioned(event, version?.at ?? null),
      });
    case 'broadcastJoin':
      return left.joinBroadcast(builder.source(`table-${index}`, sources.memory(node.table)), {
        type: node.type,
        leftKey: keyOf,
        rightKey: ({ key }) => key,
        isDelete: isEndOfRow,
        select: looked,
      });
  }
}

/** Takes some turns, depending on the event. */
async function call(event: TimedEvent): Promise<TimedEvent> {
  for (let turn = 0; turn < event.amount % 4; turn++) await Promise.resolve();
  return called(event);
}

function countByTimers(stream: Stream<TimedEvent>, sizeMs: number): Stream<TimedEvent> {
  return stream.keyBy(keyOf).process({
    states: { counts: states.map<{ count: number; sum: number }>() },
    emits: records<TimedEvent>(),
    process({ amount }, { timestamp, timers, states: { counts } }) {
      const end = (Math.floor(timestamp / sizeMs) + 1) * sizeMs;
      const { count, sum } = counts.get(String(end)) ?? { count: 0, sum: 0 };
      counts.set(String(end), { count: count + 1, sum: sum + amount });
      timers.set(String(end), end);
    },
    onTimer({ name, at }, { key, states: { counts }, emit }) {
      const { count, sum } = counts.get(name)!;
      counts.delete(name);
      emit(eventOfTimer(key, at, count, sum));
    },
  });
}

/** Events as they are, unless one has another time than it says, or is late. */
function witnessed(stream: Stream<TimedEvent>): Stream<TimedEvent> {
  return stream.keyBy(keyOf).process({
    emits: records<TimedEvent>(),
    process(event, { timestamp, watermark, emit }) {
      emit(
        timestamp === event.at && timestamp > watermark ? event : { ...event, key: `at ${timestamp}, ${watermark}` },
      );
    },
  });
}

export const sorted = (items: readonly unknown[]): readonly string[] =>
  items.map((item) => JSON.stringify(item)).sort();
