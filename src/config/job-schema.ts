/**
 * The shape of a job file: one zod schema, of which the JSON Schema for editors is generated (`npm run schema`).
 *
 * Strings with a meaning of their own (expressions, aggregates, inputs, modules) are registered with a role, so that the
 * checks find them by the schema and no list of paths has to be kept beside it. Defaults are not filled in here: they belong
 * to the engine's option table, to the connectors and to the operators.
 */
import { z } from 'zod';
import { CHOICE_TABLE, type ChoiceRow, OPTION_TABLE, type OptionRow } from '../execution/option-table.ts';
import { NAME } from './schema-fields.ts';
import { sinkSchema } from './sink-schema.ts';
import { sourceSchema } from './source-schema.ts';
import { transformSchema } from './transform-schema.ts';

type Schema = z.ZodType;

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
    sources: z.record(NAME, sourceSchema),
    transforms: z.record(NAME, transformSchema).optional(),
    sinks: z.record(NAME, sinkSchema),
  })
  .describe('A Millrace job: sources, transforms and sinks, each with the inputs it reads.');
