/** The shape of transforms in a job file. */
import { z } from 'zod';
import type { TransformConfig } from './job-file.ts';
import { joinTypes } from './join-schema.ts';
import { duration, fields, inputs, moduleExport, moduleFile, NAME, parallelism, text, whole } from './schema-fields.ts';
import { windowOptions, windowSchema } from './window-schema.ts';

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
      .record(z.string().min(1), text('aggregate', 'count(), sum(x), mean(x), ..., x being an expression.'))
      .describe(
        'Fields of the emitted row { key, ...values }: per record, or per window with its windowStart and windowEnd.',
      ),
    window: windowSchema.optional(),
    ...windowOptions,
  }),
  z.strictObject({
    type: z.literal('process'),
    ...operator,
    key: text('key', 'Records with equal keys share their state.'),
    module: moduleFile,
    export: moduleExport,
  }),
  z.strictObject({
    type: z.literal('deduplicate'),
    ...operator,
    key: text('key', 'Of records with equal keys the first goes on.'),
    scope: z
      .enum(['forever', 'watermark', 'ttl'])
      .describe(
        'How long a key is remembered: for ever, within withinMs of event time, or for ttlMs of processing time.',
      ),
    withinMs: duration(1, 'For scope "watermark": from the event time of the first record on.').optional(),
    ttlMs: duration(1, 'For scope "ttl": since the first record.').optional(),
  }),
  z.strictObject({
    type: z.literal('asyncMap'),
    ...operator,
    module: moduleFile,
    export: moduleExport,
    concurrency: whole(1, 100_000, 'Calls under way in one subtask; no input is read beyond it.'),
    order: z
      .enum(['ordered', 'unordered'])
      .describe('unordered: results as they come, but never past a watermark.')
      .optional(),
    timeoutMs: duration(1, 'For all tries of one record together.').optional(),
    attempts: whole(1, 1000, 'Tries of one record in all.'),
    backoffMs: duration(0, 'Pause before the second try; doubles each time.').optional(),
    backoffMaxMs: duration(0, 'Longest pause between tries.').optional(),
    onFailure: z
      .enum(['fail', 'side'])
      .describe('When all tries have failed: the job restarts, or the record goes to the output "failed".')
      .optional(),
  }),
] as const satisfies readonly z.ZodType<TransformConfig>[];

export const transformSchema: z.ZodType<TransformConfig> = z.discriminatedUnion('type', [
  ...transformTypes,
  ...joinTypes,
]) as z.ZodType as z.ZodType<TransformConfig>;
