/**
 * Options that the embedding API is given, checked where they are given: before a thread is started, and for callers that
 * no compiler has checked. Pure.
 */
import { findUntilProblems } from './execution/find-until-problems.ts';
import { type OptionProblem, refuseOptions, showValue } from './execution/option-problem.ts';
import { findOptionProblems } from './execution/options.ts';
import { suggest } from './model/index.ts';

const OPEN_OPTIONS: readonly string[] = ['directory', 'workers'];
const START_OPTIONS: readonly string[] = ['stateDirectory', 'until'];

/** For `Millrace.open`. Throws `OptionError` with every problem. */
export function checkOpenOptions(options: object): void {
  const { directory, workers, ...others } = fieldsOf(options, 'Millrace.open');
  const unknown = Object.keys(others).map((name) => ({
    path: name,
    message: 'no such option; options of a job are given to start',
    suggestion: suggest(name, OPEN_OPTIONS),
  }));
  refuseOptions('the options of Millrace.open', [
    ...unknown,
    ...pathProblems('directory', directory),
    ...findOptionProblems({ workers } as object),
  ]);
}

/** For `Millrace.start`. What depends on the job's own options is checked with them. Throws `OptionError` with every problem. */
export function checkStartOptions(options: object): void {
  const { stateDirectory, until, ...overrides } = fieldsOf(options, 'Millrace.start');
  refuseOptions('the options of Millrace.start', [
    ...pathProblems('stateDirectory', stateDirectory),
    ...(until === undefined ? [] : findUntilProblems(until)),
    ...findOptionProblems(overrides, START_OPTIONS),
  ]);
}

/** For `JobHandle.switchMode`. Throws `OptionError`. */
export function checkMode(mode: unknown): void {
  refuseOptions('the mode to switch to', findOptionProblems({ mode: mode ?? null } as object));
}

function fieldsOf(options: unknown, of: string): Readonly<Record<string, unknown>> {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return { ...options };
  const message = `must be an object, not ${showValue(options)}`;
  refuseOptions(`the options of ${of}`, [{ path: 'options', message }]);
  return {};
}

function pathProblems(path: string, value: unknown): readonly OptionProblem[] {
  if (value === undefined || (typeof value === 'string' && value !== '')) return [];
  return [{ path, message: `must be the path of a directory, not ${showValue(value)}` }];
}
