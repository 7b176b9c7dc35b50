/** The built command line in processes of its own: exit codes, output, and what is left on disk. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CommandResult, runMillrace } from '../support/run-millrace.ts';
import { TemporaryProject } from '../support/temporary-project.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const LATE = {
  name: 'late',
  workers: 1,
  state: { directory: 'state' },
  sources: { flights: { type: 'file', path: 'flights.jsonl' } },
  transforms: {
    late: { type: 'filter', inputs: ['flights'], where: 'record.delay > 15' },
    counts: {
      type: 'aggregate',
      inputs: ['late'],
      key: 'record.origin',
      values: { flights: 'count()', worst: 'max(record.delay)' },
    },
  },
  sinks: {
    rows: { type: 'file', inputs: ['counts'], path: 'rows.jsonl' },
    latest: { type: 'table', inputs: ['counts'], key: 'record.key' },
  },
};

const FLIGHTS = [
  '{"origin":"ATL","delay":20}',
  'not json',
  '{"origin":"DTW","delay":3}',
  '{"origin":"ATL","delay":90}',
  '',
];

let project: TemporaryProject;
const millrace = (...words: readonly string[]): Promise<CommandResult> => runMillrace(project.directory, ...words);
const filesOf = (): readonly string[] => readdirSync(project.directory).sort();

beforeEach(() => {
  project = new TemporaryProject();
  writeFileSync(project.path('late.json'), JSON.stringify(LATE, null, 2));
  writeFileSync(project.path('flights.jsonl'), FLIGHTS.join('\n'));
});

afterEach(() => project.remove());

describe('millrace in a process', () => {
  it('runs a JSON job to its end; state shows what it left; a second run has nothing to do', async () => {
    const run = await millrace('run', 'late.json');

    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^job late: completed; all input is processed and committed\n/);
    expect(run.stdout).toMatch(/ {2}refused {3}1 dead letter, 0 skipped/);
    expect(project.rows('rows.jsonl')).toEqual([
      { key: 'ATL', flights: 1, worst: 20 },
      { key: 'ATL', flights: 2, worst: 90 },
    ]);

    const state = async (...words: readonly string[]): Promise<string> =>
      (await millrace('state', 'state', ...words)).stdout;
    expect(await state()).toMatch(/^job late, format \d+, 128 key groups\nepoch .*complete\n$/s);
    expect(await state('show')).toContain('counts  aggregate  accumulators (value)');
    expect(await state('get', 'counts', 'accumulators', 'ATL')).toBe('[2,90]\n');
    expect(await state('get', 'latest', 'ATL')).toBe('{"key":"ATL","flights":2,"worst":90}\n');
    expect(await state('table', 'latest')).toBe('{"key":"ATL","value":{"key":"ATL","flights":2,"worst":90}}\n');
    expect(await state('export')).toBe(
      '{"node":"counts","state":"accumulators","kind":"value","key":"ATL","value":[2,90]}\n',
    );
    expect(await state('verify')).toMatch(/: all intact\n$/);
    expect(await state('dead-letters')).toMatch(/flights.*flights\.jsonl at 28: .*\n {2}not json\n$/);
    expect((await millrace('state', 'state', 'get', 'counts', 'accumulators', 'XXX')).exitCode).toBe(1);

    const again = await millrace('run', 'late.json');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stdout).toContain('there was nothing new to read');
    expect(project.rows('rows.jsonl')).toHaveLength(2);
  }, 60_000);

  it('names what was allowed to change before it goes on, and refuses another key by name', async () => {
    await millrace('run', 'late.json', '--quiet');
    const { late, counts } = LATE.transforms;
    const write = (transforms: object): void =>
      writeFileSync(project.path('late.json'), JSON.stringify({ ...LATE, transforms }));

    write({ late: { ...late, where: 'record.delay > 30' }, counts });
    const allowed = await millrace('run', 'late.json', '--quiet');
    write({ late, counts: { ...counts, key: "record.origin + 'x'" } });
    const refused = await millrace('run', 'late.json', '--quiet');

    expect(allowed).toEqual({
      exitCode: 0,
      stdout: '',
      stderr:
        'the job differs from the one that wrote its state; it goes on, with\n' +
        '  late: where was "record.delay > 15", is now "record.delay > 30"\n',
    });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`counts: key was "record.origin", is now "record.origin + 'x'"`);
    expect(refused.stderr).toContain('Undo the change, or start with a new state directory');
  }, 60_000);

  it('validates and explains without leaving a trace', async () => {
    const before = filesOf();

    const validate = await millrace('validate', 'late.json');
    const explain = await millrace('explain', 'late.json', '--parallelism', '1', '--workers', '1');
    const mermaid = await millrace('explain', 'late.json', '--mermaid');

    expect(validate).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: 'late.json is valid: job late with 1 source, 3 operators, 2 sinks\n',
    });
    expect(explain.exitCode).toBe(0);
    expect(explain.stdout.replace(/fingerprint \w+/, 'fingerprint F')).toMatchInlineSnapshot(`
      "job late: 2 stages, 1 exchange, 1 worker, 128 key groups
      fingerprint F

      stage 0: parallelism 1, worker 0
        flights: source (file flights.jsonl)
        late: filter
        late/keyBy: keyBy
        to stage 1 by hash (exchange 0)

      stage 1: parallelism 1, worker 0
        from stage 0 by hash (exchange 0): late/keyBy
        counts: aggregate (flights: count, worst: max)
        ├─ rows: sink (file rows.jsonl)
        └─ latest: sink (table table)
      "
    `);
    expect(mermaid.stdout).toMatch(/^(flowchart|graph) /);
    expect(filesOf()).toEqual(before);
  });

  it.each(['run', 'validate', 'explain'])(
    '%s refuses a wrong job with every problem, exit code 2, and touches nothing',
    async (command) => {
      const text = JSON.stringify(
        { ...LATE, wrokers: 1, sinks: { rows: { type: 'file', inputs: ['count'], path: 'rows.jsonl' } } },
        null,
        2,
      );
      writeFileSync(project.path('wrong.json'), text);
      const before = filesOf();

      const { exitCode, stdout, stderr } = await millrace(command, 'wrong.json');

      expect(exitCode).toBe(2);
      expect(stdout).toBe('');
      expect(stderr.replaceAll(project.directory, 'DIR').replace(/\(line \d+\)/g, '(line N)')).toBe(
        [
          'millrace: DIR/wrong.json has 3 problems; nothing was started:',
          '  transforms.counts (line N): nothing reads this transform; name it in the inputs of a sink, or remove it',
          '  sinks.rows.inputs[0] (line N): there is no source or transform "count"; did you mean "counts"?',
          '  wrokers (line N): unknown key "wrokers"; "workers" is given already',
          '',
        ].join('\n'),
      );
      expect(filesOf()).toEqual(before);
    },
  );

  it('refuses a missing job, a missing input and a missing state directory in one sentence each', async () => {
    writeFileSync(
      project.path('no-input.json'),
      JSON.stringify({ ...LATE, sources: { flights: { type: 'file', path: 'gone.jsonl' } } }),
    );

    const job = await millrace('run', 'gone.json');
    const input = await millrace('run', 'no-input.json', '--quiet');
    const state = await millrace('state', 'nowhere');
    mkdirSync(project.path('photos'));
    writeFileSync(project.path('photos/summer.jpg'), 'x');
    const foreign = await millrace('run', 'late.json', '--state', 'photos', '--quiet');

    expect(job.exitCode).toBe(2);
    expect(job.stderr).toMatch(/^millrace: the job .*gone\.json does not exist\n$/);
    expect(input.exitCode).toBe(1);
    expect(input.stderr).toContain('gone.jsonl');
    expect(state.exitCode).toBe(2);
    expect(state.stderr).toMatch(/^millrace: there is no state directory at .*nowhere/);
    expect(foreign.exitCode).toBe(2);
    expect(foreign.stderr).toMatch(
      /^millrace: the directory .*photos holds other files .* no state directory of Millrace/,
    );
    expect(readdirSync(project.path('photos'))).toEqual(['summer.jpg']);
    expect(existsSync(project.path('rows.jsonl'))).toBe(false);
  }, 60_000);

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'drains an endless job on %s, exits with %i, and goes on behind it',
    async (signal, expected) => {
      const endless = {
        name: 'endless',
        workers: 1,
        state: { directory: 'state' },
        epoch: { intervalMs: 20 },
        sources: { numbers: { type: 'generator', rate: 2000, fields: { n: 'index' } } },
        sinks: { out: { type: 'file', inputs: ['numbers'], path: 'out.jsonl' } },
      };
      writeFileSync(project.path('endless.json'), JSON.stringify(endless));

      const child = spawn(process.execPath, [MAIN, 'run', 'endless.json'], { cwd: project.directory });
      let stderr = '';
      let stdout = '';
      child.stdout.on('data', (data: Buffer) => {
        stdout += data.toString();
      });
      child.stderr.on('data', (data: Buffer) => {
        stderr += data.toString();
        if (stderr.includes('epoch') && !stderr.includes(signal)) child.kill(signal);
      });
      const exitCode = await new Promise((done) => child.once('close', done));

      expect(exitCode, stderr).toBe(expected);
      expect(stdout).toContain('job endless: drained; everything read is committed');
      const first = project.rows<{ n: number }>('out.jsonl').map(({ n }) => n);
      expect(first).toEqual(first.map((_, index) => index));

      const next = await millrace('run', 'endless.json', '--until', '100', '--quiet');
      expect(next.exitCode, next.stderr).toBe(0);
      const all = project.rows<{ n: number }>('out.jsonl').map(({ n }) => n);
      expect(all.length).toBeGreaterThanOrEqual(first.length + 100);
      expect(all).toEqual(all.map((_, index) => index));
    },
    60_000,
  );
});
