/** `asyncMap` for the plan. */
import type { OperatorBlueprint } from '../operator-blueprint.ts';
import type { AsyncMapFunction, AsyncMapOptions } from './async-map-definition.ts';
import { AsyncMapOperator } from './async-map-operator.ts';
import { resolveAsyncMap } from './async-map-settings.ts';
import { INPUTS_STATE, PASSED_STATE } from './unfinished-inputs.ts';

/** Name of the side output for records whose calls all failed; there with `onFailure: 'side'`. */
export const FAILED_OUTPUT = 'failed';

export function asyncMapBlueprint<In, Out>(
  fn: AsyncMapFunction<In, Out>,
  options: AsyncMapOptions = {},
): OperatorBlueprint {
  const { settings, problems } = resolveAsyncMap(options);
  const { order, concurrency, onFailure } = settings;
  const isFunction = typeof fn === 'function';
  return {
    kind: 'asyncMap',
    label: `${order}, ${concurrency} at a time`,
    outputs: onFailure === 'side' ? ['main', FAILED_OUTPUT] : ['main'],
    // Every option may change over a restart: what is stored are inputs.
    identity: {},
    states: [
      { name: PASSED_STATE, kind: 'value' },
      { name: INPUTS_STATE, kind: 'map' },
    ],
    problems: isFunction ? problems : [`asyncMap needs a function, not ${typeof fn}`, ...problems],
    create: () => new AsyncMapOperator(fn as AsyncMapFunction<unknown, unknown>, settings),
    state: 'own',
    isAsynchronous: true,
  };
}
