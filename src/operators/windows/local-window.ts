/**
 * A window in two parts: partial aggregates in the subtasks that read the records, and behind the exchange the windows that merge them. Its
 * results, what is late in it and its state are those of the window alone, so a job may change from one to the other over a restart.
 *
 * Only for windows that show nothing before they are final, and whose late records nobody reads: those are counted, but gone.
 */
import type { Operator, TimestampMs } from '../../model/index.ts';
import type { AggregatorFields } from '../aggregates/aggregator.ts';
import { fieldsOfPartials, findPartialProblem, type PartialAggregate } from '../aggregates/partial-aggregate.ts';
import { PartialAggregateOperator } from '../aggregates/partial-aggregate-operator.ts';
import type { OperatorBlueprint } from '../operator-blueprint.ts';
import { paneOfWindow } from './pane-of-window.ts';
import { TIME_MAX } from './window-basis.ts';
import { windowBlueprint } from './window-blueprint.ts';
import type { WindowDefinition, WindowOptions } from './window-definition.ts';

export interface LocalWindow {
  /** Behind `keyBy`, in front of the exchange. Keeps the keys, has no state. */
  readonly partial: OperatorBlueprint;
  /** What is wrong with either is among its problems. */
  readonly window: OperatorBlueprint;
}

export function localWindowBlueprints<In>(
  definition: WindowDefinition<In>,
  fields: AggregatorFields<In>,
  options: WindowOptions = {},
): LocalWindow {
  const checked = definition as WindowDefinition<never>;
  const plain = windowBlueprint(definition, fields, options);
  // Only of a sound definition can panes be made.
  const paneOf = plain.problems.length === 0 ? paneOfWindow(checked) : undefined;
  const merged = windowBlueprint(checked, fieldsOfPartials(fields) as AggregatorFields<never>, options, recordsIn);
  const problems =
    plain.problems.length > 0 ? plain.problems : findLocalProblems(paneOf !== undefined, fields, options);
  return {
    partial: {
      kind: 'localAggregate',
      label: plain.label,
      outputs: ['main'],
      identity: {},
      states: [],
      problems: [],
      create: () => {
        const isPlaced = (time: TimestampMs): boolean => time >= -TIME_MAX && time <= TIME_MAX;
        const placed = (time: TimestampMs): TimestampMs => (isPlaced(time) ? paneOf!(time) : Number.NaN);
        return new PartialAggregateOperator({ fields, paneOf: placed }) as Operator;
      },
      state: 'none',
    },
    window: { ...merged, problems },
  };
}

function recordsIn(partial: PartialAggregate): number {
  return partial.records;
}

function findLocalProblems<In>(
  hasPanes: boolean,
  fields: AggregatorFields<In>,
  { emit = 'append', allowedLatenessMs = 0, early }: WindowOptions,
): readonly string[] {
  const problems: string[] = [];
  if (!hasPanes) problems.push('local aggregation needs tumbling, sliding or calendar windows in event time');
  if (emit !== 'append') problems.push(`local aggregation shows each result once: it does not go with emit '${emit}'`);
  if (early !== undefined) problems.push('local aggregation shows each result once: it does not go with early results');
  if (allowedLatenessMs > 0) {
    problems.push('local aggregation shows each result once: it does not go with allowedLatenessMs');
  }
  const partial = findPartialProblem(fields as AggregatorFields<never>);
  return partial === undefined ? problems : [...problems, partial];
}
