/** Says which run of a comparison is under way: one line rewritten in place on a terminal, one plain line per run otherwise. */
import type { ComparisonProgress } from '../compare/compare-modes.ts';
import type { Cancellable, Clock } from '../model/index.ts';
import { escapeText } from './escape-text.ts';
import { formatDuration } from './format-number.ts';
import type { Terminal } from './runner.ts';

const INTERVAL_MS = 500;

export class ComparisonReporter {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #timer: Cancellable | undefined;
  #shown = 0;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  show({ step, steps, what }: ComparisonProgress): void {
    const text = escapeText(`run ${step} of ${steps}: ${what}`);
    if (!this.#terminal.isInteractive) {
      this.#terminal.err(`${text}\n`);
      return;
    }
    this.#timer?.cancel();
    this.#tick(text, this.#clock.monotonic());
  }

  /** Leaves the cursor at the beginning of an empty line. Idempotent. */
  stop(): void {
    this.#timer?.cancel();
    if (this.#shown > 0) this.#terminal.err(`\r${' '.repeat(this.#shown)}\r`);
    this.#shown = 0;
  }

  #tick(text: string, since: number): void {
    const elapsed = formatDuration(Math.floor((this.#clock.monotonic() - since) / 1000) * 1000);
    const line = `${text}  ${elapsed}`.slice(0, Math.max(20, this.#terminal.columns() - 1));
    this.#terminal.err(`\r${line.padEnd(this.#shown)}`);
    this.#shown = line.length;
    this.#timer = this.#clock.schedule(INTERVAL_MS, () => this.#tick(text, since));
  }
}
