/**
 * Random jobs on random input, with and without faults, against a plain array program over the same graph: no epochs, no
 * threads, no Millrace code.
 *
 * Between sources (and after an exchange) only the order per key and origin is promised, so a sink is compared as a
 * multiset where rows do not depend on order, by the last row per key where they do, and by the order per key and split.
 */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import {
  aggregates,
  defineJob,
  type JobBuilder,
  records,
  type Stream,
  sinks,
  sources,
  states,
} from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

interface Item {
  readonly origin: string;
  readonly index: number;
  readonly key: string;
  readonly amount: number;
}

interface Row {
  readonly key: string | number | bigint | boolean;
  readonly count: number;
  readonly sum: number;
  readonly min: number | null;
  readonly max: number | null;
}

/** What the keyed process saw: its position among the records of the key, and the record of the same origin before it. */
interface Sighting {
  readonly key: string;
  readonly origin: string;
  readonly index: number;
  readonly position: number;
  readonly previous: number;
  readonly last: number;
}

interface Graph {
  readonly seed: number;
  readonly sources: readonly { readonly name: string; readonly splits: readonly (readonly Item[])[] }[];
  readonly steps: readonly Step[];
}

type Step =
  | { readonly kind: 'filter'; readonly modulus: number }
  | { readonly kind: 'map'; readonly add: number }
  | { readonly kind: 'flatMap'; readonly copies: number }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'rekey'; readonly groups: number };

const RUNS = Number(process.env['GRAPHS'] ?? 40);

function drawGraph(seed: number): Graph {
  const random = new SeededRandom(seed);
  random.begin(1);
  const keys = 1 + random.below(20);
  const sourceCount = 1 + random.below(3);
  return {
    seed,
    sources: Array.from({ length: sourceCount }, (_, source) => ({
      name: `source-${source}`,
      splits: Array.from({ length: 1 + random.below(3) }, (_unused, split) =>
        Array.from({ length: random.below(150) }, (_unused2, index) => ({
          origin: `${source}/${split}`,
          index,
          key: random.below(20) === 0 ? '__proto__' : `k${random.below(keys)}`,
          amount: random.below(1000) - 500,
        })),
      ),
    })),
    steps: Array.from({ length: random.below(5) }, () => drawStep(random)),
  };
}

function drawStep(random: SeededRandom): Step {
  switch (random.below(5)) {
    case 0:
      return { kind: 'filter', modulus: 2 + random.below(4) };
    case 1:
      return { kind: 'map', add: random.below(100) };
    case 2:
      return { kind: 'flatMap', copies: random.below(4) };
    case 3:
      return { kind: 'rebalance' };
    default:
      return { kind: 'rekey', groups: 1 + random.below(7) };
  }
}

/** Made once per test: what committed processes wrote must survive the next build of the graph. */
function createSinks() {
  return {
    items: sinks.memory<Item>(),
    rows: sinks.memory<Row>(),
    large: sinks.memory<Item>(),
    sightings: sinks.memory<Sighting>(),
  };
}

function build(
  builder: JobBuilder,
  graph: Graph,
  { items, large, rows, sightings }: ReturnType<typeof createSinks>,
): void {
  const streams = graph.sources.map(({ name, splits }) => builder.source(name, sources.memory({ splits })));
  let stream: Stream<Item> = streams.length === 1 ? streams[0]! : streams[0]!.merge(...streams.slice(1));
  for (const step of graph.steps) stream = applyStep(stream, step);
  const split = stream.split({ large: (item) => item.amount > 250 });
  split.large.to('large', large);
  stream.to('items', items);
  stream
    .keyBy((item) => item.key)
    .process({
      states: { seen: states.list<number>(), lastOf: states.map<number>(), last: states.value<{ index: number }>() },
      emits: records<Sighting>(),
      process({ key, origin, index }, { states: { seen, lastOf, last }, emit }) {
        seen.append(index);
        const previous = lastOf.get(origin) ?? -1;
        lastOf.set(origin, index);
        const before = last.get() ?? { index: -1 };
        emit({ key, origin, index, position: seen.length, previous, last: before.index });
        before.index = index;
        last.set(before);
      },
    })
    .to('sightings', sightings);
  stream
    .keyBy((item) => item.key)
    .aggregate({
      count: aggregates.count(),
      sum: aggregates.sum((item: Item) => item.amount),
      min: aggregates.min((item: Item) => item.amount),
      max: aggregates.max((item: Item) => item.amount),
    })
    .to('rows', rows);
}

