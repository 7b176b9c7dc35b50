/** One sentence for each option of a window that is wrong, and for each pair that does not go together. Pure. */
import { suggest } from '../../model/index.ts';
import type { AggregatorFields } from '../aggregates/aggregator.ts';
import { findDurationProblems } from '../find-duration-problems.ts';
import type { CalendarOptions, CalendarUnit, EmitMode, WindowDefinition, WindowOptions } from './window-definition.ts';
import { ZoneClock } from './zone-clock.ts';

const EMIT_MODES: readonly EmitMode[] = ['append', 'update', 'complete'];
const UNITS: readonly CalendarUnit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year'];
const OPTION_NAMES: readonly string[] = ['emit', 'allowedLatenessMs', 'early', 'completeEveryMs'];
const KINDS: readonly WindowDefinition['kind'][] = ['tumbling', 'sliding', 'calendar', 'session', 'count', 'global'];

export function findWindowProblems(
  definition: WindowDefinition<never>,
  fields: AggregatorFields<never>,
  options: WindowOptions,
): readonly string[] {
  if (!KINDS.includes(definition.kind)) return [`there is no window of kind '${definition.kind}'`];
  return [
    ...findDefinitionProblems(definition),
    ...findOptionProblems(options),
    ...findPairProblems(definition, options),
    ...findFieldProblems(definition, fields, options),
  ];
}

/** What is wrong with the windows, whatever they are for. */
export function findDefinitionProblems(definition: WindowDefinition<never>): readonly string[] {
  switch (definition.kind) {
    case 'tumbling':
    case 'sliding': {
      const slideMs = definition.kind === 'sliding' ? definition.slideMs : definition.sizeMs;
      const problems = [
        ...findDurationProblems('sizeMs', definition.sizeMs, 1),
        ...(definition.kind === 'sliding' ? findDurationProblems('slideMs', slideMs, 1) : []),
        ...findDurationProblems('offsetMs', definition.offsetMs ?? 0),
        ...findDomainProblems(definition.time),
      ];
      if (problems.length === 0 && slideMs > definition.sizeMs) {
        problems.push(
          `'slideMs' (${slideMs}) is more than 'sizeMs' (${definition.sizeMs}): records between two windows would be in none`,
        );
      }
      return problems;
    }
    case 'calendar':
      return findCalendarProblems(definition);
    case 'session': {
      const { gapMs, time } = definition;
      return [
        ...(typeof gapMs === 'function' ? [] : findDurationProblems('gapMs', gapMs, 1)),
        ...findDomainProblems(time),
      ];
    }
    case 'count':
      return findCountProblems(definition.size, definition.slide);
    case 'global':
      return [];
  }
}

function findCalendarProblems({ unit, timeZone = 'UTC', offsetMs = 0, time }: CalendarOptions): string[] {
  const problems = [...findDurationProblems('offsetMs', offsetMs), ...findDomainProblems(time)];
  if (!UNITS.includes(unit)) problems.push(`there is no calendar unit '${unit}'${hintOf(unit, UNITS)}`);
  try {
    new ZoneClock(timeZone);
  } catch {
    problems.push(
      `the time zone '${timeZone}' is not known here; give an IANA name, for instance 'America/New_York', or 'UTC'`,
    );
  }
  return problems;
}

function findCountProblems(size: number, slide: number = size): string[] {
  const problems: string[] = [];
  if (!isCount(size)) problems.push(`'size' must be a whole number of records, at least 1, not ${size}`);
  if (slide !== size && !isCount(slide))
    problems.push(`'slide' must be a whole number of records, at least 1, not ${slide}`);
  if (problems.length === 0 && slide > size) {
    problems.push(`'slide' (${slide}) is more than 'size' (${size}): records between two windows would be in none`);
  }
  return problems;
}

function findDomainProblems(time: string | undefined): string[] {
  if (time === undefined || time === 'event' || time === 'processing') return [];
  return [`'time' is 'event' or 'processing', not '${time}'`];
}

