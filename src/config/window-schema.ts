/** The shape of windows in a job file: as `windows` has them in TypeScript, told apart by `type`. */
import { z } from 'zod';
import type { AggregateConfig, EventWindowConfig, WindowConfig } from './job-file.ts';
import { duration, flag, text, whole } from './schema-fields.ts';

const time = z
  .enum(['event', 'processing'])
  .describe('Which clock the window goes by; event time by default.')
  .optional();

const offsetMs = whole(
  -366 * 86_400_000,
  366 * 86_400_000,
  'Moves the boundaries; may be negative. 0 by default: multiples of the size since the Unix epoch, UTC.',
);

const sizeMs = duration(1, 'Length of a window.');

const tumbling = z.strictObject({ type: z.literal('tumbling'), sizeMs, offsetMs, time });

const sliding = z.strictObject({
  type: z.literal('sliding'),
  sizeMs,
  slideMs: duration(1, 'A window begins every so often; at most the size.'),
  offsetMs,
  time,
});

const calendar = z.strictObject({
  type: z.literal('calendar'),
  unit: z.enum(['hour', 'day', 'week', 'month', 'quarter', 'year']).describe('Weeks begin on Monday.'),
  timeZone: z.string().min(1).describe('IANA name, for instance "America/New_York"; UTC by default.').optional(),
  offsetMs,
  time,
});

const session = z.strictObject({
  type: z.literal('session'),
  gapMs: z
    .union([duration(1, 'Milliseconds.'), text('number', 'A CEL expression of the record.')], {
      error: 'must be a whole number of milliseconds of at least 1, or an expression',
    })
    .describe('A record keeps its session open for so long.'),
  time,
});

const count = z.strictObject({
  type: z.literal('count'),
  size: z.number().int().min(1).describe('Records of one key in a window.'),
  slide: whole(
    1,
    Number.MAX_SAFE_INTEGER,
    'A window ends every so many records; at most the size, which is the default.',
  ),
});

const global = z.strictObject({ type: z.literal('global') });

const windowTypes = [
  tumbling,
  sliding,
  calendar,
  session,
  count,
  global,
] as const satisfies readonly z.ZodType<WindowConfig>[];

const eventWindowTypes = [tumbling, sliding, calendar] as const satisfies readonly z.ZodType<EventWindowConfig>[];

export const windowSchema: z.ZodType<WindowConfig> = z
  .discriminatedUnion('type', windowTypes)
  .describe('Cuts the records of each key into windows. Without it an aggregate runs on for ever, a row per record.');

/** For joins. */
export const eventWindowSchema: z.ZodType<EventWindowConfig> = z
  .discriminatedUnion('type', eventWindowTypes)
  .describe('Records of both sides meet in the same window of event time.');

/** Beside `window`. */
export const windowOptions: {
  readonly [Name in 'emit' | 'allowedLatenessMs' | 'early' | 'completeEveryMs' | 'local']: z.ZodType<
    AggregateConfig[Name]
  >;
} = {
  emit: z
    .enum(['append', 'update', 'complete'])
    .describe(
      'append: each result once, when it is final. update: at every change. complete: the whole result again and again.',
    )
    .optional(),
  allowedLatenessMs: duration(
    0,
    'A window stays for so long behind its end; what comes meanwhile corrects its result.',
  ).optional(),
  early: z
    .strictObject({
      everyMs: duration(1, 'While something changes, in processing time.').optional(),
      everyRecords: whole(1, Number.MAX_SAFE_INTEGER, 'Records of the window.'),
    })
    .describe('Results before they are final; rows then have a field isFinal.')
    .optional(),
  completeEveryMs: duration(
    1,
    'With emit "complete": all rows whenever the watermark passes a multiple of it.',
  ).optional(),
  local: flag(
    'Aggregates in part before the exchange. Then late records are counted, and there is no output for them.',
  ),
};
