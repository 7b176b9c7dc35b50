/** What the package gives its users: names that they write in their jobs stay. */
import { expect, it } from 'vitest';
import * as millrace from '../src/index.ts';

it('has the values that jobs are written with, and no others', () => {
  expect(Object.keys(millrace).sort()).toMatchInlineSnapshot(`
    [
      "CheckpointError",
      "ConnectorError",
      "CorruptionError",
      "IncompatiblePlanError",
      "JobHandle",
      "LockedError",
      "Millrace",
      "MillraceError",
      "OperatorError",
      "OptionError",
      "PlanError",
      "StreamRecord",
      "ValueError",
      "WorkerLostError",
      "aggregates",
      "defineJob",
      "defineProcess",
      "records",
      "sinks",
      "sources",
      "states",
      "windows",
    ]
  `);
});

it('has every kind of window and every way to declare a state', () => {
  expect(Object.keys(millrace.windows).sort()).toEqual([
    'calendar',
    'count',
    'global',
    'session',
    'sliding',
    'tumbling',
  ]);
  expect(Object.keys(millrace.states).sort()).toEqual(['list', 'map', 'value']);
});