function applyStep(stream: Stream<Item>, step: Step): Stream<Item> {
  switch (step.kind) {
    case 'filter':
      return stream.filter((item) => item.index % step.modulus !== 0);
    case 'map':
      return stream.map((item) => ({ ...item, amount: item.amount + step.add }));
    case 'flatMap':
      return stream.flatMap((item) => Array.from({ length: step.copies }, () => item));
    case 'rebalance':
      return stream.rebalance();
    case 'rekey':
      return stream.map((item) => ({ ...item, key: `g${item.index % step.groups}` }));
  }
}

/** The oracle. */
function interpret(graph: Graph): Item[] {
  let items = graph.sources.flatMap(({ splits }) => splits.flat());
  for (const step of graph.steps) {
    if (step.kind === 'filter') items = items.filter((item) => item.index % step.modulus !== 0);
    if (step.kind === 'map') items = items.map((item) => ({ ...item, amount: item.amount + step.add }));
    if (step.kind === 'flatMap') items = items.flatMap((item) => Array.from({ length: step.copies }, () => item));
    if (step.kind === 'rekey') items = items.map((item) => ({ ...item, key: `g${item.index % step.groups}` }));
  }
  return items;
}

const sorted = (items: readonly unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();

function lastRows(rows: readonly Row[]): Map<Row['key'], Row> {
  return new Map(rows.map((row) => [row.key, row]));
}

function expectedRows(items: readonly Item[]): Map<Row['key'], Row> {
  const rows = new Map<Row['key'], Row>();
  for (const { key, amount } of items) {
    const row = rows.get(key) ?? { key, count: 0, sum: 0, min: null, max: null };
    rows.set(key, {
      key,
      count: row.count + 1,
      sum: row.sum + amount,
      min: row.min === null ? amount : Math.min(row.min, amount),
      max: row.max === null ? amount : Math.max(row.max, amount),
    });
  }
  return rows;
}

/** Value, list and map state are those of exactly one pass over each key, and origins arrive in order (I11). */
function expectSightings(sightings: readonly Sighting[], expected: readonly Item[], graph: Graph): void {
  const places = ({ key, origin, index }: Item | Sighting) => [key, origin, index];
  expect(sorted(sightings.map(places))).toEqual(sorted(expected.map(places)));
  const isOrdered = !graph.steps.some(({ kind }) => kind === 'rebalance');
  const before = new Map<string, { position: number; last: number; lastOf: Map<string, number> }>();
  for (const { key, origin, index, position, previous, last } of sightings) {
    const of = before.get(key) ?? { position: 0, last: -1, lastOf: new Map<string, number>() };
    expect({ key, position, last, previous }).toEqual({
      key,
      position: of.position + 1,
      last: of.last,
      previous: of.lastOf.get(origin) ?? -1,
    });
    if (isOrdered) expect(index).toBeGreaterThanOrEqual(previous);
    of.lastOf.set(origin, index);
    before.set(key, { position, last: index, lastOf: of.lastOf });
  }
}

describe('random jobs equal a plain array program, whatever dies (I1-I4, I10, I11)', () => {
  it.each(Array.from({ length: RUNS }, (_, seed) => seed))('seed %i', async (seed) => {
    const graph = drawGraph(seed);
    const collected = createSinks();
    const job = defineJob('random', (builder) => build(builder, graph, collected));

    await simulateJob(job, {
      seed,
      options: {
        parallelism: 1 + (seed % 4),
        workers: 1 + (seed % 3),
        epoch: { intervalMs: 1 + (seed % 5) },
        channel: { frameRecords: 1 + (seed % 7), ringBytes: 4096, localRecords: 2 + (seed % 30) },
        state: { foldEveryEpochs: 1 + (seed % 4) },
        restart: { attemptsMax: 1000 },
      },
      faults: seed % 4 === 0 ? undefined : { workerKills: seed % 3, crashes: seed % 5 },
      stepRecordsMax: 1 + (seed % 40),
      isEncodingForced: seed % 2 === 0,
      cacheBytes: seed % 2 === 0 ? 4096 : undefined,
    });

    const expected = interpret(graph);
    const { items, rows, large, sightings } = collected;
    expect(sorted(items.records)).toEqual(sorted(expected));
    expect(sorted(large.records)).toEqual(sorted(expected.filter((item) => item.amount > 250)));
    expect(sorted([...lastRows(rows.records).values()])).toEqual(sorted([...expectedRows(expected).values()]));
    expect(rows.records.length).toBe(expected.length);
    expectSightings(sightings.records, expected, graph);
  });
});
