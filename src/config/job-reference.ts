/** Names a job in plain data, so that every thread can load it for itself (design decision 2), and what loading yields. */
import type { JobOptionsInput } from '../execution/options.ts';
import type { JobDefinition } from '../plan/index.ts';

export const JOB_FILE_BYTES_MAX: number = 1024 * 1024;

export type JobReference = JobPlace & {
  /** Absent for the job as it is. */
  readonly rehearsal?: Rehearsal | undefined;
};

/** How a job is tried out: see `rehearse.ts`. Plain data. */
export interface Rehearsal {
  /** Absolute. Each sink becomes a file in it. */
  readonly outputDirectory: string;
  /** Of each source, on an open-loop schedule. Absent: as fast as the job takes them. */
  readonly recordsPerSecond?: number | undefined;
  /** Of each source; behind them it ends. Absent: all there are. */
  readonly records?: number | undefined;
}

export type JobPlace =
  /** A JSON job file: `path` is absolute; `text` is its content, read once, so that no thread can see another version. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** A module that exports a job definition; `url` is a `file:` URL, `exportName` is `default` if absent. */
  | { readonly kind: 'module'; readonly url: string; readonly exportName?: string | undefined };

export interface LoadedJob {
  readonly definition: JobDefinition;
  /** What the job itself asks for. Not checked against the option table yet when it comes from a module. */
  readonly options: JobOptionsInput;
  /** The folder of the job file or module: relative paths of connectors are resolved against it. */
  readonly baseDirectory: string;
  /** Absolute; where the job names none, the caller decides. */
  readonly stateDirectory?: string | undefined;
}
