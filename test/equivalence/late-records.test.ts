/**
 * Records beyond the bound of disorder: with watermarks that move between epochs only, what is late follows from the contents of the epochs. Microbatch
 * mode, continuous mode with `watermark.advance: 'epoch'` and a plain program agree behind every epoch on every row and every late record.
 */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import type { EngineMode } from '../../src/index.ts';
import { testJob } from '../../src/testing/index.ts';
import { drawLateness, interpretEpochs, type LatenessCase, lateJob, type Outcome } from './late-records.ts';

const CASES = Number(process.env['GRAPHS'] ?? 80);
const FIRST = Number(process.env['FIRST_GRAPH'] ?? 0);

/** Behind each batch of input: how many epochs it took, and all rows and late records since the last. `epochs`: as many as another run had. */
function drive(drawn: LatenessCase, mode: EngineMode, parallelism: number, epochs?: readonly number[]) {
  const { left, right } = drawn.splits;
  const job = testJob(lateJob(drawn), {
    mode,
    epochs: 'manual',
    splits: { left, ...(drawn.operator.kind === 'join' ? { right } : {}) },
    options: { parallelism, watermark: { advance: 'epoch', intervalMs: 0 } },
  });
  const take = (): Outcome => ({ rows: sorted(job.sink('out').take()), late: sorted(job.sink('late').take()) });
  const taken: number[] = [];
  const outcomes = drawn.batches.map((batch, index) => {
    for (const { side, split, ...event } of batch) job.source(side).add(event, { split });
    const before = job.epoch;
    do job.advanceEpoch();
    while (job.epoch - before < (epochs?.[index] ?? 0));
    taken.push(job.epoch - before);
    return take();
  });
  const lateInAll = job.late('under-test');
  job.end();
  const last = take();
  job.close();
  return { outcomes: [...outcomes, last], epochs: taken, lateInAll };
}

const sorted = (values: readonly unknown[]): readonly string[] => values.map((value) => JSON.stringify(value)).sort();

describe('what is late, and what comes out', () => {
  it.each(Array.from({ length: CASES }, (_, n) => FIRST + n))(
    'follows from the contents of epochs, seed %i',
    (seed) => {
      const random = new SeededRandom(seed);
      random.begin(3);
      const drawn = drawLateness(random);
      const parallelism = 1 + (seed % 3);

      const batches = drive(drawn, 'microbatch', parallelism);
      const expected = interpretEpochs(drawn, batches.epochs);
      const records = drive(drawn, 'continuous', parallelism, batches.epochs);

      expect({ microbatch: batches.outcomes }).toEqual({ microbatch: expected });
      expect({ continuous: records.outcomes }).toEqual({ continuous: expected });
      const late = expected.slice(0, -1).reduce((sum, outcome) => sum + outcome.late.length, 0);
      expect([batches.lateInAll, records.lateInAll]).toEqual([late, late]);
    },
  );

  it('is late in most cases, or nothing is tested', () => {
    const late = Array.from({ length: 20 }, (_, seed) => {
      const random = new SeededRandom(seed);
      random.begin(3);
      return interpretEpochs(drawLateness(random)).some((outcome) => outcome.late.length > 0);
    });
    expect(late.filter(Boolean).length).toBeGreaterThan(10);
  });
});
