/**
 * Random job graphs with random input, and the plain array program over the same graph that says what must come out: no epochs, no
 * batches, no threads, no Millrace code.
 *
 * Between sources (and behind an exchange that is not by key) only the order per key and origin is promised, so a sink is compared as
 * a multiset where rows do not depend on order, by the last row per key where they do, and by the order per key and split.
 */
import { expect } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import {
  aggregates,
  defineJob,
  type JobBuilder,
  type JobDefinition,
  type RandomStream,
  records,
  type Stream,
  sinks,
  sources,
  states,
} from '../../src/index.ts';
import type { MemoryDisk } from '../../src/testing/index.ts';
import { sizedSource } from '../support/sized-source.ts';
import { tableRows } from '../support/table-rows.ts';

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

export interface RandomGraph {
  readonly sources: readonly { readonly name: string; readonly splits: readonly (readonly Item[])[] }[];
  readonly steps: readonly Step[];
}

type Step =
  | { readonly kind: 'filter'; readonly modulus: number }
  | { readonly kind: 'map'; readonly add: number }
  | { readonly kind: 'flatMap'; readonly copies: number }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'broadcast'; readonly copies: number }
  | { readonly kind: 'resize'; readonly parallelism: number }
  | { readonly kind: 'diamond'; readonly modulus: number }
  /** Through keyed state, unchanged. */
  | { readonly kind: 'pass' }
  /** Through keyed state and its side output, unchanged. */
  | { readonly kind: 'sides' }
  | { readonly kind: 'rekey'; readonly groups: number };

/** Of a record of a source that knows sizes. */
export const RECORD_BYTES = 100;

/** Records that a graph may make of one. */
const COPIES_MAX = 6;

const STEPS: readonly ((random: RandomStream) => Step)[] = [
  (random) => ({ kind: 'filter', modulus: 2 + random.below(4) }),
  (random) => ({ kind: 'map', add: random.below(100) }),
  (random) => ({ kind: 'flatMap', copies: random.below(4) }),
  () => ({ kind: 'rebalance' }),
  (random) => ({ kind: 'broadcast', copies: 1 + random.below(3) }),
  (random) => ({ kind: 'resize', parallelism: 1 + random.below(4) }),
  (random) => ({ kind: 'diamond', modulus: 2 + random.below(3) }),
  () => ({ kind: 'pass' }),
  () => ({ kind: 'sides' }),
  (random) => ({ kind: 'rekey', groups: 1 + random.below(7) }),
];

export function drawGraph(seed: number): RandomGraph {
  const random = new SeededRandom(seed);
  random.begin(1);
  const keys = 1 + random.below(20);
  const itemsMax = random.below(5) === 0 ? 150 : 40;
  const sourceCount = 1 + random.below(3);
  return {
    sources: Array.from({ length: sourceCount }, (_, source) => ({
      name: `source-${source}`,
      splits: Array.from({ length: 1 + random.below(3) }, (_unused, split) =>
        Array.from({ length: random.below(itemsMax) }, (_unused2, index) => ({
          origin: `${source}/${split}`,
          index,
          key: random.below(20) === 0 ? '__proto__' : `k${random.below(keys)}`,
          amount: random.below(1000) - 500,
        })),
      ),
    })),
    steps: drawSteps(random),
  };
}

function drawSteps(random: RandomStream): readonly Step[] {
  const steps: Step[] = [];
  let copies = 1;
  for (let left = random.below(5); left > 0; left--) {
    const step = STEPS[random.below(STEPS.length)]!(random);
    copies *= 'copies' in step ? Math.max(1, step.copies) : 1;
    if (copies <= COPIES_MAX) steps.push(step);
  }
  return steps;
}

export function recordsIn(graph: RandomGraph): number {
  return graph.sources.reduce((sum, { splits }) => sum + splits.flat().length, 0);
}

