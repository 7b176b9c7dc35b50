/** Windows as users define them: plain descriptions, checked and compiled elsewhere. */
import type { DurationMs, TimeDomain } from '../../model/index.ts';

interface TimeWindowOptions {
  /** Which clock the window goes by: the event times of its records (default), or the wall clock. */
  readonly time?: TimeDomain | undefined;
}

export interface TumblingOptions extends TimeWindowOptions {
  readonly sizeMs: DurationMs;
  /** Windows begin at multiples of the size plus this. May be negative. Default 0: the Unix epoch, UTC. */
  readonly offsetMs?: DurationMs | undefined;
}

export interface SlidingOptions extends TumblingOptions {
  /** A window begins every so often; at most the size, which need not be a multiple of it. */
  readonly slideMs: DurationMs;
}

export type CalendarUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

export interface CalendarOptions extends TimeWindowOptions {
  /** Weeks begin on Monday (ISO 8601). */
  readonly unit: CalendarUnit;
  /** IANA name, for instance 'America/New_York'. Days of 23 and 25 hours are one window each. Default 'UTC'. */
  readonly timeZone?: string | undefined;
  /** Moves every boundary in local time, for instance a day that begins at 6 in the morning: 21_600_000. Default 0. */
  readonly offsetMs?: DurationMs | undefined;
}

export interface SessionOptions<In> extends TimeWindowOptions {
  /** A record keeps its session open for so long; a function reads it from the record. Sessions that overlap or touch are one. */
  readonly gapMs: DurationMs | ((value: In) => DurationMs | null | undefined);
}

export interface CountOptions {
  /** Records of one key in a window. */
  readonly size: number;
  /** A window ends every so many records, from the first full one on; at most the size. Default: the size. */
  readonly slide?: number | undefined;
}

/** Has a start and an end in time: result rows carry them. */
export type TimeWindow<In = unknown> =
  | ({ readonly kind: 'tumbling' } & TumblingOptions)
  | ({ readonly kind: 'sliding' } & SlidingOptions)
  | ({ readonly kind: 'calendar' } & CalendarOptions)
  | ({ readonly kind: 'session' } & SessionOptions<In>);

/** Made of records, whatever their times. */
export type RecordWindow = ({ readonly kind: 'count' } & CountOptions) | { readonly kind: 'global' };

export type WindowDefinition<In = unknown> = TimeWindow<In> | RecordWindow;

/**
 * `append`: each result once, when it is final. `update`: at every change, one row per record; the last row of a window is its result.
 * `complete`: the whole result again and again, nothing is ever removed and nothing is late.
 */
export type EmitMode = 'append' | 'update' | 'complete';

export interface WindowOptions {
  /** Default 'append'. 'update' is refused for sessions, whose earlier rows would have to be taken back. */
  readonly emit?: EmitMode | undefined;
  /**
   * A window stays for so long behind its end: a record that comes within it corrects the result, which is emitted again. Event time
   * only. Default 0.
   */
  readonly allowedLatenessMs?: DurationMs | undefined;
  /**
   * Results before they are final, with 'append': every so often of processing time while something changes, or every so many records of
   * the window. Rows then have a field `isFinal`. In sliding windows such results cost size / slide, as those of 'update' do.
   */
  readonly early?:
    | { readonly everyMs?: DurationMs | undefined; readonly everyRecords?: number | undefined }
    | undefined;
  /** With 'complete': all rows are emitted when the watermark passes a multiple of this. Default: size or slide of the window, else 60 s. */
  readonly completeEveryMs?: DurationMs | undefined;
}

/** Windows for `keyed.window(...)`. Intervals are `[start, end)`. */
export const windows: {
  /** Fixed length, one after the other. */
  tumbling(options: TumblingOptions): TimeWindow;
  /** Fixed length, overlapping. The cost of a record does not grow with size / slide. */
  sliding(options: SlidingOptions): TimeWindow;
  /** Hours, days, weeks, months or years of a time zone. */
  calendar(options: CalendarOptions): TimeWindow;
  /** As long as records keep coming. */
  session<In>(options: SessionOptions<In>): TimeWindow<In>;
  /** By number of records. Those that no full window has shown by the end of input are emitted then, as one row. */
  count(options: CountOptions): RecordWindow;
  /** One for ever per key; final when the input ends. */
  global(): RecordWindow;
} = Object.freeze({
  tumbling: (options: TumblingOptions): TimeWindow => ({ kind: 'tumbling', ...options }),
  sliding: (options: SlidingOptions): TimeWindow => ({ kind: 'sliding', ...options }),
  calendar: (options: CalendarOptions): TimeWindow => ({ kind: 'calendar', ...options }),
  session: <In>(options: SessionOptions<In>): TimeWindow<In> => ({ kind: 'session', ...options }),
  count: (options: CountOptions): RecordWindow => ({ kind: 'count', ...options }),
  global: (): RecordWindow => ({ kind: 'global' }),
});
