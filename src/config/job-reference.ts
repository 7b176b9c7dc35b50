/** Names a job in plain data, so that every thread can load it for itself (design decision 2), and what loading yields. */
import type { JobOptionsInput } from '../execution/options.ts';
import type { JobDefinition } from '../plan/index.ts';

export const JOB_FILE_BYTES_MAX: number = 1024 * 1024;

export type JobReference =
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
