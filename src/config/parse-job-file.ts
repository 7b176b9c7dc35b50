/**
 * Text of a job file to a checked job file, or to all of its problems at once, each with its path and line. Pure: no file is
 * opened and no module loaded.
 */
import { checkGraph } from './check-graph.ts';
import { checkOutputs } from './check-outputs.ts';
import { describeIssue, valueAt } from './describe-issue.ts';
import { compileAggregate } from './expression/aggregate-expression.ts';
import { compileExpression, compileGeneratorExpression, type ExpectedType } from './expression/expression.ts';
import { ExpressionProblem } from './expression/parse-expression.ts';
import type { JobFile } from './job-file.ts';
import { JOB_FILE_BYTES_MAX } from './job-reference.ts';
import { type FieldRole, jobFileSchema } from './job-schema.ts';
import { readJsonText } from './json-text.ts';
import { formatPath, formatProblem, type JsonPath, type Problem, problemsError, type TextPlace } from './problem.ts';
import { repairKeys } from './repair-keys.ts';

export interface ParsedJobFile {
  readonly job: JobFile;
  /** Where a path stands in the text, for problems that show later. */
  placeOf(path: JsonPath): TextPlace;
}

/** Throws `OptionError` (`ERR_JOB_FILE`) with every problem. `file` is its name in messages. */
export function parseJobFile(text: string, file: string): ParsedJobFile {
  const bytes = Buffer.byteLength(text);
  if (bytes > JOB_FILE_BYTES_MAX) {
    throw problemsError(file, [
      `the file has ${bytes} bytes, more than the ${JOB_FILE_BYTES_MAX} that a job file may have`,
    ]);
  }
  const json = readJsonText(text);
  const problems = [...json.problems];
  const repaired = repairKeys(jobFileSchema, json.value);
  const parsed = jobFileSchema.safeParse(repaired.value);
  if (json.value !== undefined) {
    problems.push(...repaired.problems);
    for (const issue of parsed.error?.issues ?? []) {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      if (path.some((_, index) => repaired.abandoned.has(formatPath(path.slice(0, index + 1))))) continue;
      problems.push({ path: repaired.originalPath(path), ...describeIssue(issue, valueAt(repaired.value, path)) });
    }
    const inGraph = [...checkGraph(repaired.value), ...choiceProblems(repaired.value), ...checkOutputs(repaired.value)];
    problems.push(...inGraph.map((problem) => ({ ...problem, path: repaired.originalPath(problem.path) })));
    for (const field of repaired.roles) problems.push(...expressionProblems(field.role, field.text, field.path));
  }
  if (problems.length > 0) throw problemsError(file, render(problems, json.placeOf));
  return { job: parsed.data as unknown as JobFile, placeOf: json.placeOf };
}

const EXPECTED: Partial<Readonly<Record<FieldRole, ExpectedType>>> = {
  predicate: 'bool',
  value: 'any',
  list: 'list',
  key: 'key',
};

function expressionProblems(role: FieldRole, source: string, path: JsonPath): readonly Problem[] {
  try {
    const where = formatPath(path);
    const expected = EXPECTED[role];
    if (expected !== undefined) compileExpression(source, where, expected);
    else if (role === 'aggregate') compileAggregate(source, where);
    else if (role === 'generator') compileGeneratorExpression(source, where);
    return [];
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    return [{ path, message: error.message, suggestion: error.suggestion }];
  }
}

/** Nodes of which exactly one of several keys must be given, which JSON Schema says badly. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'transforms.map': ['fields', 'value', 'module'],
  'transforms.flatMap': ['list', 'module'],
  'sources.generator': ['fields', 'value'],
};

function choiceProblems(value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  for (const section of ['sources', 'transforms'] as const) {
    const nodes = valueAt(value, [section]);
    for (const name of typeof nodes === 'object' && nodes !== null ? Object.keys(nodes) : []) {
      const path = [section, name];
      const has = (key: string): boolean => valueAt(value, [...path, key]) !== undefined;
      const keys = CHOICES[`${section}.${String(valueAt(value, [...path, 'type']))}`];
      if (has('values') && valueAt(value, [...path, 'values', 'key']) !== undefined) {
        const message = '"key" is the name that a row gives to its key; call this value something else';
        problems.push({ path: [...path, 'values', 'key'], message });
      }
      if (keys === undefined) continue;
      const given = keys.filter(has);
      const wanted = keys.map((key) => JSON.stringify(key)).join(' or ');
      if (given.length === 0) problems.push({ path, message: `one of ${wanted} is needed` });
      if (given.length > 1)
        problems.push({ path, message: `only one of ${wanted} can be given, not ${given.join(' and ')}` });
      if (has('export') && !has('module'))
        problems.push({ path: [...path, 'export'], message: 'an export needs a module' });
    }
  }
  return problems;
}

/** In the order of the text, each sentence once. */
export function render(problems: readonly Problem[], placeOf: (path: JsonPath) => TextPlace): readonly string[] {
  const placed = problems.map((problem) => ({ problem, place: placeOf(problem.path) }));
  placed.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  return [
    ...new Set(
      placed.map(({ problem, place }) => formatProblem(problem, problem.path.length === 0 ? undefined : place)),
    ),
  ];
}