function findOptionProblems(options: WindowOptions): string[] {
  const { emit, allowedLatenessMs, early, completeEveryMs } = options;
  // Where types are not checked, a misspelt name would change results without a word.
  const problems = Object.keys(options)
    .filter((name) => !OPTION_NAMES.includes(name))
    .map((name) => `there is no option '${name}' of a window${hintOf(name, OPTION_NAMES)}`);
  if (emit !== undefined && !EMIT_MODES.includes(emit)) {
    problems.push(`'emit' is 'append', 'update' or 'complete', not '${emit}'${hintOf(emit, EMIT_MODES)}`);
  }
  if (allowedLatenessMs !== undefined) {
    problems.push(...findDurationProblems('allowedLatenessMs', allowedLatenessMs, 0));
  }
  if (completeEveryMs !== undefined) problems.push(...findDurationProblems('completeEveryMs', completeEveryMs, 1));
  if (early === undefined) return problems;
  const { everyMs, everyRecords } = early;
  if (everyMs === undefined && everyRecords === undefined) {
    problems.push("'early' says nothing: give 'everyMs', 'everyRecords' or both");
  }
  if (everyMs !== undefined) problems.push(...findDurationProblems('early.everyMs', everyMs, 1));
  if (everyRecords !== undefined && !isCount(everyRecords)) {
    problems.push(`'early.everyRecords' must be a whole number of records, at least 1, not ${everyRecords}`);
  }
  return problems;
}

/** Options that are right each by itself. */
function findPairProblems(definition: WindowDefinition<never>, options: WindowOptions): string[] {
  const { kind } = definition;
  const { emit = 'append', allowedLatenessMs = 0, early, completeEveryMs } = options;
  const problems: string[] = [];
  if (allowedLatenessMs > 0) problems.push(...findLatenessProblems(definition, emit));
  if (early !== undefined && emit !== 'append') {
    problems.push(`'early' goes with 'append': with '${emit}' results come before they are final as it is`);
  }
  if (completeEveryMs !== undefined && emit !== 'complete') {
    problems.push("'completeEveryMs' goes with emit 'complete' only");
  }
  if (kind === 'session' && emit === 'update') {
    problems.push(
      "emit 'update' cannot be used with session windows: two sessions that become one would leave rows behind that nobody takes back; use 'append' with 'early'",
    );
  }
  if (kind !== 'count') return problems;
  if (emit === 'complete') {
    problems.push("emit 'complete' cannot be used with count windows, of which there is no end: use 'append'");
  }
  if (!isSlidingCount(definition)) return problems;
  if (emit === 'update' || early !== undefined) {
    problems.push(
      'count windows that overlap emit full windows only: the rows of several unfinished ones could not be told apart',
    );
  }
  return problems;
}

function findLatenessProblems(definition: WindowDefinition<never>, emit: EmitMode): string[] {
  const { kind } = definition;
  if (kind === 'count' || kind === 'global') {
    return [`'allowedLatenessMs' has no meaning for ${kind} windows: they do not end in time, so no record is late`];
  }
  if (definition.time === 'processing') {
    return ["'allowedLatenessMs' has no meaning in processing time: no record is late"];
  }
  return emit === 'complete' ? ["'allowedLatenessMs' has no meaning with emit 'complete': no record is late"] : [];
}

function findFieldProblems(
  definition: WindowDefinition<never>,
  fields: AggregatorFields<never>,
  { early }: WindowOptions,
): string[] {
  const problems: string[] = [];
  const isTime = definition.kind !== 'count' && definition.kind !== 'global';
  const taken = ['key', ...(isTime ? ['windowStart', 'windowEnd'] : []), ...(early === undefined ? [] : ['isFinal'])];
  for (const name of taken) {
    if (Object.hasOwn(fields, name))
      problems.push(`the row of a window has a '${name}' of its own: name the field otherwise`);
  }
  if (definition.kind !== 'sliding' && definition.kind !== 'session' && !isSlidingCount(definition)) return problems;
  for (const [name, aggregator] of Object.entries(fields)) {
    if (aggregator.merge !== undefined) continue;
    problems.push(
      `the field '${name}' cannot be used here: ${definition.kind} windows put results together, and the aggregate '${aggregator.name}' has no 'merge'`,
    );
  }
  return problems;
}

export function isSlidingCount(definition: WindowDefinition<never>): boolean {
  return definition.kind === 'count' && definition.slide !== undefined && definition.slide !== definition.size;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function hintOf(wrong: string, known: readonly string[]): string {
  const suggestion = suggest(wrong, known);
  return suggestion === undefined ? `; there are ${known.join(', ')}` : `; did you mean '${suggestion}'?`;
}
