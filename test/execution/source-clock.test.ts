import { describe, expect, it } from 'vitest';
import { SourceClock } from '../../src/execution/source-clock.ts';
import { END_OF_TIME, StreamRecord, TIME_UNSET } from '../../src/model/index.ts';

const EVENT_TIME = { timestampOf: (value: unknown) => value as number, outOfOrderMs: 10, idleTimeoutMs: 1000 };

function clockOf(splits: readonly string[], seen: Readonly<Record<string, number>> = {}, eventTime = EVENT_TIME) {
  return new SourceClock(eventTime, { splits, seen, isBounded: true, now: 0 });
}

const at = (value: unknown): StreamRecord => new StreamRecord(value, undefined, Number.NaN, 0);

describe('the event time of a source', () => {
  it('is that of its slowest split, less the disorder it allows', () => {
    const clock = clockOf(['a', 'b']);
    clock.enterSplit('a');
    clock.stamp(at(500), 1);
    clock.enterSplit('b');
    clock.stamp(at(300), 1);
    clock.stamp(at(250), 1);

    expect(clock.time(1)).toEqual({ time: 290, isIdle: false, isEnded: false });
    expect(clock.seen()).toEqual({ a: 500, b: 300 });
  });

  it('is unset while a split has said nothing', () => {
    const clock = clockOf(['a', 'b']);
    clock.enterSplit('a');
    clock.stamp(at(500), 1);

    expect(clock.time(1).time).toBe(TIME_UNSET);
  });

  it('stamps records, and leaves those alone that have no finite time', () => {
    const clock = clockOf(['a']);

    expect(clock.stamp(at(7), 1).timestamp).toBe(7);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) {
      expect(clock.stamp(at(value), 1).timestamp).toBeNaN();
    }
    expect(clock.seen()).toEqual({ a: 7 });
  });

  it('counts records without a finite time by split, once, and none where no event time is defined', () => {
    const clock = clockOf(['a', '__proto__', 'c']);
    clock.enterSplit('a');
    clock.stamp(at(7), 1);
    expect(clock.takeUntimed()).toBeUndefined();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) clock.stamp(at(value), 1);
    clock.enterSplit('__proto__');
    clock.stamp(at(null), 1);

    expect(Object.entries(clock.takeUntimed()!)).toEqual([
      ['a', 4],
      ['__proto__', 1],
    ]);
    expect(clock.takeUntimed()).toBeUndefined();

    const timeless = new SourceClock(undefined, { splits: ['a'], seen: {}, isBounded: true, now: 0 });
    timeless.stamp(at(null), 1);
    expect(timeless.takeUntimed()).toBeUndefined();
  });

  it.each([
    ['a Date', new Date(0)],
    ['a string', '2001-01-01'],
    ['a bigint', 7n],
  ])('refuses %s with a word on what is wanted', (what, value) => {
    expect(() => clockOf(['a']).stamp(at(value), 1)).toThrow(`withEventTime returned ${what}`);
  });

  it('leaves a split out that has been silent for its timeout, and says when that will be', () => {
    const clock = clockOf(['a', 'b']);
    clock.caughtUp(0);
    clock.enterSplit('a');
    clock.stamp(at(500), 1500);

    expect(clock.idleAt(900)).toBe(1000);
    expect(clock.time(1500)).toEqual({ time: 490, isIdle: false, isEnded: false });
    expect(clock.idleAt(1500)).toBe(Number.POSITIVE_INFINITY);
    clock.caughtUpSplit('a', 1500);
    expect(clock.idleAt(1500)).toBe(2500);
    expect(clock.time(2500).isIdle).toBe(true);
  });

  it('ends when all splits have, or when the reader says so of all', () => {
    const clock = clockOf(['a', 'b']);
    clock.endSplit('a');

    expect(clock.time(1).isEnded).toBe(false);
    expect(clock.seen()).toEqual({ a: END_OF_TIME, b: TIME_UNSET });
    clock.end();
    expect(clock.time(1).isEnded).toBe(true);
  });

  it('goes on from a checkpoint', () => {
    const clock = clockOf(['a', 'b'], { a: 400, b: 300 });

    expect(clock.time(1).time).toBe(290);
  });

  it('of a source that has none is idle until it ends: it never holds others back', () => {
    const clock = new SourceClock(undefined, { splits: ['a'], seen: {}, isBounded: true, now: 0 });
    const record = at(5);

    expect(clock.stamp(record, 1)).toBe(record);
    expect(clock.time(1)).toEqual({ time: TIME_UNSET, isIdle: true, isEnded: false });
    clock.endSplit('a');
    expect(clock.time(1)).toEqual({ time: TIME_UNSET, isIdle: false, isEnded: true });
  });

  it('of a subtask without splits is ended, or idle where more could come', () => {
    expect(clockOf([]).time(1)).toMatchObject({ isEnded: true, isIdle: false });
    const followed = new SourceClock(EVENT_TIME, { splits: [], seen: {}, isBounded: false, now: 0 });
    expect(followed.time(1)).toMatchObject({ isEnded: false, isIdle: true });
  });

  it('refuses a split that is not of the reader', () => {
    expect(() => clockOf(['a']).enterSplit('b')).toThrow("split 'b'");
  });
});
