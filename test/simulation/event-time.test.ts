import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, sinks, sources, windows } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

interface Reading {
  readonly sensor: string;
  readonly at: number;
  readonly value: number;
}

const READINGS = 1200;
const DISORDER_MS = 40;
const SIZE_MS = 100;

/** Ten milliseconds apart, each up to 40 ms earlier than its turn. */
const readingOf = (index: number): Reading => ({
  sensor: `s${(index * 5) % 7}`,
  at: index * 10 - ((index * 17) % (DISORDER_MS + 1)),
  value: (index * 31) % 100,
});

const startOf = (at: number, sizeMs: number): number => Math.floor(at / sizeMs) * sizeMs;

interface Row {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly readings: number;
  readonly total: number;
}

/** By a plain program: one row per sensor and window. */
function expectedRows(): readonly Row[] {
  const rows = new Map<string, Row>();
  for (let index = 0; index < READINGS; index++) {
    const { sensor, at, value } = readingOf(index);
    const windowStart = startOf(at, SIZE_MS);
    const id = `${sensor}/${windowStart}`;
    const row = rows.get(id) ?? { key: sensor, windowStart, windowEnd: windowStart + SIZE_MS, readings: 0, total: 0 };
    rows.set(id, { ...row, readings: row.readings + 1, total: row.total + value });
  }
  return [...rows.values()];
}

const byPlace = (a: Row, b: Row): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.windowStart - b.windowStart);

function windowedJob() {
  const sink = sinks.memory<Row>();
  const hourly = sinks.memory<{ key: string; windowStart: number; windowEnd: number; best: number }>();
  const job = defineJob('readings', (builder) => {
    const rows = builder
      .source('in', sources.generator({ records: READINGS, splits: 3, seed: 1, create: readingOf }))
      .withEventTime((reading) => reading.at, { outOfOrderMs: DISORDER_MS * 3 })
      .keyBy((reading) => reading.sensor)
      .window(windows.tumbling({ sizeMs: SIZE_MS }))
      .aggregate({ readings: aggregates.count(), total: aggregates.sum((reading) => reading.value) });
    rows.to('out', sink);
    rows
      .keyBy((row) => (row.key < 's3' ? 'low' : 'high'))
      .window(windows.tumbling({ sizeMs: SIZE_MS * 10 }))
      .aggregate({ best: aggregates.max((row) => row.total) })
      .to('best', hourly);
  });
  return { job, sink, hourly };
}

/** Of the rows of the first window, by a plain program. */
function expectedBest() {
  const best = new Map<string, { key: string; windowStart: number; windowEnd: number; best: number }>();
  for (const { key, windowStart, total } of expectedRows()) {
    const group = key < 's3' ? 'low' : 'high';
    const start = startOf(windowStart + SIZE_MS - 1, SIZE_MS * 10);
    const known = best.get(`${group}/${start}`)?.best ?? total;
    const row = { key: group, windowStart: start, windowEnd: start + SIZE_MS * 10, best: Math.max(known, total) };
    best.set(`${group}/${start}`, row);
  }
  return [...best.values()];
}

const sorted = <T extends { key: string; windowStart: number }>(rows: readonly T[]): readonly T[] =>
  rows.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.windowStart - b.windowStart));

describe.each<EngineMode>(['continuous', 'microbatch'])('windows simulated in %s mode', (mode) => {
  it.each([1, 2, 3])('are exact at parallelism %i, and so are windows over their results', async (parallelism) => {
    const { job, sink, hourly } = windowedJob();

    const { outcome, status } = await simulateJob(job, {
      seed: parallelism,
      options: { mode, batch: { recordsMax: 100 }, parallelism, workers: 2 },
    });

    expect(outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(sink.records.toSorted(byPlace)).toEqual(expectedRows().toSorted(byPlace));
    expect(sorted(hourly.records)).toEqual(sorted(expectedBest()));
    expect(status.late).toEqual({});
  });

  it.each(Array.from({ length: 15 }, (_, seed) => seed))('are exact whatever dies, seed %i', async (seed) => {
    const { job, sink, hourly } = windowedJob();

    await simulateJob(job, {
      seed,
      options: { mode, batch: { recordsMax: 60 }, parallelism: 1 + (seed % 3), workers: 2, epoch: { records: 50 } },
      faults: { workerKills: 2, crashes: 3, switches: 2 },
      roundMs: seed % 2 === 0 ? undefined : 1,
    });

    expect(sink.records.toSorted(byPlace)).toEqual(expectedRows().toSorted(byPlace));
    expect(sorted(hourly.records)).toEqual(sorted(expectedBest()));
  });
});
