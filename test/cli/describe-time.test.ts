import { describe, expect, it } from 'vitest';
import { describeLate, describeWait, describeWatermark } from '../../src/cli/describe-time.ts';
import { statusOf } from './fake-ports.ts';

const heldBackBy = { source: 'flights', split: 'late.jsonl', watermark: Date.UTC(2001, 0, 1), silentMs: 500 };
const timeOf = (held: Partial<typeof heldBackBy> = {}, idleSplits = 0) =>
  statusOf({ time: { operators: {}, heldBackBy: { ...heldBackBy, ...held }, idleSplits } });

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
    const status = statusOf({
      time: { operators: {}, heldBackBy: { ...heldBackBy, watermark: undefined }, idleSplits: 0 },
    });

    expect(describeWatermark(status)).toBe('not known yet, held by flights, split late.jsonl');
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
    expect(describeLate(statusOf({ late: { hourly: 1200, joined: 1 } }))).toBe('1,200 at hourly, 1 at joined');
  });

  it('escapes what names may hold', () => {
    expect(describeWatermark(timeOf({ split: 'a\u001b[2J' }))).not.toContain('\u001b');
  });
});
