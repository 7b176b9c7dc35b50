import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { type JobOutcome, LockedError, OptionError, PlanError } from '../../src/index.ts';
import { toReport } from '../../src/model/index.ts';
import { FakePorts, statusOf } from './fake-ports.ts';

const COMPLETED: JobOutcome = { kind: 'completed', stop: 'complete' };
const DRAINED: JobOutcome = { kind: 'completed', stop: 'drain' };

/** Lets everything that needs no further event happen. */
const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('millrace run', () => {
  it('starts the job with the options given, sums up, and exits with 0', async () => {
    const ports = new FakePorts();
    const words = 'run a.json --until 1.5m --state 007 --parallelism 3 --workers 2 --mode continuous';

    const code = runCli(words.split(' '), '1', ports);
    ports.job.finish(COMPLETED);

    expect(await code).toBe(0);
    expect(ports.started).toEqual([
      {
        job: 'a.json',
        options: {
          mode: 'continuous',
          parallelism: 3,
          workers: 2,
          stateDirectory: resolve('007'),
          until: { kind: 'duration', durationMs: 90_000 },
        },
      },
    ]);
    expect(ports.out).toBe(
      [
        'job delays: completed; all input is processed and committed',
        '  records   20,000 read in 2 s, 10,000 records/s',
        '  written   21,500 by sinks, since the state directory began',
        '  epochs    2 committed, the newest is 2; commit p50 3.1 ms  p90 5 ms  p99 5 ms  p99.9 5 ms  max 5 ms',
        '  mode      continuous',
        '  latency   p50 0.075 ms  p90 0.4 ms  p99 1.25 ms  p99.9 12.3 ms  max 105 ms',
        '  refused   0 dead letters, 0 skipped',
        '  state     220 entries cached in memory, 2 KiB; those deleted or expired of late count, those on disk alone do not',
        '  restarts  0',
        '',
      ].join('\n'),
    );
    expect(ports.listeners).toBe(0);
  });

  it.each<[string, object]>([
    ['--mode adaptive', { mode: 'adaptive' }],
    ['--mode microbatch', { mode: 'microbatch' }],
    ['--trigger once', { mode: 'microbatch', batch: { trigger: 'once' } }],
    ['--trigger available-now', { mode: 'microbatch', batch: { trigger: 'available-now' } }],
    ['--mode adaptive --trigger as-soon-as-possible', { mode: 'adaptive', batch: { trigger: 'as-soon-as-possible' } }],
    ['--trigger 1.5s', { mode: 'microbatch', batch: { trigger: 'interval', intervalMs: 1500 } }],
  ])('takes %s for the options of the engine', async (words, options) => {
    const ports = new FakePorts();

    const code = runCli(['run', 'a.json', ...words.split(' ')], '1', ports);
    ports.job.finish(COMPLETED);

    expect(await code).toBe(0);
    expect(ports.started).toEqual([{ job: 'a.json', options }]);
  });

  it('says when there was nothing new to do', async () => {
    const ports = new FakePorts();
    ports.job.current = statusOf({ recordsReadByRun: 0 });

    const code = runCli(['run', 'a.json'], '1', ports);
    ports.job.finish(COMPLETED);

    expect(await code).toBe(0);
    expect(ports.out).toContain('there was nothing new to read');
  });

  it('names allowed changes of the job before anything else, even with --quiet, and in the JSON summary', async () => {
    const ports = new FakePorts();
    ports.job.current = statusOf({
      allowedChanges: ['late: the filter is new', 'raw\u001b: the sink is new and begins empty'],
    });

    const code = runCli(['run', 'a.json', '--quiet', '--json'], '1', ports);
    ports.job.finish(COMPLETED);

    expect(await code).toBe(0);
    expect(ports.err).toBe(
      'the job differs from the one that wrote its state; it goes on, with\n' +
        '  late: the filter is new\n' +
        '  raw\\u001b: the sink is new and begins empty\n',
    );
    expect(JSON.parse(ports.out)).toMatchObject({ allowedChanges: ports.job.current.allowedChanges });
  });

  it('prints a plain line a second when nobody can see a line being rewritten', async () => {
    const ports = new FakePorts();
    const code = runCli(['run', 'a.json'], '1', ports);
    await settle();

    ports.clock.advance(999);
    expect(ports.err).toBe('');
    ports.clock.advance(1);
    ports.job.current = statusOf({ recordsReadByRun: 25_000, deadLetters: 2, restarts: 1, epoch: 3 });
    ports.clock.advance(1000);
    ports.job.finish(COMPLETED);
    await code;

    expect(ports.err).toBe(
      'delays running  20,000 records  10,000/s  epoch 2  lag p50 0.075 ms p99 1.25 ms\n' +
        'delays running  25,000 records  5,000/s  epoch 3  lag p50 0.075 ms p99 1.25 ms  2 dead letters  1 restart\n',
    );
    expect(ports.clock.nextDueAt()).toBeUndefined();
  });

  it('rewrites one line on a terminal, never wider than it, and wipes it before the summary', async () => {
    const ports = new FakePorts();
    ports.isInteractive = true;
    ports.width = 30;
    const code = runCli(['run', 'a.json'], '1', ports);
    await settle();

    ports.clock.advance(400);
    ports.job.finish(COMPLETED);
    await code;

    const shown = 'delays running  20,000 record';
    expect(ports.err).toBe(`\r${shown}\r${shown}\r${' '.repeat(29)}\r`);
  });

  it('is silent with --quiet, and prints one line of JSON with --json', async () => {
    const quiet = new FakePorts();
    const json = new FakePorts();

    const codes = [
      runCli(['run', 'a.json', '--quiet'], '1', quiet),
      runCli(['run', 'a.json', '--json', '--quiet'], '1', json),
    ];
    await settle();
    quiet.clock.advance(5000);
    quiet.job.finish(COMPLETED);
    json.job.finish(COMPLETED);
    await Promise.all(codes);

    expect([quiet.out, quiet.err]).toEqual(['', '']);
    expect(JSON.parse(json.out)).toMatchObject({
      outcome: 'completed',
      job: 'delays',
      recordsPerSecond: 10_000,
      epoch: 2,
    });
    expect(json.out.split('\n')).toHaveLength(2);
  });

  it('exits with 1 and says what happened, where and why when the job fails', async () => {
    const ports = new FakePorts();
    const error = new Error('bad\u001b[2Jinput', { cause: new TypeError('deep') });
    const report = toReport(error, { node: 'late', split: 'a.jsonl', offset: '17' });

    const code = runCli(['run', 'a.json'], '1', ports);
    ports.job.finish({ kind: 'failed', report, reason: '10 restarts within 300 s' });

    expect(await code).toBe(1);
    expect(ports.out).toContain('job delays: failed');
    expect(ports.err).toBe(
      [
        'the job failed: 10 restarts within 300 s',
        '  bad\\u001b[2Jinput',
        '  at node late, split a.jsonl, offset 17 (ERR_UNEXPECTED)',
        '  because: TypeError: deep',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('drains on %s and exits with %i', async (signal, expected) => {
    const ports = new FakePorts();
    const code = runCli(['run', 'a.json'], '1', ports);
    await settle();

    ports.signal(signal);
    expect(ports.job.drains).toBe(1);
    ports.job.finish(DRAINED);

    expect(await code).toBe(expected);
    expect(ports.exits).toEqual([]);
    expect(ports.out).toContain('drained; everything read is committed');
  });

  it('ends at once on a second signal', async () => {
    const ports = new FakePorts();
    const code = runCli(['run', 'a.json'], '1', ports);
    await settle();

    ports.signal('SIGINT');
    ports.signal('SIGTERM');

    expect(ports.exits).toEqual([143]);
    ports.job.finish(DRAINED);
    await code;
  });

  it('drains as soon as the job runs when the signal came while it was being started', async () => {
    const ports = new FakePorts();
    let open = (): void => {};
    ports.startGate = new Promise((done) => {
      open = done;
    });
    const code = runCli(['run', 'a.json'], '1', ports);
    await settle();

    ports.signal('SIGTERM');
    expect(ports.job.drains).toBe(0);
    open();
    await settle();
    expect(ports.job.drains).toBe(1);
    ports.job.finish(DRAINED);

    expect(await code).toBe(143);
  });

  it('exits with 1 when the job fails while it is drained for a signal', async () => {
    const ports = new FakePorts();
    const code = runCli(['run', 'a.json'], '1', ports);
    await settle();

    ports.signal('SIGINT');
    ports.job.finish({ kind: 'failed', report: toReport(new Error('x')), reason: 'x' });

    expect(await code).toBe(1);
  });

  it.each([
    [new OptionError('bad'), 2],
    [new PlanError('bad'), 2],
    [new LockedError('held by pid 7'), 1],
    [new Error('unforeseen'), 1],
  ])('answers a refused start (%s) with exit code %i', async (error, expected) => {
    const ports = new FakePorts();
    ports.startGate = Promise.reject(error);

    expect(await runCli(['run', 'a.json'], '1', ports)).toBe(expected);
    expect(ports.err).toContain(error.message);
    expect(ports.out).toBe('');
    expect(ports.listeners).toBe(0);
  });
});

describe('a wrong command line', () => {
  it.each<[string, string]>([
    ['rnu a.json', 'there is no command "rnu"; did you mean run?'],
    ['run', 'something is missing: millrace run JOB [options]'],
    ['run a b', '"b" is one word too many'],
    ['run a --untill idle', 'there is no option --untill of millrace run; did you mean --until?'],
    ['run a --dashboard 80', 'there is no option --dashboard of millrace run; there are --mode'],
    ['run a --supervise', 'there is no option --supervise of millrace run'],
    ['run a -x', 'there is no option -x of millrace run'],
    ['run a --until', '--until needs a value: --until WHEN'],
    ['run a --until=', '--until needs a value: --until WHEN'],
    ['run a --until soon', '--until must be idle, a duration (500ms, 30s, 5m, 1h) or a number of records, not "soon"'],
    ['run a --until -5', '--until must be idle'],
    ['run a --until 5d', '--until must be idle'],
    ['run a --parallelism 0', '--parallelism must be a whole number of at least 1, not "0"'],
    ['run a --workers 1.5', '--workers must be a whole number of at least 1, not "1.5"'],
    [
      'run a --mode micro-batch',
      '--mode must be continuous, microbatch, adaptive, not "micro-batch"; did you mean microbatch?',
    ],
    [
      'run a --trigger avialable-now',
      '--trigger must be as-soon-as-possible, available-now, once or a duration (500ms, 30s, 5m, 1h), not "avialable-now"; did you mean available-now?',
    ],
    ['run a --trigger 0s', '--trigger must be as-soon-as-possible, '],
    ['run a --trigger 5', '--trigger must be as-soon-as-possible, '],
    ['run a --trigger once --mode continuous', '--trigger says when batches start, and --mode continuous has none'],
    ['validate a --trigger once', 'there is no option --trigger of millrace validate'],
    ['run a --quiet=yes', '--quiet takes no value'],
    ['run a --state x --state y', '--state is given twice'],
    ['validate a --until idle', 'there is no option --until of millrace validate'],
    ['state dir lst', 'millrace state has no "lst"; did you mean list?'],
    ['state dir get a', 'it is: millrace state DIR get NODE STATE KEY, or get TABLE KEY'],
  ])('%s: exit code 2, and nothing is started', async (line, message) => {
    const ports = new FakePorts();

    expect(await runCli(line.split(' '), '1', ports)).toBe(2);
    expect(ports.err).toContain(message);
    expect(ports.err).toContain('--help says more)');
    expect(ports.started).toEqual([]);
    expect(ports.out).toBe('');
  });

  it.each<[string, object]>([
    ['idle', { kind: 'idle' }],
    ['100000', { kind: 'records', records: 100_000 }],
    ['500ms', { kind: 'duration', durationMs: 500 }],
    ['1.5s', { kind: 'duration', durationMs: 1500 }],
    ['2h', { kind: 'duration', durationMs: 7_200_000 }],
  ])('--until %s is understood', async (text, until) => {
    const ports = new FakePorts();
    const code = runCli(['run', 'a', '--until', text], '1', ports);
    ports.job.finish(COMPLETED);
    await code;

    expect(ports.started[0]!.options.until).toEqual(until);
  });

  it('help and version are no mistakes', async () => {
    for (const [words, text] of [
      [[], 'usage: millrace COMMAND'],
      [['--help'], 'usage: millrace COMMAND'],
      [['help', 'run'], '--until WHEN'],
      [['run', '--help'], 'usage: millrace run JOB [options]'],
      [['--version'], '1.2.3\n'],
    ] as const) {
      const ports = new FakePorts();

      expect(await runCli(words, '1.2.3', ports)).toBe(0);
      expect(ports.out).toContain(text);
    }
  });
});
