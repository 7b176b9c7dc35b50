import { describe, expect, it } from 'vitest';
import { decideStop, type Progress, type Until } from '../../src/execution/decide-stop.ts';

const progress = (part: Partial<Progress> = {}): Progress => ({
  sourceSubtasks: 3,
  sources: { active: 3, idle: 0, ended: 0 },
  recordsReadByRun: 0,
  uptimeMs: 0,
  ...part,
});
const END: Until = { kind: 'end' };

describe('deciding when a job ends by itself', () => {
  it('completes when all sources have ended, whatever else was asked for', () => {
    const ended = progress({ sources: { active: 0, idle: 0, ended: 3 } });

    for (const until of [END, { kind: 'idle' }, { kind: 'records', records: 9 }, { kind: 'duration', durationMs: 9 }]) {
      expect(decideStop(until as Until, ended)).toBe('complete');
    }
  });

  it('goes on while a source has not reported yet', () => {
    expect(decideStop(END, progress({ sources: { active: 0, idle: 0, ended: 2 } }))).toBeUndefined();
    expect(decideStop({ kind: 'idle' }, progress({ sources: { active: 0, idle: 2, ended: 0 } }))).toBeUndefined();
  });

  it('drains on idle only when nobody is active', () => {
    expect(decideStop({ kind: 'idle' }, progress({ sources: { active: 1, idle: 1, ended: 1 } }))).toBeUndefined();
    expect(decideStop({ kind: 'idle' }, progress({ sources: { active: 0, idle: 1, ended: 2 } }))).toBe('drain');
    expect(decideStop(END, progress({ sources: { active: 0, idle: 3, ended: 0 } }))).toBeUndefined();
  });

  it('drains at the number of records and at the duration, not before', () => {
    const records: Until = { kind: 'records', records: 100 };
    const duration: Until = { kind: 'duration', durationMs: 100 };

    expect(decideStop(records, progress({ recordsReadByRun: 99 }))).toBeUndefined();
    expect(decideStop(records, progress({ recordsReadByRun: 100 }))).toBe('drain');
    expect(decideStop(duration, progress({ uptimeMs: 99.9 }))).toBeUndefined();
    expect(decideStop(duration, progress({ uptimeMs: 100 }))).toBe('drain');
  });
});
