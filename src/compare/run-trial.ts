/**
 * The parent's half of a trial: starts its process, hears what it says, and ends it when it is told to or nothing moves any more.
 *
 * The process is this package's own entry module, given its work as a message: no shell, no words of a user on a command line.
 * It is ended by its own handle and never by name.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type Cancellable, CancelledError, type Clock, type DurationMs, MillraceError } from '../model/index.ts';
import type { TrialMessage, TrialRequest, TrialResult } from './trial.ts';

/** A job that reads nothing, writes nothing and changes no state for so long does nothing any more. */
const STALL_MS = 30_000;
/** A batch shows what it does when it is committed; threads that hang in it are replaced long before. */
const BATCH_STALL_MS = 600_000;
/** Of what a process wrote to its error output: enough for a stack. */
const COMPLAINT_CHARS_MAX = 4000;

export interface TrialPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the process runs, for tests. Default: `trial-process.js` beside this file. */
  readonly entry?: URL | undefined;
  /** Every message but the last, as it arrives. `kill` ends the process the way `kill -9` does. */
  onMessage?(message: TrialMessage, kill: () => void): void;
}

/** Resolves with `undefined` when the trial was killed by `kill`, and its process is gone. */
export function runTrial(request: TrialRequest, ports: TrialPorts): Promise<TrialResult | undefined> {
  return new TrialProcess(request, ports).ended;
}

class TrialProcess {
  readonly ended: Promise<TrialResult | undefined>;
  readonly #ports: TrialPorts;
  readonly #child: ChildProcess;
  readonly #abort: () => void = () => this.#end(new CancelledError('the comparison was stopped'));
  #stall: Cancellable | undefined;
  #recordsRead = -1;
  #recordsWritten = -1;
  #isInBatch = false;
  #complaint = '';
  #last: TrialResult | Error | 'killed' | undefined;

  constructor(request: TrialRequest, ports: TrialPorts) {
    this.#ports = ports;
    // What a job prints is no part of the comparison; what its process complains of is told when it dies.
    this.#child = fork(ports.entry ?? new URL('./trial-process.js', import.meta.url), [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'json',
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', (error) => reject(error));
      this.#child.once('close', (code, signal) => {
        this.#dispose();
        const last = this.#last ?? trialError(this.#describeDeath(code, signal));
        if (last instanceof Error) reject(last);
        else resolve(last === 'killed' ? undefined : last);
      });
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_CHARS_MAX);
    });
    this.#child.on('message', (message) => this.#hear(message as TrialMessage));
    ports.signal.addEventListener('abort', this.#abort, { once: true });
    if (ports.signal.aborted) this.#abort();
    else this.#child.send(request, () => {});
    this.#watch();
  }

  #hear(message: TrialMessage): void {
    switch (message.kind) {
      case 'ended':
        this.#last = message.result;
        return;
      case 'failed':
        this.#last = trialError(message.message);
        return;
      case 'progress':
        this.#isInBatch = message.isInBatch;
        this.#count(message.recordsRead, message.recordsWritten);
        break;
      case 'epoch':
        this.#count(this.#recordsRead, message.recordsWritten);
        if (message.stateBytes > 0) this.#watch();
        break;
      case 'running':
        this.#watch();
        break;
    }
    this.#ports.onMessage?.(message, () => this.#end('killed'));
  }

  /** Behind a restart counts are lower until it is where it was. */
  #count(recordsRead: number, recordsWritten: number): void {
    if (recordsRead > this.#recordsRead || recordsWritten > this.#recordsWritten) this.#watch();
    this.#recordsRead = Math.max(this.#recordsRead, recordsRead);
    this.#recordsWritten = Math.max(this.#recordsWritten, recordsWritten);
  }

  /** The job has this long to get on: to read, to write, or to change state, as windows and calls do with what was read before. */
  #watch(sinceMs: DurationMs = 0): void {
    this.#stall?.cancel();
    this.#stall = this.#ports.clock.schedule(STALL_MS, () => {
      const stillMs = sinceMs + STALL_MS;
      if (this.#isInBatch && stillMs < BATCH_STALL_MS) {
        this.#watch(stillMs);
        return;
      }
      const done = `it read ${describeCount(this.#recordsRead)}, wrote ${describeCount(this.#recordsWritten)}`;
      this.#end(trialError(`${done}; then nothing happened for ${stillMs / 1000} s`));
    });
  }

  #end(last: Error | 'killed'): void {
    if (this.#last !== undefined) return;
    this.#last = last;
    this.#child.kill('SIGKILL');
  }

  #dispose(): void {
    this.#stall?.cancel();
    this.#ports.signal.removeEventListener('abort', this.#abort);
  }

  #describeDeath(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const complaint = this.#complaint.trim();
    return `its process ended ${how}${complaint === '' ? '' : `: ${complaint}`}`;
  }
}

function describeCount(records: number): string {
  return records <= 0 ? 'no record' : records === 1 ? '1 record' : `${records} records`;
}

function trialError(message: string): MillraceError {
  return new MillraceError(message, { code: 'ERR_TRIAL', domain: 'user', recovery: 'restart' });
}
