/**
 * Text of a job file to a checked job file, or to all of its problems at once, each with its path and line. Pure: no file is
 * opened and no module loaded.
 */
import { checkChoices } from './check-choices.ts';
import { checkGraph } from './check-graph.ts';
import { checkKeyGroups } from './check-key-groups.ts';
import { checkOutputs } from './check-outputs.ts';
import { describeIssue, valueAt } from './describe-issue.ts';
import { compileAggregate } from './expression/aggregate-expression.ts';
import {
  compileExpression,
  compileGeneratorExpression,
  compileJoinedExpression,
  type ExpectedType,
} from './expression/expression.ts';
import { ExpressionProblem } from './expression/parse-expression.ts';
import type { JobFile } from './job-file.ts';
import { JOB_FILE_BYTES_MAX } from './job-reference.ts';
import { jobFileSchema } from './job-schema.ts';
import { readJsonText } from './json-text.ts';
import { formatPath, formatProblem, type JsonPath, type Problem, problemsError, type TextPlace } from './problem.ts';
import { type RepairedValue, repairKeys } from './repair-keys.ts';
import type { FieldRole } from './schema-fields.ts';

export interface InspectedJobFile {
  /** Everything wrong that shows in the text alone. */
  readonly problems: readonly Problem[];
  /**
   * The parts in whose own fields nothing is wrong, with misspelt keys mended: what further checks can go on with. The whole
   * job when there are no problems.
   */
  readonly sound: JobFile;
  /** The path in the text of a path in `sound`. */
  originalPath(path: JsonPath): JsonPath;
  /** Where a path of the text stands in it. */
  placeOf(path: JsonPath): TextPlace;
}

/** Throws `OptionError` (`ERR_JOB_FILE`) with every problem. `file` is its name in messages. */
export function parseJobFile(text: string, file: string): JobFile {
  const { problems, sound, placeOf } = inspectJobFile(text);
  if (problems.length > 0) throw problemsError(file, render(problems, placeOf));
  return sound;
}

/** Never throws. */
export function inspectJobFile(text: string): InspectedJobFile {
  const bytes = Buffer.byteLength(text);
  if (bytes > JOB_FILE_BYTES_MAX) {
    const message = `the file has ${bytes} bytes, more than the ${JOB_FILE_BYTES_MAX} that a job file may have`;
    const start = { line: 1, column: 1 };
    return { problems: [{ path: [], message }], sound: NOTHING, originalPath: (path) => path, placeOf: () => start };
  }
  const json = readJsonText(text);
  const repaired = repairKeys(jobFileSchema, json.value);
  const { placeOf } = json;
  const originalPath = (path: JsonPath): JsonPath => repaired.originalPath(path);
  if (json.value === undefined) return { problems: json.problems, sound: NOTHING, originalPath, placeOf };
  const inFields = [
    ...repaired.problems,
    ...[...schemaProblems(repaired), ...checkChoices(repaired.value)].map((problem) => ({
      ...problem,
      path: originalPath(problem.path),
    })),
    ...repaired.roles.flatMap((field) => expressionProblems(field.role, field.text, field.path)),
  ];
  const between = [...checkGraph(repaired.value), ...checkOutputs(repaired.value), ...checkKeyGroups(repaired.value)];
  return {
    problems: [
      ...json.problems,
      ...inFields,
      ...between.map((problem) => ({ ...problem, path: originalPath(problem.path) })),
    ],
    sound: soundParts(repaired.value, inFields, originalPath),
    originalPath,
    placeOf,
  };
}

const NOTHING: JobFile = Object.freeze({ name: '', sources: {}, transforms: {}, sinks: {} });

function schemaProblems(repaired: RepairedValue): readonly Problem[] {
  const { error } = jobFileSchema.safeParse(repaired.value);
  return (error?.issues ?? []).flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    if (path.some((_, index) => repaired.abandoned.has(formatPath(path.slice(0, index + 1))))) return [];
    return [{ path, ...describeIssue(issue, valueAt(repaired.value, path)) }];
  });
}

/** The schema changes no value: what it has nothing to say about is as typed. */
function soundParts(value: unknown, problems: readonly Problem[], originalPath: (path: JsonPath) => JsonPath): JobFile {
  if (problems.length === 0) return value as JobFile;
  // A key that was mended is as good as one written right.
  const wrong = problems.filter(({ message, suggestion }) => !message.startsWith('unknown key') || !suggestion);
  const unsound = new Set(wrong.flatMap(({ path }) => [formatPath(path.slice(0, 1)), formatPath(path.slice(0, 2))]));
  const isSound = (...path: JsonPath): boolean => !unsound.has(formatPath(originalPath(path)));
  const nodesOf = (section: string): object => {
    const nodes = valueAt(value, [section]);
    const entries = Object.entries(typeof nodes === 'object' && nodes !== null ? nodes : {});
    return Object.fromEntries(entries.filter(([name]) => isSound(section, name)));
  };
  const moduleRoot = isSound('moduleRoot') ? (valueAt(value, ['moduleRoot']) as string | undefined) : undefined;
  const [sources, transforms, sinks] = [nodesOf('sources'), nodesOf('transforms'), nodesOf('sinks')];
  return { ...NOTHING, moduleRoot, sources, transforms, sinks } as JobFile;
}

const EXPECTED: Partial<Readonly<Record<FieldRole, ExpectedType>>> = {
  predicate: 'bool',
  value: 'any',
  list: 'list',
  key: 'key',
  number: 'number',
  time: 'time',
};

function expressionProblems(role: FieldRole, source: string, path: JsonPath): readonly Problem[] {
  try {
    const where = formatPath(path);
    const expected = EXPECTED[role];
    if (expected !== undefined) compileExpression(source, where, expected);
    else if (role === 'aggregate') compileAggregate(source, where);
    else if (role === 'joined' || role === 'joinedInWindow')
      compileJoinedExpression(source, where, role === 'joinedInWindow');
    else if (role === 'generator') compileGeneratorExpression(source, where);
    return [];
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    return [{ path, message: error.message, suggestion: error.suggestion }];
  }
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
