/** The shape of sources in a job file. */
import { z } from 'zod';
import type { SourceConfig } from './job-file.ts';
import { duration, fields, flag, text, whole } from './schema-fields.ts';

const eventTime = z
  .strictObject({
    field: z.string().min(1).describe('The field that holds the event time.').optional(),
    expression: text('time', 'The event time as a CEL expression.').optional(),
    unit: z
      .enum(['ms', 's', 'iso'])
      .describe(
        'Of the value; by its type if absent: numbers are milliseconds since the Unix epoch, texts ISO 8601 (UTC without a zone).',
      )
      .optional(),
    outOfOrderMs: duration(
      0,
      'How far a record may be behind the latest one of its split and never be late; 0 by default.',
    ).optional(),
    idleTimeoutMs: z
      .union([duration(1, 'Milliseconds.'), z.literal('never')], {
        error: 'must be a whole number of milliseconds of at least 1, or "never"',
      })
      .describe('A split that is silent for so long does not hold back the others; 10,000 by default.')
      .optional(),
  })
  .describe(
    'Where the records have their event times. Without it there are no windows of event time and no joins by time.',
  )
  .optional();

const fileSource = z.strictObject({
  type: z.literal('file'),
  eventTime,
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
  eventTime,
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

export const sourceSchema: z.ZodType<SourceConfig> = z.discriminatedUnion('type', sourceTypes);
