import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WatermarkMerger } from '../../src/execution/watermark-merger.ts';
import { END_OF_TIME, TIME_UNSET, type Watermark } from '../../src/model/index.ts';
import '../support/property-seed.ts';

const at = (time: number, isIdle = false): Watermark => ({ kind: 'watermark', time, isIdle, ingestTime: time });

describe('watermarks of several channels', () => {
  it('rise with the slowest channel', () => {
    const merger = new WatermarkMerger([0, 0], 'min', TIME_UNSET);

    expect(merger.onWatermark(0, at(5))).toBeUndefined();
    expect(merger.onWatermark(1, at(3))).toEqual(at(3));
    expect(merger.onWatermark(1, at(9))).toEqual({ ...at(5), ingestTime: 9 });
  });

  it('rise with the fastest exchange under policy max, and with the slowest channel inside one', () => {
    const merger = new WatermarkMerger([0, 0, 1], 'max', TIME_UNSET);

    expect(merger.onWatermark(0, at(50))).toBeUndefined();
    expect(merger.onWatermark(2, at(7))).toEqual(at(7));
    expect(merger.onWatermark(1, at(20))).toEqual(at(20));
  });

  it('never fall below what a checkpoint was made under', () => {
    const merger = new WatermarkMerger([0], 'min', 100);

    expect(merger.onWatermark(0, at(60))).toBeUndefined();
    expect(merger.onWatermark(0, at(101))).toEqual(at(101));
  });

  it('go on without a channel that turns idle, and wait for it again when it speaks', () => {
    const merger = new WatermarkMerger([0, 0], 'min', TIME_UNSET);
    merger.onWatermark(0, at(10));
    merger.onWatermark(1, at(4));

    expect(merger.onWatermark(1, at(4, true))).toEqual({ ...at(10), ingestTime: 4 });
    expect(merger.onWatermark(1, at(6))).toBeUndefined();
    expect(merger.onWatermark(0, at(20))).toBeUndefined();
    expect(merger.onWatermark(1, at(15))).toEqual(at(15));
  });

  it('wait for channels of the same sources that have not heard yet that these have woken', () => {
    const origin = { sources: new Set([0]), isUniform: true };
    const merger = new WatermarkMerger([0, 0], 'min', TIME_UNSET, [origin]);
    merger.onWatermark(0, at(4, true));
    expect(merger.onWatermark(1, at(4, true))).toEqual(at(4, true));

    expect(merger.onWatermark(0, at(90))).toEqual({ ...at(4), ingestTime: 90 });
    expect(merger.onWatermark(0, at(END_OF_TIME))).toBeUndefined();
    expect(merger.onWatermark(1, at(90))).toEqual(at(90));
  });

  it('wait for an input that hears of the same source as one that has woken, and for no other', () => {
    const from = (...sources: readonly number[]) => ({ sources: new Set(sources), isUniform: true });
    const merger = new WatermarkMerger([0, 1, 2], 'min', TIME_UNSET, [from(0), from(0, 1), from(2)]);
    for (const channel of [0, 1, 2]) merger.onWatermark(channel, at(4, true));

    expect(merger.onWatermark(0, at(90))).toEqual({ ...at(4), ingestTime: 90 });
    expect(merger.onWatermark(1, at(80))).toEqual(at(80));
  });

  it('tell that all are idle', () => {
    const merger = new WatermarkMerger([0], 'min', TIME_UNSET);
    merger.onWatermark(0, at(4));

    expect(merger.onWatermark(0, at(4, true))).toEqual(at(4, true));
  });

  it('end when every channel has', () => {
    const merger = new WatermarkMerger([0, 1], 'min', TIME_UNSET);

    expect(merger.onWatermark(0, at(END_OF_TIME))).toBeUndefined();
    expect(merger.onWatermark(1, at(END_OF_TIME))).toEqual(at(END_OF_TIME));
  });

  it('never fall, whatever comes', () => {
    const step = fc.record({ channel: fc.nat(3), rise: fc.nat(10), isIdle: fc.boolean(), isEnd: fc.nat(20) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom('min' as const, 'max' as const),
        (steps, policy) => {
          const merger = new WatermarkMerger([0, 0, 1, 1], policy, TIME_UNSET);
          const times = [0, 0, 0, 0];
          let last = TIME_UNSET;
          for (const { channel, rise, isIdle, isEnd } of steps) {
            if (times[channel] === END_OF_TIME) continue;
            times[channel] = isEnd === 0 ? END_OF_TIME : times[channel]! + rise;
            const merged = merger.onWatermark(channel, at(times[channel]!, isIdle && isEnd !== 0));
            if (merged === undefined) continue;
            expect(merged.time).toBeGreaterThanOrEqual(last);
            last = merged.time;
          }
        },
      ),
    );
  });
});
