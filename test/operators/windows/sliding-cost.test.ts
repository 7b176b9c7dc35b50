/** What sliding windows cost must not grow with size / slide: work is counted, not timed. */
import { describe, expect, it } from 'vitest';
import type { Operator } from '../../../src/model/index.ts';
import { type Aggregator, type AggregatorFields, windows } from '../../../src/operators/index.ts';
import { DrivenOperator } from '../../../src/testing/driven-operator.ts';
import { recordOf } from '../records.ts';
import { create, FIELDS } from './window-run.ts';

interface Work {
  readonly calls: number;
  readonly bytes: number;
  readonly rows: number;
}

const SLIDES = 3_000;
/** Slides before the count: longer than any window. */
const WARM_UP_SLIDES = 2_000;

/** Work per slide with one record in each, `behindMs` behind the watermark. */
function workPerSlide(fields: AggregatorFields<number>, ratio: number, byteSlides: number, behindMs = 0): Work {
  const work = { calls: 0, bytes: 0, rows: 0 };
  const counted = Object.fromEntries(
    Object.entries(fields).map(([name, aggregator]) => [name, counting(aggregator, () => work.calls++)]),
  );
  const makeOperator = create(windows.sliding({ sizeMs: ratio * 10, slideMs: 10 }), counted);
  const driven = new DrivenOperator({
    create: makeOperator as () => Operator,
    state: 'keyed',
    onEmit: () => {
      work.rows++;
    },
  });
  const slide = (i: number): void => {
    driven.process(recordOf(1, 'a', i * 10 + 3 - behindMs));
    driven.advanceWatermark(i * 10);
  };
  for (let i = 0; i < WARM_UP_SLIDES; i++) slide(i);
  driven.snapshot();
  work.calls = 0;
  work.rows = 0;
  for (let i = 0; i < SLIDES; i++) {
    slide(WARM_UP_SLIDES + i);
    if (i < byteSlides) work.bytes += driven.snapshot().deltas.at(-1)!.bytes.length;
  }
  driven.close();
  return { calls: work.calls / SLIDES, bytes: work.bytes / byteSlides, rows: work.rows / SLIDES };
}

function counting(
  aggregator: Aggregator<number, unknown, unknown>,
  onCall: () => void,
): Aggregator<number, unknown, unknown> {
  const counted =
    <Args extends unknown[], R>(method: (...args: Args) => R) =>
    (...args: Args): R => {
      onCall();
      return method(...args);
    };
  return {
    ...aggregator,
    add: counted(aggregator.add),
    ...(aggregator.merge && { merge: counted(aggregator.merge) }),
    ...(aggregator.retract && { retract: counted(aggregator.retract) }),
  };
}

describe('the cost of a sliding window', () => {
  it('is an add, a merge and a retract per record and slide, at 10 slides to a window as at 1,000', () => {
    const { total } = FIELDS.retracting;

    for (const ratio of [10, 1_000]) {
      const { calls, rows } = workPerSlide({ total: total! }, ratio, 1);
      expect(calls).toBe(3);
      expect(rows).toBe(1);
    }
  });

  it('is a constant number of merges where nothing can be taken out again', () => {
    const { greatest } = FIELDS.merging;

    for (const ratio of [10, 1_000]) {
      const { calls, rows } = workPerSlide({ greatest: greatest! }, ratio, 1);
      expect(calls).toBeLessThan(7);
      expect(rows).toBe(1);
    }
  });

  it('does not grow either where every record is late for some of its windows', () => {
    for (const field of [{ total: FIELDS.retracting['total']! }, { greatest: FIELDS.merging['greatest']! }]) {
      const [small, large] = [10, 1_000].map((ratio) => workPerSlide(field, ratio, 1, 25));
      expect(large!.calls).toBeLessThan(small!.calls * 1.5);
      expect(large!.calls).toBeLessThan(20);
    }
  });

  it.each([
    ['retracting', 'total'],
    ['merging', 'greatest'],
  ] as const)('in state written per slide does not grow either, %s', (kind, field) => {
    const [small, large] = [10, 1_000].map((ratio) => workPerSlide({ [field]: FIELDS[kind][field]! }, ratio, 1_000));

    expect(large!.bytes).toBeLessThan(small!.bytes * 1.5);
  });
});
