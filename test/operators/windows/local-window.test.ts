import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, type Key, type Operator, StreamRecord } from '../../../src/model/index.ts';
import { type AggregatorFields, aggregates, type PartialAggregate, windows } from '../../../src/operators/index.ts';
import { localWindowBlueprints } from '../../../src/operators/windows/local-window.ts';
import { windowBlueprint } from '../../../src/operators/windows/window-blueprint.ts';
import type { WindowDefinition } from '../../../src/operators/windows/window-definition.ts';
import { type HarnessStep, runOperator, step } from '../../../src/testing/operator-harness.ts';

interface Reading {
  readonly value: number;
}

const FIELDS: AggregatorFields<Reading> = {
  n: aggregates.count(),
  mean: aggregates.mean((reading: Reading) => reading.value),
  all: aggregates.collect((reading: Reading) => reading.value),
  last: aggregates.last((reading: Reading) => reading.value),
};

const DEFINITIONS: readonly (readonly [string, WindowDefinition<Reading>])[] = [
  ['tumbling', windows.tumbling({ sizeMs: 10, offsetMs: -3 })],
  ['sliding', windows.sliding({ sizeMs: 10, slideMs: 4 })],
  ['calendar', windows.calendar({ unit: 'day' })],
];

/** What happens to the producing subtask. */
type Event =
  | { readonly kind: 'record'; readonly key: Key; readonly value: number; readonly time: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'rise'; readonly by: number };

const eventArbitrary: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      key: fc.constantFrom<Key>('a', 'b', 1),
      value: fc.integer({ min: -9, max: 9 }),
      time: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: -20, max: 40 }) },
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 8.7e15),
      ),
    }),
  },
  fc.constant<Event>({ kind: 'flush' }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rise' as const), by: fc.integer({ min: 0, max: 15 }) }) },
);

/** The steps of a window that gets the records themselves, and of one behind local aggregation; times in units of `unit` ms. */
function stepsOf(
  events: readonly Event[],
  unit: number,
  partial: Operator<Reading, PartialAggregate>,
): { readonly plain: HarnessStep<Reading>[]; readonly local: HarnessStep<PartialAggregate>[] } {
  const plain: HarnessStep<Reading>[] = [];
  const local: HarnessStep<PartialAggregate>[] = [];
  const out = { emit: (record: StreamRecord<PartialAggregate>) => void local.push(record), emitTo: () => {} };
  let watermark = -25;
  for (const event of [...events, { kind: 'end' } as const]) {
    if (event.kind === 'record') {
      const record = new StreamRecord<Reading>({ value: event.value }, event.key, event.time * unit, 5);
      plain.push(record);
      partial.process(record, out);
      continue;
    }
    partial.flush!(out);
    if (event.kind === 'flush') continue;
    if (event.kind === 'rise') watermark += event.by;
    const time = event.kind === 'end' ? END_OF_TIME : watermark * unit;
    plain.push(step.watermark(time));
    local.push(step.watermark(time));
  }
  return { plain, local };
}

describe.each(DEFINITIONS)('%s windows behind local aggregation', (kind, definition) => {
  it('emit what they emit without it, and count the same records as late', () => {
    const unit = kind === 'calendar' ? 3_600_000 : 1;
    fc.assert(
      fc.property(fc.array(eventArbitrary, { maxLength: 40 }), (events) => {
        const { partial, window } = localWindowBlueprints<Reading>(definition, FIELDS);
        const { plain, local } = stepsOf(events, unit, partial.create() as Operator<Reading, PartialAggregate>);
        const alone = windowBlueprint<Reading>(definition, FIELDS);
        const [rows, late] = runOperator({
          create: () => alone.create() as Operator<Reading>,
          input: plain,
          outputs: 2,
          isStateful: true,
        });

        const [localRows, localLate] = runOperator({
          create: () => window.create() as Operator<PartialAggregate>,
          input: local,
          outputs: 2,
          isStateful: true,
        });

        expect(localRows).toEqual(rows);
        const counted = localLate!.reduce((sum, { value }) => sum + (value as PartialAggregate).records, 0);
        expect(counted).toBe(late!.length);
      }),
      { numRuns: 40 },
    );
  });

  it('keep the same state as without it', () => {
    const alone = windowBlueprint<Reading>(definition, FIELDS);
    const { window } = localWindowBlueprints<Reading>(definition, FIELDS);

    expect([window.kind, window.identity, window.states]).toEqual([alone.kind, alone.identity, alone.states]);
    expect([window.problems, alone.problems]).toEqual([[], []]);
  });
});

describe('local aggregation', () => {
  const tumbling = windows.tumbling({ sizeMs: 10 });
  const custom = aggregates.custom({ name: 'x', create: () => 0, add: (n: number) => n, result: (n) => n });

  it.each([
    [windows.session({ gapMs: 5 }), {}, 'local aggregation needs tumbling, sliding or calendar windows in event time'],
    [windows.tumbling({ sizeMs: 5, time: 'processing' }), {}, 'local aggregation needs tumbling, sliding or calendar'],
    [tumbling, { emit: 'update' }, "local aggregation shows each result once: it does not go with emit 'update'"],
    [tumbling, { early: { everyRecords: 5 } }, 'it does not go with early results'],
    [tumbling, { allowedLatenessMs: 5 }, 'it does not go with allowedLatenessMs'],
  ] as const)('is refused where it would change results (%#)', (definition, options, problem) => {
    const { window } = localWindowBlueprints(definition as WindowDefinition<Reading>, FIELDS, options);

    expect(window.problems).toEqual([expect.stringContaining(problem)]);
  });

  it('is refused where an aggregate cannot merge, and says first what is wrong without it', () => {
    const { window } = localWindowBlueprints<unknown>(tumbling as WindowDefinition, { odd: custom });
    const broken = localWindowBlueprints<Reading>(windows.tumbling({ sizeMs: 0 }) as WindowDefinition<Reading>, FIELDS);

    expect(window.problems).toEqual(["local aggregation needs aggregates that can merge, and 'odd' cannot"]);
    expect(broken.window.problems).toHaveLength(1);
    expect(broken.window.problems[0]).toContain('sizeMs');
  });
});
