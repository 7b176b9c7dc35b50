import type { JobStatus } from 'millrace';
import { progressLine } from './summary.ts';

/** One line that is written over on a terminal; a line each time when piped. */
export class Progress {
  readonly #output: NodeJS.WriteStream;
  readonly #total: number;
  readonly #what: string;
  #last = '';

  /** `total`: how many records of `what` there are. */
  constructor(output: NodeJS.WriteStream, total: number, what: string) {
    this.#output = output;
    this.#total = total;
    this.#what = what;
  }

  show(status: JobStatus | undefined): void {
    if (status === undefined) return;
    const line = progressLine(status, this.#total, this.#what);
    if (line === this.#last) return;
    this.#last = line;
    this.#output.write(this.#output.isTTY ? `\r${line}\u001b[K` : `${line}\n`);
  }

  end(status: JobStatus | undefined): void {
    this.show(status);
    this.#output.write(this.#output.isTTY && this.#last !== '' ? '\n\n' : '\n');
  }
}
