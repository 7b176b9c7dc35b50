/** Joins and deduplication in whole jobs, one behind another, in both modes: nothing is late or lost, and the rows are those of loops over all input. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sinks, sources } from '../../../src/connectors/index.ts';
import { aggregates, windows } from '../../../src/operators/index.ts';
import { defineJob } from '../../../src/plan/index.ts';
import { type TestJobOptions, testJob } from '../../../src/testing/test-job.ts';

interface Row {
  readonly id: number;
  readonly key: string;
  readonly at: number;
}

interface Pair {
  readonly left: Row | null;
  readonly right: Row | null;
}

const DISORDER_MS = 30;
const BEFORE_MS = 4;
const AFTER_MS = 9;
const WINDOW_MS = 10;

const job = defineJob('joins', (builder) => {
  const timed = (name: string) =>
    builder
      .source(name, sources.memory<Row>([]))
      .withEventTime(({ at }) => at, { outOfOrderMs: DISORDER_MS, idleTimeoutMs: Number.POSITIVE_INFINITY })
      .keyBy(({ key }) => key);
  const lefts = timed('lefts');
  const rights = timed('rights');
  const pairs = lefts.join(rights, { type: 'full', within: { beforeMs: BEFORE_MS, afterMs: AFTER_MS } }).named('pairs');
  pairs.to('full', sinks.memory());
  pairs
    .keyBy((pair: Pair) => (pair.left ?? pair.right)!.key)
    .window(windows.tumbling({ sizeMs: WINDOW_MS }))
    .aggregate({ pairs: aggregates.count() })
    .named('counts')
    .keyBy(({ key, windowStart }) => `${key} ${windowStart}`)
    .deduplicate({ scope: 'watermark', withinMs: 100 })
    .named('once')
    .to('counted', sinks.memory());
  lefts
    .windowJoin(rights, { type: 'full', window: windows.tumbling({ sizeMs: WINDOW_MS }) })
    .named('together')
    .to('windowed', sinks.memory());
  lefts.joinTable(rights, { type: 'left' }).named('held').to('versioned', sinks.memory());
});

const inputs = fc
  .array(
    fc.record({
      side: fc.constantFrom('lefts', 'rights'),
      key: fc.constantFrom('a', 'b', 'c'),
      jitter: fc.integer({ min: -DISORDER_MS / 2 + 1, max: DISORDER_MS / 2 - 1 }),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((all) => all.map(({ side, key, jitter }, id) => ({ side, row: { id, key, at: 2 * id + jitter } })));

const VARIANTS: readonly TestJobOptions[] = (['continuous', 'microbatch'] as const).flatMap((mode) =>
  [1, 2].map((parallelism) => ({ mode, options: { parallelism } })),
);

function textsOf(values: Iterable<unknown>): readonly string[] {
  return Array.from(values, (value) => JSON.stringify(value)).sort();
}

describe.each(VARIANTS)('joins in a job, $mode, parallelism $options.parallelism', (options) => {
  it.each([false, true])('give what loops over all records give (restored behind each step: %s)', (restoreEachStep) => {
    fc.assert(
      fc.property(inputs, (all) => {
        const driven = testJob(job, { ...options, restoreEachStep });
        for (const { side, row } of all) driven.source<Row>(side).add(row);
        driven.end();

        const lefts = all.filter(({ side }) => side === 'lefts').map(({ row }) => row);
        const rights = all.filter(({ side }) => side === 'rights').map(({ row }) => row);
        const near = (l: Row, r: Row): boolean =>
          l.key === r.key && l.at - BEFORE_MS <= r.at && r.at <= l.at + AFTER_MS;
        const together = (l: Row, r: Row): boolean => l.key === r.key && startOf(l.at) === startOf(r.at);
        const full = fullJoin(lefts, rights, near);
        expect(textsOf(driven.sink('full').committed())).toEqual(textsOf(full));
        expect(textsOf(driven.sink('counted').committed())).toEqual(textsOf(countByWindow(full)));
        const windowed = fullJoin(lefts, rights, together).map(({ left, right }) => {
          const windowStart = startOf((left ?? right)!.at);
          return { left, right, windowStart, windowEnd: windowStart + WINDOW_MS };
        });
        expect(textsOf(driven.sink('windowed').committed())).toEqual(textsOf(windowed));
        const versioned = lefts.map((left) => ({ left, right: versionAt(rights, left) }));
        expect(textsOf(driven.sink('versioned').committed())).toEqual(textsOf(versioned));
        for (const node of ['pairs', 'counts', 'once', 'together', 'held']) expect(driven.late(node), node).toBe(0);
        for (const node of ['pairs', 'counts', 'once', 'together']) expect(driven.timers(node), node).toEqual([]);
        for (const key of ['a', 'b', 'c']) {
          expect(driven.state('pairs', key)).toEqual({});
          expect(driven.state('together', key)).toEqual({});
        }
        driven.close();
      }),
      { numRuns: restoreEachStep ? 3 : 10 },
    );
  });
});

function fullJoin(lefts: readonly Row[], rights: readonly Row[], isMatch: (l: Row, r: Row) => boolean): Pair[] {
  return [
    ...lefts.flatMap((left) => rights.filter((right) => isMatch(left, right)).map((right) => ({ left, right }))),
    ...lefts.filter((left) => !rights.some((right) => isMatch(left, right))).map((left) => ({ left, right: null })),
    ...rights.filter((right) => !lefts.some((left) => isMatch(left, right))).map((right) => ({ left: null, right })),
  ];
}

/** A pair is in the window of its later record. */
function countByWindow(pairs: readonly Pair[]): readonly object[] {
  const counts = new Map<string, { key: string; windowStart: number; windowEnd: number; pairs: number }>();
  for (const { left, right } of pairs) {
    const { key } = (left ?? right)!;
    const windowStart = startOf(Math.max(left?.at ?? right!.at, right?.at ?? left!.at));
    const row = counts.get(`${key} ${windowStart}`) ?? {
      key,
      windowStart,
      windowEnd: windowStart + WINDOW_MS,
      pairs: 0,
    };
    row.pairs++;
    counts.set(`${key} ${windowStart}`, row);
  }
  return [...counts.values()];
}

function versionAt(rights: readonly Row[], { key, at }: Row): Row | null {
  const held = rights.filter((right) => right.key === key && right.at <= at);
  return held.toSorted((a, b) => b.at - a.at || b.id - a.id)[0] ?? null;
}

function startOf(time: number): number {
  return Math.floor(time / WINDOW_MS) * WINDOW_MS + 0;
}
