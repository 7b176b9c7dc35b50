/** Checks windows with their aggregates and says how to run them. */
import type { DurationMs, NodeSignature, Operator } from '../../model/index.ts';
import type { AggregatorFields } from '../aggregates/aggregator.ts';
import { LATE_OUTPUT, type OperatorBlueprint } from '../operator-blueprint.ts';
import { sliderStates } from './create-slider.ts';
import { EARLY_STATE } from './early-results.ts';
import { findWindowProblems, isSlidingCount } from './find-window-problems.ts';
import { INTERVAL_STATE, IntervalWindowOperator } from './interval-window-operator.ts';
import { DIRECTORY_STATE, PANE_STATE } from './pane-store.ts';
import { RECORD_WINDOW_STATE, RecordWindowOperator } from './record-window-operator.ts';
import { SESSION_SLOTS_STATE, SESSIONS_STATE, SessionWindowOperator } from './session-window-operator.ts';
import { TAIL_STATE } from './settled-slider.ts';
import { SlideGeometry } from './slide-geometry.ts';
import { POSITION_STATE, SlidingCountOperator } from './sliding-count-operator.ts';
import { NEXT_STATE, SlidingWindowOperator } from './sliding-window-operator.ts';
import { createTimeIntervals } from './time-intervals.ts';
import { WindowBasis, type WindowPlan } from './window-basis.ts';
import type { CountOptions, WindowDefinition, WindowOptions } from './window-definition.ts';
import type { RecordsIn, WindowFields } from './window-fields.ts';

type States = NodeSignature['states'];

const COMPLETE_EVERY_MS = 60_000;

/** A record is one record. */
const ONE_EACH = (): number => 1;

/**
 * Keyed windows over which `fields` are computed. Outputs: the rows, and the late records as they came. An aggregate has to keep its
 * signature for as long as the state directory lives, as any keyed aggregate has. `recordsIn`: how many records a value stands for, where it
 * is a partial aggregate.
 */
export function windowBlueprint<In>(
  definition: WindowDefinition<In>,
  fields: AggregatorFields<In>,
  options: WindowOptions = {},
  recordsIn: RecordsIn<In> = ONE_EACH,
): OperatorBlueprint {
  const checked = definition as WindowDefinition<never>;
  const problems = findWindowProblems(checked, fields as AggregatorFields<never>, options);
  const plan = resolvePlan(checked, options);
  return {
    kind: 'window',
    label: labelOf(checked, plan),
    outputs: ['main', LATE_OUTPUT],
    identity: { ...identityOf(checked), ...identityOfPlan(plan), ...identityOfFields(fields) },
    states: problems.length === 0 ? statesOf(checked, new WindowBasis(fields, plan, recordsIn).fields, plan) : [],
    problems,
    waitsFor: waitsFor(checked, plan),
    passesWatermarks: passesWatermarks(checked, plan),
    create: () => createOperator(definition, new WindowBasis(fields, plan, recordsIn)) as Operator,
  };
}

function resolvePlan(definition: WindowDefinition<never>, options: WindowOptions): WindowPlan {
  const { emit = 'append', allowedLatenessMs = 0, early, completeEveryMs = periodOf(definition) } = options;
  const hasTimes = definition.kind !== 'count' && definition.kind !== 'global';
  return {
    domain: hasTimes ? (definition.time ?? 'event') : 'event',
    emit,
    latenessMs: allowedLatenessMs,
    earlyMs: early?.everyMs ?? 0,
    earlyRecords: early?.everyRecords ?? 0,
    completeEveryMs,
    hasTimes,
  };
}

function waitsFor({ kind }: WindowDefinition<never>, plan: WindowPlan): OperatorBlueprint['waitsFor'] {
  const { domain, emit, earlyMs, earlyRecords } = plan;
  if (kind === 'count' || domain === 'processing' || emit === 'update' || earlyMs > 0 || earlyRecords > 0)
    return undefined;
  return kind === 'global' && emit === 'append' ? 'end' : 'watermark';
}

/** See `outputWatermark` of the operators. */
function passesWatermarks({ kind }: WindowDefinition<never>, { domain, emit }: WindowPlan): boolean {
  if (kind === 'count' || kind === 'global') return emit === 'update';
  return domain === 'processing' || emit !== 'complete';
}

function periodOf(definition: WindowDefinition<never>): DurationMs {
  if (definition.kind === 'tumbling') return definition.sizeMs;
  return definition.kind === 'sliding' ? definition.slideMs : COMPLETE_EVERY_MS;
}

