import { describe, expect, it } from 'vitest';
import { checkOpenOptions, checkStartOptions } from '../../src/check-launch-options.ts';
import { CHOICE_TABLE, OPTION_TABLE } from '../../src/execution/option-table.ts';
import { type JobOptionsInput, resolveJobOptions } from '../../src/execution/options.ts';
import { OptionError } from '../../src/model/index.ts';

function problemsOf(body: () => unknown): readonly string[] {
  try {
    body();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    for (const problem of (error as OptionError).problems) expect((error as OptionError).message).toContain(problem);
    return (error as OptionError).problems;
  }
}

describe('the options of a job', () => {
  it('are complete and frozen; later ones win; no parallelism means one subtask per worker', () => {
    const options = resolveJobOptions({ workers: 3, epoch: { intervalMs: 5 } }, { epoch: { records: 7 }, workers: 4 });

    expect(options).toMatchObject({ mode: 'continuous', workers: 4, parallelism: 4, keyGroups: 128 });
    expect(options.epoch).toEqual({ intervalMs: 5, records: 7, slowMs: 60_000 });
    expect(Object.isFrozen(options) && Object.isFrozen(options.epoch)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['a misspelt name', { paralelism: 2 }, 'paralelism: no such option; did you mean "parallelism"?'],
    ['a misspelt name in a group', { epoch: { interval: 2 } }, 'epoch.interval: no such option'],
    ['a name in another place', { intervalMs: 2 }, 'intervalMs: no such option; did you mean "epoch.intervalMs"?'],
    ['a misspelt group', { epcoh: {} }, 'epcoh: no such option; did you mean "epoch"?'],
    ['a name nobody meant', { q: 1 }, 'q: no such option'],
    ['a group that is a number', { epoch: 5 }, 'epoch: must be an object with intervalMs, records, slowMs, not 5'],
    [
      'a group that is a list',
      { loop: [] },
      'loop: must be an object with stepRecords, encodeSliceMs, parkMaxMs, not a list',
    ],
    ['not a number', { workers: Number.NaN }, 'workers: must be a whole number from 1 to 64, not NaN ('],
    [
      'an infinity',
      { epoch: { intervalMs: Number.POSITIVE_INFINITY } },
      'epoch.intervalMs: must be a number from 0 to 3600000, not Infinity (',
    ],
    ['text for a number', { workers: '2' }, 'workers: must be a whole number from 1 to 64, not "2" ('],
    ['a BigInt for a number', { workers: 2n }, 'workers: must be a whole number from 1 to 64, not 2 ('],
    ['null for a number', { workers: null }, 'workers: must be a whole number from 1 to 64, not null ('],
    [
      'an object for a number',
      { workers: { count: 2 } },
      'workers: must be a whole number from 1 to 64, not an object (',
    ],
    [
      'a misspelt mode',
      { mode: 'micro-batch' },
      'mode: must be one of "continuous", "microbatch", "adaptive", not "micro-batch"; did you mean "microbatch"?',
    ],
    [
      'a trigger that is a number',
      { batch: { trigger: 5 } },
      'batch.trigger: must be one of "as-soon-as-possible", "interval", "available-now", "once", not 5',
    ],
    ['a name that every object has', { mode: 'toString' }, 'mode: must be one of "continuous", '],
    [
      'a choice in another place',
      { speculation: 'off' },
      'speculation: no such option; did you mean "batch.speculation"?',
    ],
    [
      'trigger interval without an interval',
      { batch: { trigger: 'interval' } },
      'batch.intervalMs: must be more than 0 with batch.trigger "interval", not 0',
    ],
    [
      'rate control without an interval',
      { batch: { rateControl: 'pid' } },
      'batch.rateControl: needs batch.intervalMs to be "pid"',
    ],
    [
      'fewer workers at most than at least',
      { batch: { minWorkers: 3, maxWorkers: 2 } },
      'batch.minWorkers: must be at most batch.maxWorkers (2), not 3',
    ],
    [
      'an end to what adapts for ever',
      { mode: 'adaptive', batch: { trigger: 'once' } },
      'batch.trigger: must not be "once" with mode "adaptive", which goes on; use mode "microbatch"',
    ],
    [
      'too few key groups',
      { workers: 5, keyGroups: 3 },
      'parallelism: must be at most keyGroups (3), or a subtask would own no key, not 5',
    ],
  ])('are refused: %s', (_case, options, problem) => {
    const problems = problemsOf(() => resolveJobOptions(options));

    expect(problems).toHaveLength(1);
    expect(problems[0]!.startsWith(problem), problems[0]).toBe(true);
  });

  it('are refused with everything wrong at once', () => {
    const input = {
      workers: 0,
      epoch: 5,
      drian: 1,
      parallelism: 9,
      keyGroups: 3,
      mode: 'fast',
      batch: { trigger: 'interval', rateControl: 'pid', minWorkers: 9, maxWorkers: 8, recordMax: 1 },
    } as object;

    expect(problemsOf(() => resolveJobOptions(input)).map((problem) => problem.split(':')[0])).toEqual([
      'epoch',
      'drian',
      'batch.recordMax',
      'mode',
      'workers',
      'parallelism',
      'batch.intervalMs',
      'batch.rateControl',
      'batch.minWorkers',
    ]);
  });

  it.each<[string, JobOptionsInput['batch'], JobOptionsInput['batch'], string]>([
    ['nothing given', {}, {}, 'as-soon-as-possible'],
    ['an interval alone', { intervalMs: 10 }, {}, 'interval'],
    ['an interval given later', {}, { intervalMs: 10 }, 'interval'],
    ['an interval taken back', { intervalMs: 10 }, { intervalMs: 0 }, 'as-soon-as-possible'],
    ['both', { intervalMs: 10, trigger: 'interval' }, {}, 'interval'],
    ['another trigger, which leaves the interval unused', { intervalMs: 10 }, { trigger: 'once' }, 'once'],
    ['no hurry asked for', { intervalMs: 10 }, { trigger: 'as-soon-as-possible' }, 'as-soon-as-possible'],
  ])('make the trigger of %s', (_case, batch, later, trigger) => {
    expect(resolveJobOptions({ batch }, { batch: later }).batch.trigger).toBe(trigger);
  });

  it.each<[JobOptionsInput['batch'], number, number]>([
    [{}, 3, 3],
    [{ minWorkers: 1 }, 1, 3],
    [{ minWorkers: 5 }, 5, 5],
    [{ maxWorkers: 2 }, 2, 2],
    [{ maxWorkers: 5 }, 3, 5],
    [{ minWorkers: 1, maxWorkers: 7 }, 1, 7],
  ])('with 3 workers and %j for batches keep %i threads and use %i at most', (batch, min, max) => {
    const resolved = resolveJobOptions({ workers: 3, batch }).batch;

    expect([resolved.minWorkers, resolved.maxWorkers]).toEqual([min, max]);
  });

  it('of other modes are checked too, and fallbacks of the table fit together', () => {
    expect(resolveJobOptions({ mode: 'microbatch' })).toMatchObject({
      mode: 'microbatch',
      batch: { trigger: 'as-soon-as-possible', speculation: 'on', rateControl: 'off', recordsMax: 500_000 },
      adaptive: { backlogMs: 5000, caughtUpMs: 2000, dwellMs: 10_000 },
    });
    expect(resolveJobOptions({ mode: 'adaptive', batch: { intervalMs: 5, rateControl: 'pid' } }).mode).toBe('adaptive');
    for (const [path, { choices, fallback }] of Object.entries(CHOICE_TABLE)) expect(choices, path).toContain(fallback);
    for (const [path, { min, max, fallback }] of Object.entries(OPTION_TABLE)) {
      expect(fallback >= min && fallback <= max, path).toBe(true);
    }
  });
});

describe('the options of Millrace.open and start', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'a misspelt name and an impossible number',
      { direcotry: 'data', workers: 0 },
      [
        'direcotry: no such option; options of a job are given to start; did you mean "directory"?',
        'workers: must be a whole number from 1 to 64, not 0 (threads about equal to cores, one left for the host and the driver)',
      ],
    ],
    ['a directory that is none', { directory: 5 }, ['directory: must be the path of a directory, not 5']],
    ['null', null as unknown as object, ['options: must be an object, not null']],
  ])('open refuses %s', (_case, options, problems) => {
    expect(problemsOf(() => checkOpenOptions(options))).toEqual(problems);
  });

  it.each<[string, object, readonly string[]]>([
    [
      'several mistakes at once',
      { stateDirectry: 'x', stateDirectory: '', until: { kind: 'recrods', records: 1 }, epoch: 5 },
      [
        'stateDirectory: must be the path of a directory, not ""',
        'until.kind: must be one of "end", "idle", "records", "duration", not "recrods"; did you mean "records"?',
        'stateDirectry: no such option; did you mean "stateDirectory"?',
        'epoch: must be an object with intervalMs, records, slowMs, not 5',
      ],
    ],
    [
      'text for until',
      { until: 'idle' },
      ['until: must be an object with a kind ("end", "idle", "records", "duration"), not "idle"'],
    ],
    [
      'no kind of until',
      { until: {} },
      ['until.kind: must be one of "end", "idle", "records", "duration", not undefined'],
    ],
    [
      'a negative number of records',
      { until: { kind: 'records', records: -1 } },
      ['until.records: must be a whole number of records, 0 or more, not -1'],
    ],
    [
      'half a record',
      { until: { kind: 'records', records: 1.5 } },
      ['until.records: must be a whole number of records, 0 or more, not 1.5'],
    ],
    [
      'an endless duration',
      { until: { kind: 'duration', durationMs: Number.NaN } },
      ['until.durationMs: must be a number of milliseconds, 0 or more, not NaN'],
    ],
    [
      'a field of another kind',
      { until: { kind: 'duration', duration: 5 } },
      [
        'until.duration: no such field beside kind "duration"; did you mean "durationMs"?',
        'until.durationMs: must be a number of milliseconds, 0 or more, not undefined',
      ],
    ],
    [
      'a kind that every object has',
      { until: { kind: 'toString' } },
      ['until.kind: must be one of "end", "idle", "records", "duration", not "toString"'],
    ],
  ])('start refuses %s', (_case, options, problems) => {
    expect(problemsOf(() => checkStartOptions(options))).toEqual(problems);
  });

  it.each([
    {},
    { until: { kind: 'end' } },
    { until: { kind: 'records', records: 0 } },
    { until: { kind: 'duration', durationMs: 0.5 }, stateDirectory: 'x', workers: 1, epoch: { records: 1 } },
    // Whether that is too much depends on what the job says.
    { parallelism: 200 },
  ])('start takes %j', (options) => {
    expect(problemsOf(() => checkStartOptions(options))).toEqual([]);
  });
});
