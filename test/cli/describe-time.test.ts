import { describe, expect, it } from 'vitest';
import { describeLate, describeUntimed, describeWait, describeWatermark } from '../../src/cli/describe-time.ts';
import type { JobStatus } from '../../src/index.ts';
import { statusOf } from './fake-ports.ts';

type HeldBack = NonNullable<JobStatus['time']['heldBackBy']>;

const heldBackBy: HeldBack = {
  source: 'flights',
  split: 'late.jsonl',
  watermark: Date.UTC(2001, 0, 1),
  untimed: 0,
  silentMs: 500,
};
const timeOf = (held: Partial<HeldBack> = {}, idleSplits = 0) =>
  statusOf({ time: { operators: {}, heldBackBy: { ...heldBackBy, ...held }, idleSplits, untimed: {} } });

describe('the event time of a job', () => {
  it('is told with the input that holds it back', () => {
    expect(describeWatermark(timeOf())).toBe('2001-01-01T00:00:00.000Z, held by flights, split late.jsonl');
  });

  it('is told with how long that input has been silent, and how many others are not waited for', () => {
    expect(describeWatermark(timeOf({ silentMs: 65_000 }, 3))).toBe(
      '2001-01-01T00:00:00.000Z, held by flights, split late.jsonl, silent for 1 min 5 s; 3 idle and not waited for',
    );
  });

  it('is not known before the first record', () => {
    expect(describeWatermark(timeOf({ watermark: undefined }))).toBe(
      'not known yet, held by flights, split late.jsonl',
    );
  });

  it('is not known either where no record of an input had any, and that is told before it is silent', () => {
    const status = timeOf({ watermark: undefined, untimed: 1200 });

    expect(describeWatermark(status)).toBe(
      'not known yet, held by flights, split late.jsonl (1,200 records of it had no event time)',
    );
    expect(describeWait(status)).toBe(
      'watermark waits for flights, split late.jsonl (1,200 records of it had no event time)',
    );
    expect(describeWait(timeOf({ watermark: undefined, untimed: 1, silentMs: 5000 }))).toContain(
      'split late.jsonl (1 record of it had no event time), silent for 5',
    );
    expect(describeWait(timeOf({ untimed: 1200 }))).toBeUndefined();
  });

  it('is told with the records that had none, by source, and what to do', () => {
    const { time } = statusOf();

    expect(describeUntimed(statusOf())).toBeUndefined();
    expect(describeUntimed(statusOf({ time: { ...time, untimed: { flights: 1 } } }))).toMatch(
      /^1 record of flights, since the state directory began, had no event time: .*check its field/,
    );
    expect(describeUntimed(statusOf({ time: { ...time, untimed: { flights: 1200, weather: 7 } } }))).toMatch(
      /^1,200 records of flights, 7 of weather, since the state directory began, had no event time: /,
    );
  });

  it('is not told where no source has any', () => {
    expect(describeWatermark(statusOf())).toBeUndefined();
    expect(describeLate(statusOf())).toBeUndefined();
  });

  it('is told beside the progress only when it has not moved for long', () => {
    expect(describeWait(timeOf())).toBeUndefined();
    expect(describeWait(timeOf({ silentMs: 5000 }))).toContain(
      'watermark waits for flights, split late.jsonl, silent for 5',
    );
  });

  it('is told with what came too late, by operator', () => {
    expect(describeLate(statusOf({ late: { hourly: 1200, joined: 1 } }))).toBe(
      '1,200 at hourly, 1 at joined, since the state directory began',
    );
  });

  it('escapes what names may hold', () => {
    expect(describeWatermark(timeOf({ split: 'a\u001b[2J' }))).not.toContain('\u001b');
  });
});