function createOperator<In>(definition: WindowDefinition<In>, basis: WindowBasis<In>): Operator<In> {
  switch (definition.kind) {
    case 'tumbling':
    case 'calendar':
      return new IntervalWindowOperator(basis, createTimeIntervals(definition));
    case 'sliding': {
      const { sizeMs, slideMs, offsetMs = 0 } = definition;
      return new SlidingWindowOperator(basis, new SlideGeometry(sizeMs, slideMs, offsetMs));
    }
    case 'session':
      return new SessionWindowOperator(basis, definition.gapMs);
    case 'count':
      return createCount(definition, basis);
    case 'global':
      return new RecordWindowOperator(basis, Number.POSITIVE_INFINITY);
  }
}

function createCount<In>({ size, slide = size }: CountOptions, basis: WindowBasis<In>): Operator<In> {
  return slide === size
    ? new RecordWindowOperator(basis, size)
    : new SlidingCountOperator(basis, new SlideGeometry(size, slide, 0));
}

function statesOf(definition: WindowDefinition<never>, fields: WindowFields<never>, plan: WindowPlan): States {
  const states = [...ownStatesOf(definition, fields), { name: `timers:${plan.domain}`, kind: 'timers' } as const];
  if (plan.earlyMs === 0) return states;
  states.push({ name: EARLY_STATE, kind: 'value' });
  if (plan.domain === 'event') states.push({ name: 'timers:processing', kind: 'timers' });
  return states;
}

function ownStatesOf(definition: WindowDefinition<never>, fields: WindowFields<never>): States {
  const panes: States = [
    { name: PANE_STATE, kind: 'map' },
    { name: DIRECTORY_STATE, kind: 'value' },
  ];
  switch (definition.kind) {
    case 'tumbling':
    case 'calendar':
      return [{ name: INTERVAL_STATE, kind: 'map' }];
    case 'sliding':
      return [
        ...panes,
        ...sliderStates(fields),
        { name: TAIL_STATE, kind: 'value' },
        { name: NEXT_STATE, kind: 'value' },
      ];
    case 'session':
      return [
        { name: SESSIONS_STATE, kind: 'value' },
        { name: SESSION_SLOTS_STATE, kind: 'map' },
      ];
    case 'count':
      if (isSlidingCount(definition))
        return [...panes, ...sliderStates(fields), { name: POSITION_STATE, kind: 'value' }];
      return [{ name: RECORD_WINDOW_STATE, kind: 'value' }];
    case 'global':
      return [{ name: RECORD_WINDOW_STATE, kind: 'value' }];
  }
}

type Identity = Record<string, string | number | boolean>;

/** Where windows begin and end. The gap of sessions is not part of it: those that have begun keep their ends. */
function identityOf(definition: WindowDefinition<never>): Identity {
  switch (definition.kind) {
    case 'tumbling':
      return { window: 'tumbling', sizeMs: definition.sizeMs, offsetMs: definition.offsetMs ?? 0 };
    case 'sliding': {
      const { sizeMs, slideMs, offsetMs = 0 } = definition;
      return { window: 'sliding', sizeMs, slideMs, offsetMs };
    }
    case 'calendar': {
      const { unit, timeZone = 'UTC', offsetMs = 0 } = definition;
      return { window: 'calendar', unit, timeZone, offsetMs };
    }
    case 'count':
      return { window: 'count', size: definition.size, slide: definition.slide ?? definition.size };
    default:
      return { window: definition.kind };
  }
}

/** Which timers stand in the state, and for what. */
function identityOfPlan({ domain, emit, latenessMs, earlyMs, hasTimes }: WindowPlan): Identity {
  const times = hasTimes ? { time: domain, allowedLatenessMs: latenessMs } : {};
  return { ...times, emit, hasEarlyTimers: earlyMs > 0 };
}

function identityOfFields<In>(fields: AggregatorFields<In>): Identity {
  return Object.fromEntries(Object.entries(fields).map(([name, aggregator]) => [`field ${name}`, aggregator.name]));
}

function labelOf(definition: WindowDefinition<never>, { emit, latenessMs }: WindowPlan): string {
  const extras = [...(emit === 'append' ? [] : [emit]), ...(latenessMs === 0 ? [] : [`${latenessMs} ms of lateness`])];
  return [describe(definition), ...extras].join(', ');
}

function describe(definition: WindowDefinition<never>): string {
  switch (definition.kind) {
    case 'tumbling':
      return `tumbling ${definition.sizeMs} ms`;
    case 'sliding':
      return `sliding ${definition.sizeMs} ms every ${definition.slideMs} ms`;
    case 'calendar':
      return `each ${definition.unit}, ${definition.timeZone ?? 'UTC'}`;
    case 'session':
      return typeof definition.gapMs === 'function' ? 'sessions' : `sessions, gap ${definition.gapMs} ms`;
    case 'count':
      return isSlidingCount(definition)
        ? `${definition.size} records every ${definition.slide}`
        : `${definition.size} records`;
    default:
      return definition.kind;
  }
}
