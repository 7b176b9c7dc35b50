/** A zod issue in the words of this project. Pure. */
import type { z } from 'zod';
import { suggest } from '../model/index.ts';
import type { JsonPath } from './problem.ts';

type Issue = z.core.$ZodIssue;

export interface IssueText {
  readonly message: string;
  readonly suggestion?: string | undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** `value` is what stands at the issue's path; `undefined` when nothing does. */
export function describeIssue(issue: Issue, value: unknown): IssueText {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = KINDS[issue.expected] ?? issue.expected;
      return {
        message: value === undefined ? `is missing; it must be ${kind}` : `must be ${kind}, not ${show(value)}`,
      };
    }
    case 'invalid_value': {
      const allowed = issue.values.map((allowed) => JSON.stringify(allowed));
      const message =
        allowed.length === 1
          ? `must be ${allowed[0]}, not ${show(value)}`
          : `must be one of ${allowed.join(', ')}, not ${show(value)}`;
      return { message, suggestion: typeof value === 'string' ? suggest(value, issue.values.map(String)) : undefined };
    }
    case 'too_small':
    case 'too_big':
      return { message: describeBound(issue, value) };
    case 'invalid_key':
      return { message: issue.issues[0]?.message ?? issue.message };
    default:
      return { message: value === undefined ? 'is missing' : issue.message };
  }
}

function describeBound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, value: unknown): string {
  const least = issue.code === 'too_small';
  const bound = String(least ? issue.minimum : issue.maximum);
  if (issue.origin === 'string') {
    if (least && bound === '1') return 'must not be empty';
    return `must have ${least ? 'at least' : 'at most'} ${bound} character${bound === '1' ? '' : 's'}`;
  }
  if (issue.origin === 'array')
    return `must have ${least ? 'at least' : 'at most'} ${bound} element${bound === '1' ? '' : 's'}`;
  const relation = least ? (issue.inclusive ? 'at least' : 'more than') : issue.inclusive ? 'at most' : 'less than';
  return `must be ${relation} ${bound}, not ${show(value)}`;
}

/** The value at `path`, following own fields only. */
export function valueAt(root: unknown, path: JsonPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
