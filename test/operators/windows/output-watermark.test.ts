import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, TIME_UNSET } from '../../../src/model/index.ts';
import { type WindowDefinition, type WindowOptions, windowBlueprint, windows } from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import { recordOf } from '../records.ts';
import { create, FIELDS } from './window-run.ts';

const DEFINITIONS: readonly WindowDefinition<number>[] = [
  windows.tumbling({ sizeMs: 10 }),
  windows.sliding({ sizeMs: 10, slideMs: 4 }),
  windows.session({ gapMs: 7 }),
  windows.count({ size: 3 }),
  windows.count({ size: 4, slide: 2 }),
  windows.global(),
];

const OPTIONS: readonly WindowOptions[] = [{}, { allowedLatenessMs: 9 }, { early: { everyRecords: 2 } }];

const CASES = DEFINITIONS.flatMap((definition) => OPTIONS.map((options) => [definition, options] as const)).filter(
  ([definition, options]) => windowBlueprint(definition, FIELDS.merging, options).problems.length === 0,
);

const actions = fc.array(
  fc.record({ isWatermark: fc.boolean(), key: fc.constantFrom('a', 'b'), jitter: fc.integer({ min: -15, max: 15 }) }),
  { maxLength: 60, size: 'max' },
);

describe('the watermark behind windows', () => {
  it.each(CASES)('is below every result to come, and raised by all that is in front: %j %j', (definition, options) => {
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
  });

  it('is the one in front of them where none ends at the next millisecond: windows behind windows close with them', () => {
    const passedBy = (definition: WindowDefinition<number>, options: WindowOptions = {}) => {
      const operator = create(definition, FIELDS.merging, options)();
      return [8, 9, 10, 11, 13, 14, TIME_UNSET, END_OF_TIME].map((time) => operator.outputWatermark!(time));
    };

    const ends = [TIME_UNSET, END_OF_TIME];
    expect(passedBy(windows.tumbling({ sizeMs: 10 }))).toEqual([8, 8, 10, 11, 13, 14, ...ends]);
    expect(passedBy(windows.sliding({ sizeMs: 10, slideMs: 4 }))).toEqual([8, 8, 10, 11, 12, 14, ...ends]);
    expect(passedBy(windows.session({ gapMs: 7 }))).toEqual([7, 8, 9, 10, 12, 13, ...ends]);
    const late = { allowedLatenessMs: 4 };
    expect(passedBy(windows.tumbling({ sizeMs: 10 }), late)).toEqual([4, 5, 6, 7, 8, 10, ...ends]);
    const byWallClock = windows.tumbling({ sizeMs: 10, time: 'processing' });
    expect(passedBy(byWallClock)).toEqual([8, 9, 10, 11, 13, 14, ...ends]);
  });

  it('is that of the end of input alone where results may be of any age', () => {
    const passedBy = (definition: WindowDefinition<number>, options: WindowOptions = {}) => {
      const operator = create(definition, FIELDS.merging, options)();
      return [10, END_OF_TIME].map((time) => operator.outputWatermark!(time));
    };

    const atEnd = [TIME_UNSET, END_OF_TIME];
    for (const kind of [windows.global(), windows.count({ size: 3 }), windows.count({ size: 4, slide: 2 })]) {
      expect(passedBy(kind)).toEqual(atEnd);
    }
    for (const kind of [windows.global(), windows.tumbling({ sizeMs: 10 }), windows.session({ gapMs: 7 })]) {
      expect(passedBy(kind, { emit: 'complete' })).toEqual(atEnd);
    }
    // Every row of these comes with a record, and is no older.
    expect(passedBy(windows.global(), { emit: 'update' })).toEqual([10, END_OF_TIME]);
    expect(passedBy(windows.count({ size: 3 }), { emit: 'update' })).toEqual([10, END_OF_TIME]);
  });
});
