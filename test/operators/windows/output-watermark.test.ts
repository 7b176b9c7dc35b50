import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, TIME_UNSET } from '../../../src/model/index.ts';
import { type WindowDefinition, type WindowOptions, windows } from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import { recordOf } from '../records.ts';
import { create, FIELDS } from './window-run.ts';

const DEFINITIONS: readonly WindowDefinition<number>[] = [
  windows.tumbling({ sizeMs: 10 }),
  windows.sliding({ sizeMs: 10, slideMs: 4 }),
  windows.session({ gapMs: 7 }),
];

const OPTIONS: readonly WindowOptions[] = [{}, { allowedLatenessMs: 9 }, { early: { everyRecords: 2 } }];

const actions = fc.array(
  fc.record({ isWatermark: fc.boolean(), key: fc.constantFrom('a', 'b'), jitter: fc.integer({ min: -15, max: 15 }) }),
  { maxLength: 60, size: 'max' },
);

describe('the watermark behind windows', () => {
  it.each(DEFINITIONS.flatMap((definition) => OPTIONS.map((options) => [definition, options] as const)))(
    'is below every result to come, and raised by all that is in front: %j %j',
    (definition, options) => {
      fc.assert(
        fc.property(actions, (all) => {
          let passed = TIME_UNSET;
          const driven = new DrivenOperator({
            create: create(definition, FIELDS.merging, options) as never,
            state: 'keyed',
            onEmit: (output, { timestamp }) => {
              if (output === 0) expect(timestamp).toBeGreaterThan(passed);
            },
            onWatermark: (watermark) => {
              passed = watermark;
            },
          });
          for (const [index, { isWatermark, key, jitter }] of all.entries()) {
            if (isWatermark) driven.advanceWatermark(index + jitter);
            else driven.process(recordOf(1, key, index + jitter));
          }
          driven.advanceWatermark(END_OF_TIME);
          driven.close();

          expect(passed).toBe(END_OF_TIME);
        }),
      );
    },
  );
});
