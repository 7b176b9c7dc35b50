/** A small comparison, for tests of what is made of one. */
import type { SinkComparison } from '../../src/compare/compare-outputs.ts';
import type { Comparison, VariantFigures } from '../../src/compare/comparison.ts';
import { decideComparison } from '../../src/compare/decide-comparison.ts';
import { variantsOf } from '../../src/compare/variant.ts';

const SUMMARY = { count: 4000, p50: 0.08, p90: 0.2, p99: 1.5, p999: 12.25, max: 1234 };

export const SAME_ROWS: SinkComparison = { sink: 'out', level: 'every row', rowsInReference: 10, rowsInOther: 10 };

/** Two variants; `sink` is what the drains of the second compare to. */
export function sampleComparison(sink: SinkComparison = SAME_ROWS, parts: Partial<Comparison> = {}): Comparison {
  return {
    ...decideComparison({
      job: 'flights',
      outputs: [
        {
          variant: 'microbatch-asap',
          trial: 'drain',
          reference: { variant: 'continuous', trial: 'drain' },
          sinks: [sink],
        },
      ],
      conditions: {
        machine: { cores: 2, cpu: 'a chip', node: 'v20.19.0', platform: 'linux x64', loadBefore: 0.1 },
        records: 20_000,
        sources: 1,
        workers: 2,
        parallelism: 2,
        epochIntervalMs: 1000,
        recordsPerSecond: 2000,
        rateReason: 'half of what the slowest variant drains',
        durationMs: 10_000,
        warmUpMs: 2000,
      },
      variants: variantsOf([]).map(figuresOf),
    }),
    ...parts,
  };
}

function figuresOf({ id, mode, trigger }: Pick<VariantFigures, 'id' | 'mode' | 'trigger'>): VariantFigures {
  return {
    id,
    mode,
    trigger,
    drain: {
      records: 20_000,
      recordsPerSecond: 123_456,
      elapsedMs: 162,
      cpuMs: 420,
      peakMemoryBytes: 150 * 1024 * 1024,
      epochs: 3,
      commits: { ...SUMMARY, p50: 4.5, p99: 40, max: 41 },
      recordsRefused: 0,
    },
    paced: {
      records: 20_000,
      offeredPerSecond: 2000,
      achievedPerSecond: 1999,
      latency: SUMMARY,
      distribution: [
        { percentile: 0, ms: 0.01 },
        { percentile: 90, ms: 0.2 },
        { percentile: 100, ms: 1234 },
      ],
      visible: { ...SUMMARY, p50: 520, p99: 1010, max: 1050 },
      cpuMs: 3000,
      peakMemoryBytes: 160 * 1024 * 1024,
    },
    recovery: { firstCommitMs: 900, withoutOutputMs: 1400 },
  };
}
