import { describe, expect, it } from 'vitest';
import { BatchTime, endOf } from '../../src/microbatch/batch-time.ts';
import type { SurveyedSources } from '../../src/microbatch/plan-batch.ts';
import { type BatchPlan, type CheckpointTime, END_OF_TIME, TIME_UNSET } from '../../src/model/index.ts';
import type { PhysicalPlan } from '../../src/plan/physical-plan.ts';

const source = (id: string, eventTime?: object) => ({
  chain: [{ node: { role: 'source', id, eventTime, connector: { isBounded: true } } }],
});
const EVENT_TIME = { timestampOf: () => 0, outOfOrderMs: 10, idleTimeoutMs: 1000 };
const plan = { stages: [source('in', EVENT_TIME), source('plain')] } as unknown as PhysicalPlan;

const MORE = { until: 9, isEmpty: false, isEnd: false };
const NOTHING = { isEmpty: true, isEnd: false };
const ENDED = { isEmpty: true, isEnd: true };

const committed = (parts: Partial<CheckpointTime>): CheckpointTime => ({
  policy: 'min',
  splits: { in: { a: 100, b: 70 } },
  stages: {},
  nextEventTimer: END_OF_TIME,
  nextProcessingTimer: END_OF_TIME,
  late: {},
  ...parts,
});

function timeOf(surveys: SurveyedSources): BatchTime {
  const time = new BatchTime(plan, 0);
  time.surveyed(surveys, 0);
  return time;
}

const batchOf = (time: BatchTime, ranges: BatchPlan['ranges'] = {}): BatchPlan => ({
  formatVersion: 2,
  epoch: 1,
  plannedAt: 0,
  ranges,
  watermarks: time.sourceTimes(committed({}), 0),
  isLast: false,
});

describe('the time of sources between two batches', () => {
  it('follows from what is committed, by the slowest split', () => {
    const time = timeOf({ in: { a: MORE, b: MORE }, plain: { p: MORE } });

    expect(time.sourceTimes(committed({}), 0)).toEqual({
      in: { time: 60, isIdle: false, isEnded: false },
      plain: { time: TIME_UNSET, isIdle: true, isEnded: false },
    });
  });

  it('does not wait for splits that have ended, and ends with the last one', () => {
    expect(timeOf({ in: { a: MORE, b: ENDED } }).sourceTimes(committed({}), 0)['in']).toMatchObject({ time: 90 });
    expect(timeOf({ in: { a: ENDED, b: ENDED } }).sourceTimes(committed({}), 0)['in']).toMatchObject({ isEnded: true });
  });

  it('does not wait for a split without input for longer than its idle timeout', () => {
    const time = timeOf({ in: { a: MORE, b: NOTHING } });
    time.ran(batchOf(time, { in: { a: {} } }), 900);

    expect(time.sourceTimes(committed({}), 999)['in']).toMatchObject({ time: 60 });
    expect(time.sourceTimes(committed({}), 1000)['in']).toMatchObject({ time: 90, isIdle: false });
  });

  it('waits for a split that has input and does not get a turn', () => {
    const time = timeOf({ in: { a: NOTHING, b: MORE } });
    time.surveyed({ in: { a: NOTHING, b: MORE } }, 5000);

    expect(time.sourceTimes(committed({}), 5500)['in']).toMatchObject({ time: 60, isIdle: false });
  });

  it('is not known before anybody has looked at its splits', () => {
    expect(new BatchTime(plan, 0).sourceTimes(committed({}), 0)['in']).toEqual({
      time: TIME_UNSET,
      isIdle: false,
      isEnded: false,
    });
  });

  it('is the end of time where a source that ends has no splits', () => {
    expect(timeOf({ in: {}, plain: {} }).sourceTimes(undefined, 0)['in']).toMatchObject({ isEnded: true });
  });

  it('is the end of time behind the last batch', () => {
    const time = timeOf({ in: { a: MORE, b: MORE }, plain: { p: MORE } });

    expect(Object.values(endOf(time.sourceTimes(committed({}), 0))).every(({ isEnded }) => isEnded)).toBe(true);
  });
});

describe('the status of splits between two batches', () => {
  it('shows how far each has come, and all at the end of time behind the last batch, whatever was seen of them before it', () => {
    const time = timeOf({ in: { a: MORE, b: MORE } });
    const shown = (splits: CheckpointTime['splits']) =>
      time.status(committed({ splits }), 50).splits.map(({ split, watermark }) => [split, watermark]);

    expect(shown({ in: { a: 100, b: 70 } })).toEqual([
      ['a', 90],
      ['b', 60],
    ]);
    time.ran({ ...batchOf(time), isLast: true }, 40);
    expect(shown({ in: { a: END_OF_TIME, b: END_OF_TIME } })).toEqual([
      ['a', END_OF_TIME],
      ['b', END_OF_TIME],
    ]);
  });
});

describe('a batch without data', () => {
  it('is due when the watermark has risen up to a timer, once', () => {
    const time = timeOf({ in: { a: NOTHING, b: NOTHING } });

    expect(time.isDue(committed({ nextEventTimer: 61 }), 0, 0)).toBe(false);
    expect(time.isDue(committed({ nextEventTimer: 60 }), 0, 0)).toBe(true);
    time.ran(batchOf(time), 0);
    expect(time.isDue(committed({ nextEventTimer: 60 }), 0, 0)).toBe(false);
  });

  it('is due when the wall clock has come to a timer', () => {
    const time = timeOf({});

    expect(time.isDue(committed({ nextProcessingTimer: 500 }), 499, 0)).toBe(false);
    expect(time.isDue(committed({ nextProcessingTimer: 500 }), 500, 0)).toBe(true);
  });

  it('is never due in a job that has committed nothing', () => {
    expect(timeOf({ in: { a: ENDED } }).isDue(undefined, 1e15, 1e9)).toBe(false);
  });

  it('may become due when the next split turns idle, or the next timer does', () => {
    const time = timeOf({ in: { a: NOTHING, b: NOTHING } });
    time.ran(batchOf(time, { in: { a: {} } }), 300);

    expect(time.dueInMs(committed({ nextEventTimer: 5 }), 0, 400)).toBe(600);
    expect(time.dueInMs(committed({ nextEventTimer: 5, nextProcessingTimer: 250 }), 100, 400)).toBe(150);
    expect(time.dueInMs(committed({}), 0, 400)).toBe(Number.POSITIVE_INFINITY);
  });
});
