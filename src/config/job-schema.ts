/**
 * The shape of a job file: one zod schema, of which the JSON Schema for editors is generated (`npm run schema`).
 *
 * Strings with a meaning of their own (expressions, aggregates, inputs, modules) are registered with a role, so that the
 * checks find them by the schema and no list of paths has to be kept beside it. Defaults are not filled in here: they belong
 * to the engine's option table and to the connectors.
 */
import { z } from 'zod';
import { CHOICE_TABLE, type ChoiceRow, OPTION_TABLE, type OptionRow } from '../execution/option-table.ts';
import { INPUTS_MAX } from './check-graph.ts';
import type { SinkConfig, SourceConfig, TransformConfig } from './job-file.ts';

/** What a string means. `predicate`, `value`, `list`, `key`: expressions over `record`, by what they must yield. */
export type FieldRole = 'predicate' | 'value' | 'list' | 'key' | 'aggregate' | 'generator' | 'input' | 'module';

export const fieldRoles: z.core.$ZodRegistry<{ role: FieldRole }> = z.registry<{ role: FieldRole }>();

type Schema = z.ZodType;

const text = (role: FieldRole, description: string): z.ZodString =>
  z.string().min(1).describe(description).register(fieldRoles, { role });

const flag = (description: string): z.ZodOptional<z.ZodBoolean> => z.boolean().describe(description).optional();

const whole = (min: number, max: number, description: string): z.ZodOptional<z.ZodNumber> =>
  z.number().int().min(min).max(max).describe(description).optional();

const NAME = z.string().regex(/^[A-Za-z][\w-]{0,99}$/, {
  error: 'a name is 1 to 100 letters, digits, "_" and "-", and begins with a letter',
});

const inputs = z
  .array(text('input', 'A source, a transform, or an output of one: "split.name".'))
  .min(1)
  .max(INPUTS_MAX)
  .describe('Where the records come from. Several inputs are merged.');

const parallelism = whole(1, 1024, "Number of subtasks of this node; the job's by default.");

const moduleFile = text('module', 'A module (.js, .mjs, .cjs, .ts) below the module root, relative to the job file.');
const moduleExport = z.string().min(1).describe('Name of the export; "default" if absent.').optional();

const fields = (role: FieldRole, description: string): z.ZodRecord<z.ZodString, z.ZodString> =>
  z.record(z.string().min(1), text(role, 'A CEL expression.')).describe(description);

const fileSource = z.strictObject({
  type: z.literal('file'),
  path: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'must be a path or a list of paths' })
    .describe('Relative to the job file. "*" in the last part lists files; each file is a split.'),
  format: z
    .enum(['jsonl', 'csv', 'json'])
    .describe('jsonl: one JSON value a line. json: one array of records.')
    .optional(),
  follow: flag('Read on as the file grows.'),
  onBadRecord: z
    .enum(['fail', 'skip', 'dead-letter'])
    .describe('What becomes of a record that cannot be used.')
    .optional(),
  onTruncate: z.enum(['fail', 'restart']).describe('What to do when a followed file gets shorter.').optional(),
  recordMaxBytes: whole(1, 64 * 1024 * 1024, 'Longer records are refused before they are parsed.'),
  depthMax: whole(1, 512, 'Records nested deeper are refused.'),
  keysMax: whole(1, 10_000, 'Records with more members are refused.'),
  pollIntervalMs: whole(1, 3_600_000, 'Longest time between looks at a followed file.'),
  readBytes: whole(1, 64 * 1024 * 1024, 'Bytes per read.'),
  csv: z
    .strictObject({
      header: z
        .union([z.boolean(), z.array(z.string())], { error: 'must be true, false or a list of column names' })
        .describe('true: the first line names the columns. A list: the names, and there is no header line.')
        .optional(),
      delimiter: z.string().length(1).describe('One character; a comma by default.').optional(),
      types: z
        .record(z.string().min(1), z.enum(['string', 'number', 'boolean']))
        .describe('Types of columns; all others are strings.')
        .optional(),
    })
    .describe('For format csv.')
    .optional(),
});

const generatorSource = z.strictObject({
  type: z.literal('generator'),
  rate: z
    .number()
    .positive()
    .max(1e9)
    .describe('Records per second on an open-loop schedule; as fast as possible if absent.')
    .optional(),
  records: whole(0, Number.MAX_SAFE_INTEGER, 'How many records there are; without end if absent.'),
  seed: whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'The same seed makes the same records.'),
  splits: whole(1, 4096, 'The most subtasks that can share the work.'),
  fields: fields(
    'generator',
    'Fields of the records: CEL over index, with random(), randomInt(a, b), choice(list).',
  ).optional(),
  value: text('generator', 'The whole record: CEL over index.').optional(),
});

const sourceTypes = [fileSource, generatorSource] as const satisfies readonly z.ZodType<SourceConfig>[];

const operator = { inputs, parallelism };

