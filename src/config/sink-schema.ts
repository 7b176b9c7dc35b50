/** The shape of sinks in a job file. */
import { z } from 'zod';
import type { SinkConfig } from './job-file.ts';
import { flag, inputs, parallelism, text } from './schema-fields.ts';

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

export const sinkSchema: z.ZodType<SinkConfig> = z.discriminatedUnion('type', sinkTypes);
