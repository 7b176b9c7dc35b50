/** A comparison as text for people: the table, what was compared with what, and under which conditions. Pure. */
import type { SinkComparison } from '../compare/compare-outputs.ts';
import type { Comparison, OutputComparison, TrialKind } from '../compare/comparison.ts';
import type { FigureTable } from '../compare/figure-table.ts';
import { nameOf } from '../compare/variant.ts';
import { comparisonTable } from './comparison-table.ts';
import { escapeText } from './escape-text.ts';
import { formatCount, formatCounted, formatDuration } from './format-number.ts';

const EXAMPLE_LENGTH_MAX = 200;
const RUN_NAMES: Readonly<Record<TrialKind, string>> = {
  drain: 'as fast as possible',
  paced: 'on schedule',
  killed: 'killed on schedule',
};
/** Of the cores, busy before the first run. */
const LOAD_SHARE_MAX = 0.5;
/** The first ones say enough. */
const DIFFERENCES_SHOWN_MAX = 10;

export function renderComparison(comparison: Comparison): string {
  const lines = [
    `${escapeText(comparison.job)}: ${describeEquality(comparison)}`,
    '',
    renderTable(comparisonTable(comparison)),
    ...section('differences', describeDifferences(comparison)),
    ...section('conditions', describeConditions(comparison)),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

/** Columns as wide as their widest cell, figures to the right. */
export function renderTable({ columns, sections }: FigureTable): string {
  const rows = sections.flatMap((section) => section.rows);
  const nameWidth = Math.max(...rows.map(({ name }) => name.length)) + 2;
  const widths = columns.map(({ title, subtitle }, index) =>
    Math.max(title.length, subtitle.length, ...rows.map(({ cells }) => cells[index]!.length)),
  );
  const line = (name: string, cells: readonly string[]): string =>
    [name.padEnd(nameWidth), ...cells.map((cell, index) => cell.padStart(widths[index]!))].join('  ').trimEnd();
  const body = sections.flatMap(({ title, rows: inside }) => [
    title,
    ...inside.map(({ name, cells }) => line(`  ${name}`, cells)),
    '',
  ]);
  const head = [
    line(
      '',
      columns.map(({ title }) => title),
    ),
    line(
      '',
      columns.map(({ subtitle }) => subtitle),
    ),
  ];
  return [...head, ...body].join('\n');
}

/** One sentence. */
export function describeEquality({ equal, level, outputs, variants }: Comparison): string {
  const runs = `${formatCounted(outputs.length, 'run')} of ${formatCounted(variants.length, 'variant')}`;
  if (!equal) return 'the committed outputs are NOT the same';
  if (outputs.every(({ sinks }) => sinks.every(({ rowsInReference }) => rowsInReference === 0))) {
    return `no row was committed in ${runs}: there was nothing to compare`;
  }
  return level === 'every row'
    ? `the committed outputs are the same, every row, in ${runs}`
    : `the committed outputs are the same in the last row of each key, and in the number of its rows, in ${runs}; rows in between differ, because inputs of one key met in another order`;
}

/** Lines; none when all is equal row by row. */
export function describeDifferences(comparison: Comparison): readonly string[] {
  const found = comparison.outputs.flatMap((output) => output.sinks.map((sink) => ({ output, sink })));
  const different = found.filter(({ sink }) => sink.level === 'different');
  const more = different.length - DIFFERENCES_SHOWN_MAX;
  return [
    ...different.slice(0, DIFFERENCES_SHOWN_MAX).flatMap(({ output, sink }) => describeSink(comparison, output, sink)),
    ...(more > 0 ? [`and ${formatCounted(more, 'output')} more`] : []),
    ...(comparison.isRepeatable === false
      ? [
          'two continuous runs differ from each other too: this output depends on chance, time or arrival, whatever the mode',
        ]
      : []),
    ...describeOtherRows(found.map(({ sink }) => sink)),
  ];
}

/** One output that is another one. */
function describeSink(comparison: Comparison, output: OutputComparison, sink: SinkComparison): readonly string[] {
  const { difference, rowsInOther, rowsInReference } = sink;
  if (difference === undefined) return [];
  const nameIn = (id: string): string => nameOf(comparison.variants.find((variant) => variant.id === id)!);
  const here = `${nameIn(output.variant)} (${RUN_NAMES[output.trial]})`;
  const there = `${nameIn(output.reference.variant)} (${RUN_NAMES[output.reference.trial]})`;
  const keys = difference.isKeyed
    ? `${formatCounted(difference.keysDiffering, 'key')} with another last row or another number of rows`
    : 'not every row has a key';
  const example = (where: string) => (line: string) => `  only in ${where}: ${escapeText(line, EXAMPLE_LENGTH_MAX)}`;
  return [
    `sink ${escapeText(sink.sink)}: ${here} wrote ${formatCounted(rowsInOther, 'row')}, ${there} ${formatCount(rowsInReference)}; ` +
      `${formatCount(difference.onlyInOther)} only in the former, ${formatCount(difference.onlyInReference)} only in the latter; ${keys}`,
    ...difference.examplesOfOther.map(example(here)),
    ...difference.examplesOfReference.map(example(there)),
  ];
}

/** Sinks that agree in the last row of each key: one line each, whatever the number of runs. */
function describeOtherRows(found: readonly SinkComparison[]): readonly string[] {
  const alike = found.filter(({ level }) => level === 'last row of each key');
  return [...new Set(alike.map(({ sink }) => sink))].map((name) => {
    const runs = alike.filter(({ sink }) => sink === name);
    const most = Math.max(...runs.map(({ difference }) => difference?.onlyInOther ?? 0));
    const rows = Math.max(...runs.map(({ rowsInOther }) => rowsInOther));
    return `sink ${escapeText(name)}: up to ${formatCount(most)} of ${formatCounted(rows, 'row')} are others in between, in ${formatCounted(runs.length, 'run')}`;
  });
}

export function describeConditions({ conditions, notMeasured }: Comparison): readonly string[] {
  const { machine, durationMs, warmUpMs } = conditions;
  const isBusy = machine.loadBefore > machine.cores * LOAD_SHARE_MAX;
  return [
    ...(isBusy
      ? [
          `NOT ALONE     ${machine.loadBefore.toFixed(1)} processes wanted one of ${machine.cores} cores when this began: the figures are of what was left`,
        ]
      : []),
    `machine       ${formatCounted(machine.cores, 'core')} (${escapeText(machine.cpu)}), Node ${machine.node}, ${machine.platform}; ${formatCounted(conditions.workers, 'worker')}, parallelism ${conditions.parallelism}`,
    `rate          ${formatCount(conditions.recordsPerSecond)} records/s (${conditions.rateReason}), open loop over ${formatDuration(durationMs)}; the first ${formatDuration(warmUpMs)} are left out`,
    `latency       from when a record was due, ready or not, until a sink took it; a committed sink shows it with its commit: in continuous mode every ${formatDuration(conditions.epochIntervalMs)}, in microbatch mode behind each batch`,
    'time to drain from when all threads ran to the last commit, with the warm-up of the compiler in it; CPU and memory are those of the whole process',
    `not measured  ${notMeasured.join('; ')}`,
  ];
}
