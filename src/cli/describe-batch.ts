/** A batch that is planned and not committed, in words: what the next start in microbatch mode reads, before anything else. */
import type { BatchPlan, SplitRange } from '../model/index.ts';
import { escapeText } from './escape-text.ts';
import { formatCount, formatCounted } from './format-number.ts';
import { renderValue } from './render-value.ts';

/** One line. */
export function describeBatch({ epoch, plannedAt, isLast }: BatchPlan): string {
  const parts = [
    `epoch ${epoch}`,
    `planned ${new Date(plannedAt).toISOString()}`,
    'not committed',
    isLast ? 'last' : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** By source a line that says how much, and one for each of its splits. */
export function describeRanges({ ranges }: BatchPlan): readonly string[] {
  const lines: string[] = [];
  for (const [node, splits] of Object.entries(ranges)) {
    const count = formatCounted(Object.keys(splits).length, 'split');
    lines.push(`  ${escapeText(node)}  ${count}, ${describeSum(Object.values(splits))}`);
    for (const [split, range] of Object.entries(splits)) {
      lines.push(`  ${escapeText(node)}  ${escapeText(split)}  ${describeRange(range)}`);
    }
  }
  return lines.length === 0 ? ['  nothing'] : lines;
}

/** Offsets belong to connectors: how many records lie before one, nobody else can say. */
function describeSum(ranges: readonly SplitRange[]): string {
  let sum = 0;
  for (const { recordsMax } of ranges) {
    if (recordsMax === undefined) return 'bounded by offsets';
    sum += recordsMax;
  }
  return `at most ${formatCounted(sum, 'record')}`;
}

function describeRange({ until, recordsMax }: SplitRange): string {
  const end = until === undefined ? 'to its end' : `until ${renderValue(until)}`;
  return recordsMax === undefined ? end : `${end}, at most ${formatCount(recordsMax)}`;
}
