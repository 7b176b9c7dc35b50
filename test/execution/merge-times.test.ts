import { describe, expect, it } from 'vitest';
import { INPUT_UNSET, mergeTimes, watermarkOf } from '../../src/execution/merge-times.ts';
import { END_OF_TIME, type InputTime, TIME_UNSET } from '../../src/model/index.ts';

const live = (time: number): InputTime => ({ time, isIdle: false, isEnded: false });
const idle = (time: number): InputTime => ({ time, isIdle: true, isEnded: false });
const ended = (time: number): InputTime => ({ time, isIdle: false, isEnded: true });

describe('the watermark of several inputs', () => {
  it('is that of the slowest, or of the fastest where the job says so', () => {
    expect(watermarkOf(mergeTimes([live(5), live(3), live(9)], 'min'))).toBe(3);
    expect(watermarkOf(mergeTimes([live(5), live(3), live(9)], 'max'))).toBe(9);
  });

  it('is unset while one of them has said nothing', () => {
    expect(watermarkOf(mergeTimes([live(5), INPUT_UNSET], 'min'))).toBe(TIME_UNSET);
  });

  it('does not wait for idle ones', () => {
    expect(mergeTimes([live(5), idle(3)], 'min')).toEqual(live(5));
  });

  it('is the highest of all when the last one turns idle, whichever that is', () => {
    expect(mergeTimes([idle(5), idle(3)], 'min')).toEqual(idle(5));
    expect(mergeTimes([idle(3), idle(5)], 'min')).toEqual(idle(5));
  });

  it('is the end of time when all have ended, and not before', () => {
    expect(watermarkOf(mergeTimes([ended(5), ended(3)], 'min'))).toBe(END_OF_TIME);
    expect(watermarkOf(mergeTimes([ended(5), live(3)], 'min'))).toBe(3);
    expect(watermarkOf(mergeTimes([ended(5), live(3)], 'max'))).toBe(3);
  });

  it('counts how far ended ones had come when the others are idle', () => {
    expect(mergeTimes([ended(5), idle(3)], 'min')).toEqual(idle(5));
  });

  it('of no input is idle and never ends', () => {
    expect(mergeTimes([], 'min')).toEqual(idle(TIME_UNSET));
  });
});
