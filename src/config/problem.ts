/**
 * One thing wrong with a job file, as data. Problems are collected, never thrown one at a time: a user corrects a file once.
 */
import { OptionError } from '../model/index.ts';

/** Where a value stands: keys and list indexes from the top of the file. */
export type JsonPath = readonly (string | number)[];

export interface Problem {
  /** `[]` is the file as a whole. */
  readonly path: JsonPath;
  /** What is wrong, without the path. */
  readonly message: string;
  /** The word that was probably meant. */
  readonly suggestion?: string | undefined;
}

export interface TextPlace {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/** `transforms.late.inputs[0]`; keys that are not plain words are quoted. */
export function formatPath(path: JsonPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** `transforms.late.where (line 7): ...; did you mean "..."?` */
export function formatProblem(problem: Problem, place?: TextPlace): string {
  const path = formatPath(problem.path);
  const line = place === undefined ? '' : `line ${place.line}`;
  const where = path === '' ? line : line === '' ? path : `${path} (${line})`;
  const hint = problem.suggestion === undefined ? '' : `; did you mean ${JSON.stringify(problem.suggestion)}?`;
  return `${where === '' ? '' : `${where}: `}${problem.message}${hint}`;
}

/** The one error that carries all problems of a job file. */
export function problemsError(file: string, problems: readonly string[]): OptionError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new OptionError(`${file} has ${count}; nothing was started:\n  ${problems.join('\n  ')}`, problems, {
    code: 'ERR_JOB_FILE',
  });
}
