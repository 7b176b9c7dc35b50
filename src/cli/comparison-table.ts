/** The figures of a comparison as a table of text: variants in columns. Pure. */
import type { Comparison, VariantFigures } from '../compare/comparison.ts';
import { type EqualityLevel, weakestLevel } from '../compare/decide-equality.ts';
import type { FigureRow, FigureSection, FigureTable } from '../compare/figure-table.ts';
import { formatBytes, formatCount, formatDuration } from './format-number.ts';

const ABSENT = '-';

export function comparisonTable(comparison: Comparison): FigureTable {
  const { conditions, variants } = comparison;
  const row = (name: string, cell: (figures: VariantFigures) => string): FigureRow => ({
    name,
    cells: variants.map(cell),
  });
  const pace = `${formatCount(conditions.recordsPerSecond)} records/s for ${formatDuration(conditions.durationMs)}`;
  return {
    columns: variants.map(({ mode, trigger }) => ({ title: mode, subtitle: trigger })),
    sections: [
      {
        title: `backlog of ${formatCount(conditions.records)} records, as fast as possible`,
        rows: [
          row('throughput', ({ drain }) => `${formatCount(drain.recordsPerSecond)}/s`),
          row('time to drain', ({ drain }) => formatDuration(drain.elapsedMs)),
          row('CPU time', ({ drain }) => formatDuration(drain.cpuMs)),
          row('peak memory', ({ drain }) => formatBytes(drain.peakMemoryBytes)),
          row('refused records', ({ drain }) => formatCount(drain.recordsRefused)),
          row('epochs', ({ drain }) => formatCount(drain.epochs)),
          row('commit p50', ({ drain }) => formatDuration(drain.commits.p50)),
          row('commit p99', ({ drain }) => formatDuration(drain.commits.p99)),
          row('commit max', ({ drain }) => formatDuration(drain.commits.max)),
        ],
      },
      latencySection(`until a sink took a record that was due, at ${pace}`, row),
      {
        title: 'until a committed sink showed it',
        rows: [
          row('visible p50', ({ paced }) => latency(paced.visible.count, paced.visible.p50)),
          row('visible p99', ({ paced }) => latency(paced.visible.count, paced.visible.p99)),
          row('visible max', ({ paced }) => latency(paced.visible.count, paced.visible.max)),
        ],
      },
      {
        title: 'killed with SIGKILL in the middle of that, and started again',
        rows: [
          row('to the first commit', ({ recovery }) => duration(recovery?.firstCommitMs)),
          row('without output', ({ recovery }) => duration(recovery?.withoutOutputMs)),
        ],
      },
      {
        title: 'committed output',
        rows: [row('same as continuous', (figures) => equalityOf(comparison, figures))],
      },
    ],
  };
}

function latencySection(
  title: string,
  row: (name: string, cell: (figures: VariantFigures) => string) => FigureRow,
): FigureSection {
  return {
    title,
    rows: [
      row('p50', ({ paced }) => latency(paced.latency.count, paced.latency.p50)),
      row('p90', ({ paced }) => latency(paced.latency.count, paced.latency.p90)),
      row('p99', ({ paced }) => latency(paced.latency.count, paced.latency.p99)),
      row('p99.9', ({ paced }) => latency(paced.latency.count, paced.latency.p999)),
      row('max', ({ paced }) => latency(paced.latency.count, paced.latency.max)),
      row('samples', ({ paced }) => formatCount(paced.latency.count)),
      row('achieved rate', ({ paced }) => `${formatCount(paced.achievedPerSecond)}/s`),
      row('CPU time', ({ paced }) => formatDuration(paced.cpuMs)),
    ],
  };
}

function equalityOf(comparison: Comparison, { id }: VariantFigures): string {
  const levels = comparison.outputs
    .filter(({ variant }) => variant === id)
    .flatMap(({ sinks }) => sinks.map(({ level }) => level));
  const words: Readonly<Record<EqualityLevel, string>> = {
    'every row': 'every row',
    'last row of each key': 'last rows',
    different: 'NO',
  };
  return words[weakestLevel(levels)];
}

function duration(ms: number | undefined): string {
  return ms === undefined ? ABSENT : formatDuration(ms);
}

function latency(count: number, ms: number): string {
  return count === 0 ? ABSENT : formatDuration(ms);
}
