/**
 * What the commands need from the rest of the world, as ports: a runner of jobs, the terminal, the clock, signals. `main.ts`
 * brings the real ones, so that every command can be tested without threads, files or a terminal.
 */
import type { JobOutcome, JobStatus, StartOptions } from '../index.ts';
import type { Clock } from '../model/index.ts';

/** A job that runs. `JobHandle` is one. */
export interface RunningJob {
  /** `undefined` in its first moments. After the end: the last status. */
  status(): JobStatus | undefined;
  /** Stops reading, commits everything read so far, ends. */
  drain(): Promise<JobOutcome>;
  /** Never rejects. */
  readonly finished: Promise<JobOutcome>;
}

export interface JobRunner {
  /** `job` is a path. Rejects when the job cannot be started; then nothing of it is left behind. */
  start(job: string, options: StartOptions): Promise<RunningJob>;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Where a command writes to and hears from. */
export interface Terminal {
  /** Results: what a user may want to keep or pipe. */
  out(text: string): void;
  /** Progress and complaints. */
  err(text: string): void;
  /** Whether `err` is a terminal, hence a line can be rewritten. */
  readonly isInteractive: boolean;
  /** Width of the terminal in characters. */
  columns(): number;
}

export interface CliPorts {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly runner: JobRunner;
  /** Calls back for each signal until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Ends the process on the spot: the answer to a second signal. */
  exitNow(code: number): void;
}
