import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { visibleLatency } from '../../src/compare/visible-latency.ts';
import { appendVisibility, DueCounter, readVisibility } from '../../src/connectors/visibility-log.ts';
import { StreamRecord } from '../../src/model/index.ts';

it('counts from when records were due to the commit of their epoch, each as often as it was written', () => {
  const summary = visibleLatency(
    [
      { visibleAt: 1000, due: [900, 3, 0, 1] },
      { visibleAt: 2000, due: [1990, 6] },
    ],
    0,
  );

  expect(summary.count).toBe(10);
  expect(summary.p50).toBeCloseTo(10, 1);
  expect(summary.p90).toBeCloseTo(100, 1);
  expect(summary.max).toBeCloseTo(1000, -1);
});

it('leaves out what was due in the warm-up, in whatever epoch it was committed', () => {
  const summary = visibleLatency([{ visibleAt: 1000, due: [100, 5, 599, 5, 600, 2] }], 500);

  expect(summary.count).toBe(2);
  expect(summary.p50).toBeCloseTo(400, 0);
});

it('has nothing to say of a run without records', () => {
  expect(visibleLatency([], 100).count).toBe(0);
  expect(visibleLatency([{ visibleAt: 5, due: [] }], 100).count).toBe(0);
});

it('a log holds what counters took, and an absent one nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-visibility-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'out.jsonl');
  const counter = new DueCounter();
  for (const due of [10.2, 10.9, 11]) counter.add(new StreamRecord('x', undefined, Number.NaN, due));

  expect(readVisibility(path)).toEqual([]);
  appendVisibility(path, { visibleAt: 20, due: counter.take() });
  appendVisibility(path, { visibleAt: 30, due: counter.take() });

  expect(readVisibility(path)).toEqual([
    { visibleAt: 20, due: [10, 2, 11, 1] },
    { visibleAt: 30, due: [] },
  ]);
});