/** A job over `graph`, whose sinks collect over any number of runs of any kind on one state directory. */
export class GraphUnderTest {
  readonly job: JobDefinition;
  readonly #graph: RandomGraph;
  readonly #sinks = {
    items: sinks.memory<Item>(),
    rows: sinks.memory<Row>(),
    large: sinks.memory<Item>(),
    sightings: sinks.memory<Sighting>(),
  };

  constructor(graph: RandomGraph) {
    this.#graph = graph;
    this.job = defineJob('random', (builder) => this.#build(builder));
  }

  /** The job is complete, and what it left is what the array program says. */
  expectOutput(disk: MemoryDisk): void {
    const expected = interpret(this.#graph);
    const rows = [...expectedRows(expected).values()];
    const { items, large, rows: written, sightings } = this.#sinks;
    expect(sorted(items.records)).toEqual(sorted(expected));
    expect(sorted(large.records)).toEqual(sorted(expected.filter((item) => item.amount > 250)));
    expect(sorted([...new Map(written.records.map((row) => [row.key, row])).values()])).toEqual(sorted(rows));
    expect(written.records.length).toBe(expected.length);
    expect(sorted(tableRows(disk, 'table'))).toEqual(sorted(rows));
    expectSightings(sightings.records, expected, isOrdered(this.#graph.steps));
  }

  #build(builder: JobBuilder): void {
    const { items, large, rows, sightings } = this.#sinks;
    const streams = this.#graph.sources.map(({ name, splits }, index) => {
      const source = sources.memory({ splits });
      // Every other source knows bytes instead of records.
      return builder.source(name, index % 2 === 0 ? source : sizedSource(source, RECORD_BYTES));
    });
    const merged = streams.length === 1 ? streams[0]! : streams[0]!.merge(...streams.slice(1));
    const stream = this.#graph.steps.reduce<Stream<Item>>(applyStep, merged);
    const split = stream.split({ large: (item) => item.amount > 250 });
    split.large.to('large', large);
    stream.to('items', items);
    sight(stream).to('sightings', sightings);
    const aggregated = stream
      .keyBy((item) => item.key)
      .aggregate({
        count: aggregates.count(),
        sum: aggregates.sum((item: Item) => item.amount),
        min: aggregates.min((item: Item) => item.amount),
        max: aggregates.max((item: Item) => item.amount),
      });
    aggregated.to('rows', rows);
    aggregated.to('table', sinks.table({ key: (row) => row.key }));
  }
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
    case 'broadcast':
      return stream
        .broadcast()
        .map((item) => item)
        .withParallelism(step.copies);
    case 'resize':
      return stream.map((item) => item).withParallelism(step.parallelism);
    case 'diamond':
      return stream
        .filter((item) => item.index % step.modulus === 0)
        .merge(stream.filter((item) => item.index % step.modulus !== 0));
    case 'pass':
      return passThroughState(stream, () => true);
    case 'sides': {
      const main = passThroughState(stream, (count) => count % 2 === 0);
      return main.merge(main.side('others'));
    }
    case 'rekey':
      return stream.map((item) => ({ ...item, key: `g${item.index % step.groups}` }));
  }
}

/** By each key in turn: those whose number among the records of the key is not main go to a side output. */
function passThroughState(stream: Stream<Item>, isMain: (count: number) => boolean) {
  return stream
    .keyBy((item) => item.key)
    .process({
      states: { count: states.value<number>() },
      emits: records<Item>(),
      sides: { others: records<Item>() },
      process(item, { states: { count }, emit, emitTo }) {
        const seen = (count.get() ?? 0) + 1;
        count.set(seen);
        if (isMain(seen)) emit(item);
        else emitTo('others', item);
      },
    });
}

function sight(stream: Stream<Item>): Stream<Sighting> {
  return stream
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
    });
}

/** The oracle. */
function interpret(graph: RandomGraph): readonly Item[] {
  const items = graph.sources.flatMap(({ splits }) => splits.flat());
  return graph.steps.reduce<readonly Item[]>(interpretStep, items);
}

function interpretStep(items: readonly Item[], step: Step): readonly Item[] {
  switch (step.kind) {
    case 'filter':
      return items.filter((item) => item.index % step.modulus !== 0);
    case 'map':
      return items.map((item) => ({ ...item, amount: item.amount + step.add }));
    case 'flatMap':
    case 'broadcast':
      return items.flatMap((item) => Array.from({ length: step.copies }, () => item));
    case 'rekey':
      return items.map((item) => ({ ...item, key: `g${item.index % step.groups}` }));
    case 'rebalance':
    case 'resize':
    case 'diamond':
    case 'pass':
    case 'sides':
      return items;
  }
}

/** Whether records of one origin that have one key arrive at the keyed state of the end in the order of their origin. */
function isOrdered(steps: readonly Step[]): boolean {
  const kinds = steps.map(({ kind }) => kind);
  const spreads: readonly Step['kind'][] = ['rebalance', 'broadcast', 'resize', 'diamond', 'sides'];
  // An exchange by another key than the last one keeps another order.
  const isRekeyed = kinds.includes('pass') && kinds.lastIndexOf('rekey') > kinds.indexOf('pass');
  return !isRekeyed && !kinds.some((kind) => spreads.includes(kind));
}

const sorted = (items: readonly unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();

function expectedRows(items: readonly Item[]): ReadonlyMap<Row['key'], Row> {
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
function expectSightings(sightings: readonly Sighting[], expected: readonly Item[], areInOrder: boolean): void {
  const places = ({ key, origin, index }: Item | Sighting) => [key, origin, index];
  expect(sorted(sightings.map(places))).toEqual(sorted(expected.map(places)));
  const before = new Map<string, { position: number; last: number; lastOf: Map<string, number> }>();
  for (const { key, origin, index, position, previous, last } of sightings) {
    const of = before.get(key) ?? { position: 0, last: -1, lastOf: new Map<string, number>() };
    expect({ key, position, last, previous }).toEqual({
      key,
      position: of.position + 1,
      last: of.last,
      previous: of.lastOf.get(origin) ?? -1,
    });
    if (areInOrder) expect(index).toBeGreaterThanOrEqual(previous);
    of.lastOf.set(origin, index);
    before.set(key, { position, last: index, lastOf: of.lastOf });
  }
}
