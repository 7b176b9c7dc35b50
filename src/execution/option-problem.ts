/** One thing wrong with an option, as data: problems are collected, so that a user corrects all of them at once. Pure. */
import { OptionError } from '../model/index.ts';

export interface OptionProblem {
  /** As in a job file: `epoch.intervalMs`. */
  readonly path: string;
  /** What is wrong, without the path. */
  readonly message: string;
  /** The name that was probably meant. */
  readonly suggestion?: string | undefined;
}

/** Throws `OptionError` with all problems, if there is one. `what` begins the message: "the options of the job". */
export function refuseOptions(what: string, problems: readonly OptionProblem[]): void {
  if (problems.length === 0) return;
  const sentences = problems.map(formatProblem);
  throw new OptionError(`${what} are wrong:\n  ${sentences.join('\n  ')}`, sentences);
}

/** A given value in a message: whatever it is, a few words. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function formatProblem({ path, message, suggestion }: OptionProblem): string {
  return `${path}: ${message}${suggestion === undefined ? '' : `; did you mean ${JSON.stringify(suggestion)}?`}`;
}
