/** The shape of joins in a job file: two sides with inputs and a key each, and what is made of a match. */
import { z } from 'zod';
import type { JoinConfig } from './job-file.ts';
import { duration, type FieldRole, fields, inputs, parallelism, text } from './schema-fields.ts';
import { eventWindowSchema } from './window-schema.ts';

/** A hundred years, either way. */
const RANGE_MAX_MS = 100 * 366 * 86_400_000;

const side = (description: string) =>
  z.strictObject({ inputs, key: text('key', 'Records of both sides with equal keys meet.') }).describe(description);

const bound = (description: string) => z.number().int().min(-RANGE_MAX_MS).max(RANGE_MAX_MS).describe(description);

const sides = (left: string, right: string) => ({ left: side(left), right: side(right), parallelism });

const result = (role: FieldRole, variables: string) => ({
  fields: fields(role, `The emitted row field by field: CEL over ${variables}.`).optional(),
  value: text(role, `The emitted row as one expression over ${variables}; all of them by default.`).optional(),
});

const joinType = z
  .enum(['inner', 'left', 'right', 'full', 'semi', 'anti'])
  .describe('inner by default. A missing side is null; semi and anti emit left records only.')
  .optional();

const tableType = z.enum(['inner', 'left']).describe('inner by default: records without a row are dropped.').optional();

const isDelete = text('predicate', 'Rows of the table for which this is true end the row of their key.').optional();

const types = [
  z.strictObject({
    type: z.literal('join'),
    ...sides('The records at time l.', 'The records at time r.'),
    joinType,
    within: z
      .strictObject({
        beforeMs: bound('A match has l - beforeMs <= r.'),
        afterMs: bound('A match has r <= l + afterMs.'),
      })
      .describe('How far apart in event time two records may be.')
      .optional(),
    retentionMs: duration(
      0,
      'In place of within: how long a record of either side is kept. Only inner and semi.',
    ).optional(),
    ...result('joined', 'left and right'),
  }),
  z.strictObject({
    type: z.literal('windowJoin'),
    ...sides('The left records.', 'The right records.'),
    joinType,
    window: eventWindowSchema,
    ...result('joinedInWindow', 'left, right, windowStart and windowEnd'),
  }),
  z.strictObject({
    type: z.literal('tableJoin'),
    ...sides('The records: each waits until the watermark passes its time.', 'Versions of the rows of the table.'),
    joinType: tableType,
    isDelete,
    ...result('joined', 'left and right'),
  }),
  z.strictObject({
    type: z.literal('broadcastJoin'),
    ...sides('The records.', 'The rows of a small table, given whole to every subtask.'),
    joinType: tableType,
    isDelete,
    ...result('joined', 'left and right'),
  }),
] as const satisfies readonly z.ZodType<JoinConfig>[];

/** Variants of a transform, told apart by `type`. */
export const joinTypes: readonly z.ZodObject[] = types;
