/** What a run has done, for people and for programs. Pure. */
import type { JobOutcome, JobStatus, LatencySummary } from '../index.ts';
import { describeLate, describeUntimed, describeWatermark } from './describe-time.ts';
import { escapeLines, escapeText } from './escape-text.ts';
import { formatBytes, formatCount, formatCounted, formatDuration } from './format-number.ts';

/** The whole is told when it happens, and at the end where it ends the job. */
const FAILURE_LENGTH_MAX = 200;

export function renderSummary(status: JobStatus, outcome: JobOutcome): string {
  const { recordsReadByRun: read, uptimeMs, latency, commits } = status;
  const rate = uptimeMs > 0 ? (read * 1000) / uptimeMs : 0;
  const rows: (readonly [string, string])[] = [
    ['records', `${formatCount(read)} read in ${formatDuration(uptimeMs)}, ${formatCount(rate)} records/s`],
    ['written', `${formatCount(status.recordsWritten)} by sinks, since the state directory began`],
    [
      'epochs',
      `${formatCount(status.epochsCommitted)} committed, the newest is ${status.epoch}; commit ${percentiles(commits)}`,
    ],
    ['mode', describeMode(status)],
    ['latency', percentiles(latency)],
    ['refused', `${formatCounted(status.deadLetters, 'dead letter')}, ${formatCount(status.recordsSkipped)} skipped`],
    ...optionalRow('watermark', describeWatermark(status)),
    ...optionalRow('late', describeLate(status)),
    ...optionalRow('untimed', describeUntimed(status)),
    ['state', describeState(status)],
    ['restarts', describeRestarts(status)],
  ];
  const lines = rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`);
  return `${[`job ${escapeText(status.job)}: ${describeOutcome(outcome, status)}`, ...lines].join('\n')}\n`;
}

/** Not how much state there is: that is on disk. */
function describeState({ stateBytes, stateEntries }: JobStatus): string {
  const cached = `${formatCounted(stateEntries, 'entry', 'entries')} cached in memory, ${formatBytes(stateBytes)}`;
  return stateEntries === 0 ? cached : `${cached}; those deleted or expired of late count, those on disk alone do not`;
}

function optionalRow(name: string, text: string | undefined): readonly (readonly [string, string])[] {
  return text === undefined ? [] : [[name, text]];
}

/** One line; the keys are stable. */
export function renderJsonSummary(status: JobStatus | undefined, outcome: JobOutcome): string {
  const failure =
    outcome.kind === 'failed'
      ? { reason: outcome.reason, code: outcome.report.code, message: outcome.report.message }
      : undefined;
  const rate =
    status === undefined || status.uptimeMs <= 0 ? 0 : Math.round((status.recordsReadByRun * 1000) / status.uptimeMs);
  return `${JSON.stringify({ outcome: outcome.kind, failure, recordsPerSecond: rate, ...status })}\n`;
}

/** The failure in sentences: what happened, where, why. */
export function renderFailure(outcome: Extract<JobOutcome, { kind: 'failed' }>): string {
  const { report, reason } = outcome;
  const lines = [`the job failed: ${reason}`];
  if (!reason.includes(report.message)) lines.push(`  ${report.message}`);
  const place = [
    report.node === undefined ? '' : `node ${report.node}`,
    report.subtask === undefined ? '' : `subtask ${report.subtask}`,
    report.split === undefined ? '' : `split ${report.split}`,
    report.offset === undefined ? '' : `offset ${report.offset}`,
    report.key === undefined ? '' : `key ${report.key}`,
  ].filter((part) => part !== '');
  if (place.length > 0) lines.push(`  at ${place.join(', ')} (${report.code})`);
  for (let cause = report.cause; cause !== undefined; cause = cause.cause)
    lines.push(`  because: ${cause.name}: ${cause.message}`);
  return `${escapeLines(lines.join('\n'))}\n`;
}

function describeOutcome(outcome: JobOutcome, status: JobStatus): string {
  switch (outcome.kind) {
    case 'completed':
      if (outcome.stop === 'drain') return 'drained; everything read is committed, and the next run goes on behind it';
      return status.recordsReadByRun === 0
        ? 'completed; there was nothing new to read'
        : 'completed; all input is processed and committed';
    case 'closed':
      return 'closed; the next run goes on behind the last committed epoch';
    case 'failed':
      return 'failed';
  }
}

function describeMode({ mode, isAdaptive, switches, lastSwitch, batch }: JobStatus): string {
  const parts = [isAdaptive ? `adaptive, now ${mode}` : mode];
  if (lastSwitch !== undefined) {
    const times = formatCounted(switches, 'switch', 'switches');
    parts.push(
      `${times}, the last behind epoch ${lastSwitch.epoch} with a pause of ${formatDuration(lastSwitch.pauseMs)}`,
    );
  }
  if (batch !== undefined && batch.retries + batch.speculations > 0) {
    const { retries, speculations, lostThreads } = batch;
    parts.push(
      `${formatCounted(retries, 'task')} tried again, ${formatCount(speculations)} run twice, ${formatCounted(lostThreads, 'thread')} lost`,
    );
  }
  return parts.join('; ');
}

function describeRestarts({ restarts, recentRestarts }: JobStatus): string {
  const last = recentRestarts.at(-1);
  if (last === undefined) return formatCount(restarts);
  const place = last.node === undefined ? '' : ` in ${last.node}`;
  return escapeText(
    `${formatCount(restarts)}; the last one after ${last.code}${place}: ${last.message}`,
    FAILURE_LENGTH_MAX,
  );
}

function percentiles({ count, p50, p90, p99, p999, max }: LatencySummary): string {
  if (count === 0) return 'not measured';
  const parts = [
    `p50 ${formatDuration(p50)}`,
    `p90 ${formatDuration(p90)}`,
    `p99 ${formatDuration(p99)}`,
    `p99.9 ${formatDuration(p999)}`,
  ];
  return `${parts.join('  ')}  max ${formatDuration(max)}`;
}