const transformTypes = [
  z.strictObject({
    type: z.literal('filter'),
    ...operator,
    where: text('predicate', 'Keeps the records for which this is true.'),
  }),
  z.strictObject({
    type: z.literal('map'),
    ...operator,
    fields: fields('value', 'The new record, field by field.').optional(),
    value: text('value', 'The new record as one expression.').optional(),
    module: moduleFile.optional(),
    export: moduleExport,
  }),
  z.strictObject({
    type: z.literal('flatMap'),
    ...operator,
    list: text('list', 'A list: each element becomes a record.').optional(),
    module: moduleFile.optional(),
    export: moduleExport,
  }),
  z.strictObject({ type: z.literal('merge'), inputs }),
  z.strictObject({
    type: z.literal('split'),
    ...operator,
    routes: z
      .record(
        NAME,
        text('predicate', 'Records for which this is true go here; the first route that fits takes a record.'),
      )
      .describe('Outputs by name, read as "split.name"; what fits none goes to "split.rest".'),
  }),
  z.strictObject({ type: z.literal('rebalance'), inputs }),
  z.strictObject({ type: z.literal('broadcast'), inputs }),
  z.strictObject({
    type: z.literal('aggregate'),
    ...operator,
    key: text('key', 'Records with equal keys are aggregated together.'),
    values: z
      .record(
        z.string().min(1),
        text('aggregate', 'count(), sum(x), min(x), max(x) or mean(x), x being an expression.'),
      )
      .describe('Fields of the emitted row { key, ...values }, one row per record.'),
  }),
  z.strictObject({
    type: z.literal('process'),
    ...operator,
    key: text('key', 'Records with equal keys share their state.'),
    module: moduleFile,
    export: moduleExport,
  }),
] as const satisfies readonly z.ZodType<TransformConfig>[];

const sinkTypes = [
  z.strictObject({
    type: z.literal('file'),
    inputs,
    parallelism,
    path: z.string().min(1).describe('Relative to the job file. A folder when rotate is given.'),
    format: z.enum(['jsonl', 'csv']).optional(),
    rotate: z
      .strictObject({
        bytes: z.number().int().min(1).describe('A part is closed at the first epoch beyond this size.'),
      })
      .optional(),
    ifExists: z
      .enum(['fail', 'append', 'replace'])
      .describe('What to do with a file that is there at the first start.')
      .optional(),
  }),
  z.strictObject({
    type: z.literal('console'),
    inputs,
    parallelism,
    format: z.enum(['json', 'text']).optional(),
    stamp: flag('Whether lines carry (generation, firstEpoch, epoch, sequence, subtask).'),
    stream: z.enum(['stdout', 'stderr']).optional(),
  }),
  z.strictObject({
    type: z.literal('table'),
    inputs,
    parallelism,
    key: text('key', 'The row of this key is replaced.'),
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, { error: 'must be 1 to 100 letters, digits, "-", "_" or "."' })
      .optional(),
  }),
  z.strictObject({ type: z.literal('discard'), inputs, parallelism }),
] as const satisfies readonly z.ZodType<SinkConfig>[];

/** `mode`, `workers`, `epoch: { intervalMs, ... }`, ...: as the engine's option tables have them. */
function optionFields(): Record<string, Schema> {
  const shape: Record<string, Schema> = {};
  const groups = new Map<string, Record<string, Schema>>([['state', { directory: STATE_DIRECTORY }]]);
  for (const [path, row] of Object.entries({ ...CHOICE_TABLE, ...OPTION_TABLE })) {
    const [first, second] = path.split('.') as [string, string | undefined];
    const field = 'choices' in row ? choiceField(row) : optionField(row);
    if (second === undefined) shape[first] = field;
    else groups.set(first, { ...groups.get(first), [second]: field });
  }
  for (const [name, group] of groups) shape[name] = z.strictObject(group).optional();
  return shape;
}

const STATE_DIRECTORY = z
  .string()
  .min(1)
  .describe('Where state and checkpoints live, relative to the job file.')
  .optional();

/** Whole numbers, but for options whose default is a fraction. */
function optionField({ min, max, reason, fallback }: OptionRow): Schema {
  const number = Number.isInteger(fallback) ? z.number().int() : z.number();
  return number.min(min).max(max).describe(`${reason} (default ${fallback})`).optional();
}

function choiceField({ choices, reason, fallback }: ChoiceRow): Schema {
  return z.enum(choices).describe(`${reason} (default ${fallback})`).optional();
}

export const jobFileSchema: z.ZodObject = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,99}$/u, {
      error: 'must be 1 to 100 letters, digits, "_", "-" and ".", and begin with a letter or digit',
    }),
    ...optionFields(),
    moduleRoot: z
      .string()
      .min(1)
      .describe('Modules must lie below this folder; the folder of the job file by default.')
      .optional(),
    sources: z.record(NAME, z.discriminatedUnion('type', sourceTypes)),
    transforms: z.record(NAME, z.discriminatedUnion('type', transformTypes)).optional(),
    sinks: z.record(NAME, z.discriminatedUnion('type', sinkTypes)),
  })
  .describe('A Millrace job: sources, transforms and sinks, each with the inputs it reads.');
