import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseCurve, chooseRate, chooseWarmUp } from '../../src/compare/choose-rate.ts';
import { distributionPercentiles } from '../../src/compare/distribution-points.ts';
import { nameOf, variantsOf } from '../../src/compare/variant.ts';

const LONG = { asked: undefined, durationMs: 10_000, records: 100_000_000, sources: 1 };

describe('chooseRate', () => {
  it('is half of what the slowest variant drains', () => {
    const rate = chooseRate({ ...LONG, throughputs: [900_000, 247_000, 500_000] });

    expect(rate).toMatchObject({ recordsPerSecond: 120_000, recordsPerSource: 1_200_000, durationMs: 10_000 });
  });

  it('is lower where the input would not last for the run', () => {
    const rate = chooseRate({ ...LONG, records: 20_000, throughputs: [100_000] });

    expect(rate).toMatchObject({ recordsPerSecond: 2000, recordsPerSource: 20_000 });
    expect(rate.reason).toBe('the 20000 records of the input last 10 s at it');
  });

  it('is what was asked for; a short input makes a short run, and says so', () => {
    expect(chooseRate({ ...LONG, asked: 5000, throughputs: [100] })).toMatchObject({
      recordsPerSecond: 5000,
      durationMs: 10_000,
    });

    const short = chooseRate({ ...LONG, asked: 5000, records: 20_000, throughputs: [100_000] });

    expect(short).toMatchObject({ recordsPerSecond: 5000, recordsPerSource: 20_000, durationMs: 4000 });
    expect(short.reason).toBe('as asked; the 20000 records of the input last 4.0 s at it, not 10 s');
  });

  it('shares the records among the sources and always asks for some', () => {
    expect(chooseRate({ ...LONG, asked: 1000, sources: 4, throughputs: [1e6] }).recordsPerSource).toBe(2500);
    expect(chooseRate({ ...LONG, records: 0, throughputs: [0] })).toMatchObject({
      recordsPerSecond: 1,
      recordsPerSource: 10,
    });
  });

  it('never exceeds half of the slowest, the input or the asked length, whatever comes', () => {
    const request = fc.record({
      durationMs: fc.integer({ min: 1000, max: 100_000 }),
      throughputs: fc.array(fc.double({ min: 2, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 5 }),
      records: fc.integer({ min: 1000, max: 1e9 }),
      sources: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(request, (given) => {
        const rate = chooseRate({ ...given, asked: undefined });

        expect(rate.recordsPerSecond).toBeLessThanOrEqual(Math.max(1, Math.min(...given.throughputs) / 2));
        expect(rate.recordsPerSource * given.sources).toBeLessThanOrEqual(Math.max(given.sources, given.records));
        expect(rate.durationMs).toBe(given.durationMs);
      }),
    );
  });
});

describe('chooseCurve', () => {
  it('goes from a tenth to all of the throughput, three seconds each', () => {
    const { points, isCutByInput } = chooseCurve(100_000, 1e9, 1);

    expect(points.map(({ recordsPerSecond }) => recordsPerSecond)).toEqual([10_000, 25_000, 50_000, 75_000, 100_000]);
    expect(points.every(({ durationMs }) => durationMs === 3000)).toBe(true);
    expect(isCutByInput).toBe(false);
  });

  it('ends where the input lasts for two seconds, and says so', () => {
    const { points, isCutByInput } = chooseCurve(100_000, 20_000, 1);

    expect(points.map(({ recordsPerSecond }) => recordsPerSecond)).toEqual([1000, 2500, 5000, 7500, 10_000]);
    expect(points.at(-1)).toMatchObject({ durationMs: 2000, recordsPerSource: 20_000 });
    expect(isCutByInput).toBe(true);
  });
});

it('a warm-up is a fifth of a run, a second at least, and never more than half', () => {
  expect([1000, 2000, 5000, 10_000, 60_000].map(chooseWarmUp)).toEqual([500, 1000, 1000, 2000, 12_000]);
});

it('a distribution is drawn as far as its samples reach', () => {
  expect(distributionPercentiles(0)).toEqual([]);
  expect(distributionPercentiles(1)).toEqual([0, 100]);

  const percentiles = distributionPercentiles(1000);

  expect(percentiles).toHaveLength(38);
  expect(percentiles.at(-2)).toBeCloseTo(99.9);
  expect(percentiles.toSorted((a, b) => a - b)).toEqual(percentiles);
});

it('variants have ids and names of their own; the first is continuous mode', () => {
  const variants = variantsOf([100, 1000]);

  expect(variants.map(nameOf)).toEqual([
    'continuous',
    'microbatch as soon as possible',
    'microbatch every 100 ms',
    'microbatch every 1000 ms',
  ]);
  expect(new Set(variants.map(({ id }) => id)).size).toBe(4);
  expect(variants[3]!.options).toEqual({ mode: 'microbatch', batch: { trigger: 'interval', intervalMs: 1000 } });
});
