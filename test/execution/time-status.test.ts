import { describe, expect, it } from 'vitest';
import { deriveTimeStatus, type WorkerTime } from '../../src/execution/time-status.ts';
import { END_OF_TIME, TIME_UNSET } from '../../src/model/index.ts';

type Split = WorkerTime['splits'][number];

const splitOf = (source: string, split: string, watermark: number, parts: Partial<Split> = {}): Split => ({
  source,
  split,
  watermark,
  isIdle: false,
  silentMs: 5,
  ...parts,
});

const workerOf = (splits: readonly Split[], stages: WorkerTime['stages'] = {}): WorkerTime => ({ splits, stages });

describe('where a job stands in time', () => {
  it('is held back by the slowest split that is waited for', () => {
    const workers = [
      workerOf([splitOf('a', '0', 70), splitOf('b', '0', 20, { isIdle: true })]),
      workerOf([splitOf('a', '1', 50), splitOf('b', '1', 60), splitOf('b', '2', END_OF_TIME)]),
    ];

    expect(deriveTimeStatus(workers, 'min')).toEqual({
      operators: {},
      heldBackBy: { source: 'a', split: '1', watermark: 50, untimed: 0, silentMs: 5 },
      idleSplits: 1,
      untimed: {},
    });
  });

  it('is held back by the slowest split of the fastest source under policy max', () => {
    const workers = [workerOf([splitOf('a', '0', 70), splitOf('b', '0', 90), splitOf('b', '1', 80)])];

    expect(deriveTimeStatus(workers, 'max').heldBackBy).toMatchObject({ source: 'b', split: '1' });
  });

  it('is held back by a split that has said nothing, whose time is not known', () => {
    const workers = [workerOf([splitOf('a', '0', 70), splitOf('a', '1', TIME_UNSET)])];

    expect(deriveTimeStatus(workers, 'min').heldBackBy).toEqual({
      source: 'a',
      split: '1',
      watermark: undefined,
      untimed: 0,
      silentMs: 5,
    });
  });

  it('counts records without event time by source, and those of the split that holds it back', () => {
    const workers = [workerOf([splitOf('a', '0', 70), splitOf('a', '__proto__', TIME_UNSET), splitOf('b', '0', 90)])];
    const untimed = {
      a: Object.fromEntries([
        ['0', 4],
        ['__proto__', 3],
      ]),
      gone: { '0': 2 },
    };

    const status = deriveTimeStatus(workers, 'min', untimed);

    expect(status.untimed).toEqual({ a: 7, gone: 2 });
    expect(status.heldBackBy).toMatchObject({ split: '__proto__', watermark: undefined, untimed: 3 });
    expect(deriveTimeStatus(workers, 'max', untimed).heldBackBy).toMatchObject({ source: 'b', untimed: 0 });
  });

  it('is held back by a source of any name without a record that was untimed', () => {
    const workers = [workerOf([splitOf('constructor', 'name', TIME_UNSET)])];

    expect(deriveTimeStatus(workers, 'min', {}).heldBackBy).toMatchObject({ source: 'constructor', untimed: 0 });
  });

  it('is held back by nobody when all have ended or are silent', () => {
    const workers = [workerOf([splitOf('a', '0', END_OF_TIME), splitOf('b', '0', 3, { isIdle: true })])];

    expect(deriveTimeStatus(workers, 'min').heldBackBy).toBeUndefined();
  });

  it('shows each operator under the lowest watermark of its subtasks, and no infinities', () => {
    const workers = [
      workerOf([], { windows: 90, joined: TIME_UNSET, ended: END_OF_TIME }),
      workerOf([], { windows: 80, joined: 5, ended: END_OF_TIME }),
    ];

    expect(deriveTimeStatus(workers, 'min').operators).toEqual({ windows: 80 });
  });
});
