/** Pieces that the schema of job files is put together from: roles of strings, names, inputs, numbers with bounds. */
import { z } from 'zod';
import { INPUTS_MAX } from './inputs-of.ts';

/**
 * What a string means. `predicate`, `value`, `list`, `key`, `number`, `time`: expressions over `record`, by what they must yield. `joined`:
 * over `left` and `right`; `joinedInWindow`: over `windowStart` and `windowEnd` too.
 */
export type FieldRole =
  | 'predicate'
  | 'value'
  | 'list'
  | 'key'
  | 'number'
  | 'time'
  | 'joined'
  | 'joinedInWindow'
  | 'aggregate'
  | 'generator'
  | 'input'
  | 'module';

export const fieldRoles: z.core.$ZodRegistry<{ role: FieldRole }> = z.registry<{ role: FieldRole }>();

/** A hundred years: longer times are typing errors. */
const DURATION_MAX_MS = 100 * 366 * 86_400_000;

export function text(role: FieldRole, description: string): z.ZodString {
  return z.string().min(1).describe(description).register(fieldRoles, { role });
}

export function flag(description: string): z.ZodOptional<z.ZodBoolean> {
  return z.boolean().describe(description).optional();
}

export function whole(min: number, max: number, description: string): z.ZodOptional<z.ZodNumber> {
  return z.number().int().min(min).max(max).describe(description).optional();
}

/** Whole milliseconds. */
export function duration(min: number, description: string): z.ZodNumber {
  return z.number().int().min(min).max(DURATION_MAX_MS).describe(description);
}

export function fields(role: FieldRole, description: string): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(z.string().min(1), text(role, 'A CEL expression.')).describe(description);
}

export const NAME: z.ZodString = z.string().regex(/^[A-Za-z][\w-]{0,99}$/, {
  error: 'a name is 1 to 100 letters, digits, "_" and "-", and begins with a letter',
});

export const inputs: z.ZodArray<z.ZodString> = z
  .array(text('input', 'A source, a transform, or an output of one: "split.name", "window.late".'))
  .min(1)
  .max(INPUTS_MAX)
  .describe('Where the records come from. Several inputs are merged.');

export const parallelism: z.ZodOptional<z.ZodNumber> = whole(
  1,
  1024,
  "Number of subtasks of this node; the job's by default.",
);

export const moduleFile: z.ZodString = text(
  'module',
  'A module (.js, .mjs, .cjs, .ts) below the module root, relative to the job file.',
);

export const moduleExport: z.ZodOptional<z.ZodString> = z
  .string()
  .min(1)
  .describe('Name of the export; "default" if absent.')
  .optional();
