/**
 * Shows how a job gets on: one line rewritten in place on a terminal, one plain line a second otherwise. Each restart gets a line
 * that stays, in both.
 */
import type { JobStatus, RestartSummary } from '../index.ts';
import type { Cancellable, Clock, MonotonicMs } from '../model/index.ts';
import { describeWait } from './describe-time.ts';
import { escapeText } from './escape-text.ts';
import { formatCount, formatCounted, formatDuration } from './format-number.ts';
import type { Terminal } from './runner.ts';

const INTERACTIVE_INTERVAL_MS = 200;
const PLAIN_INTERVAL_MS = 1000;
const RESTART_LENGTH_MAX = 500;

/** Counted records at a moment: the rate is taken between two of them. */
interface Sample {
  readonly at: MonotonicMs;
  readonly records: number;
}

export class ProgressReporter {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #statusOf: () => JobStatus | undefined;
  #timer: Cancellable | undefined;
  #last: Sample | undefined;
  /** Characters of the line that is rewritten. */
  #shown = 0;
  /** Number of the last restart that was told. */
  #restartsTold = 0;

  constructor(terminal: Terminal, clock: Clock, statusOf: () => JobStatus | undefined) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#statusOf = statusOf;
  }

  start(): void {
    const interval = this.#terminal.isInteractive ? INTERACTIVE_INTERVAL_MS : PLAIN_INTERVAL_MS;
    this.#timer = this.#clock.schedule(interval, () => {
      this.#show();
      this.start();
    });
  }

  /** Tells what is still to be told and leaves the cursor at the beginning of an empty line. Idempotent. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    const status = this.#statusOf();
    if (status !== undefined) this.#tellRestarts(status);
    this.#wipe();
  }

  #wipe(): void {
    if (this.#shown > 0) this.#terminal.err(`\r${' '.repeat(this.#shown)}\r`);
    this.#shown = 0;
  }

  #tellRestarts({ job, recentRestarts }: JobStatus): void {
    for (const restart of recentRestarts) {
      if (restart.number <= this.#restartsTold) continue;
      this.#wipe();
      const missed = restart.number - this.#restartsTold - 1;
      if (missed > 0) this.#terminal.err(`${escapeText(job)}: ${missed} more restarts, too fast to be shown\n`);
      this.#terminal.err(`${renderRestart(job, restart)}\n`);
      this.#restartsTold = restart.number;
    }
  }

  #show(): void {
    const status = this.#statusOf();
    if (status === undefined) return;
    this.#tellRestarts(status);
    const now = this.#clock.monotonic();
    const records = status.recordsReadByRun;
    const last = this.#last ?? { at: now - status.uptimeMs, records: 0 };
    this.#last = { at: now, records };
    const rate = now > last.at ? ((records - last.records) * 1000) / (now - last.at) : 0;
    const line = renderProgress(status, Math.max(0, rate));
    if (!this.#terminal.isInteractive) {
      this.#terminal.err(`${line}\n`);
      return;
    }
    const cut = line.slice(0, Math.max(20, this.#terminal.columns() - 1));
    this.#terminal.err(`\r${cut.padEnd(this.#shown)}`);
    this.#shown = cut.length;
  }
}

/** Why a job starts again, in one line without a line end. Pure. */
export function renderRestart(job: string, restart: RestartSummary): string {
  const { number, delayMs, node, code, message } = restart;
  const place = node === undefined ? '' : ` in ${node}`;
  return escapeText(
    `${job}: restart ${number} from the last epoch in ${formatDuration(delayMs)}, after ${code}${place}: ${message}`,
    RESTART_LENGTH_MAX,
  );
}

/** One line without a line end. Pure. */
export function renderProgress(status: JobStatus, recordsPerSecond: number): string {
  const parts = [
    `${escapeText(status.job)} ${status.state}`,
    formatCounted(status.recordsReadByRun, 'record'),
    `${formatCount(recordsPerSecond)}/s`,
    `epoch ${status.epoch}`,
    status.isAdaptive || status.switches > 0 ? status.mode : '',
    status.latency.count === 0
      ? ''
      : `lag p50 ${formatDuration(status.latency.p50)} p99 ${formatDuration(status.latency.p99)}`,
    status.deadLetters === 0 ? '' : formatCounted(status.deadLetters, 'dead letter'),
    status.recordsSkipped === 0 ? '' : `${formatCount(status.recordsSkipped)} skipped`,
    describeCount(status.late, 'late'),
    describeCount(status.time.untimed, 'without event time'),
    describeWait(status) ?? '',
    status.restarts === 0 ? '' : formatCounted(status.restarts, 'restart'),
    status.epochInFlight?.isSlow === true ? `slow epoch, open for ${formatDuration(status.epochInFlight.ageMs)}` : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function describeCount(byNode: Readonly<Record<string, number>>, what: string): string {
  const records = Object.values(byNode).reduce((sum, count) => sum + count, 0);
  return records === 0 ? '' : `${formatCount(records)} ${what}`;
}
