/** `millrace compare` in processes of its own, on small jobs: what it proves, what it finds, and what it leaves behind. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/compare/comparison.ts';
import { type CommandResult, runMillrace } from '../support/run-millrace.ts';
import { TemporaryProject } from '../support/temporary-project.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** Nine runs of a process each, on a machine that may do other things. */
const TIMEOUT_MS = 240_000;
const RECORDS = 3000;

const LATE = {
  name: 'late',
  workers: 2,
  state: { directory: 'state' },
  epoch: { intervalMs: 100 },
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

const CHANCE = `
import { defineJob, sinks, sources } from 'millrace';
const records = Array.from({ length: ${RECORDS} }, (_, index) => ({ index }));
export default defineJob('chance', (job) => {
  const drawn = job.source('in', sources.memory(records)).map((record) => ({ ...record, chance: Math.random() }));
  drawn.to('drawn', sinks.discard());
  drawn.map(({ index }) => ({ index })).to('plain', sinks.discard());
});
`;

let project: TemporaryProject;
let temporary: string | undefined;

beforeEach(() => {
  project = new TemporaryProject();
  mkdirSync(project.path('tmp'));
  temporary = process.env['TMPDIR'];
  process.env['TMPDIR'] = project.path('tmp');
});

afterEach(() => {
  if (temporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporary;
  project.remove();
});

function writeLate(): void {
  const airports = ['ATL', 'DTW', 'JFK', 'LAX', 'ORD'];
  const lines = Array.from({ length: RECORDS }, (_, index) =>
    JSON.stringify({ origin: airports[index % airports.length], delay: (index * 37) % 120 }),
  );
  writeFileSync(project.path('late.json'), JSON.stringify(LATE));
  writeFileSync(project.path('flights.jsonl'), `${lines.join('\n')}\n`);
}

function compare(...words: readonly string[]): Promise<CommandResult> {
  return runMillrace(project.directory, 'compare', ...words, '--duration', '1', '--intervals', '50');
}

/** Sinks of which some run wrote something else. */
function differingSinks({ outputs }: Comparison): readonly string[] {
  const differing = outputs.flatMap(({ sinks }) => sinks.filter(({ level }) => level === 'different'));
  return [...new Set(differing.map(({ sink }) => sink))];
}

describe('millrace compare in a process', () => {
  it(
    'proves that both modes commit the same rows, killed in the middle or not, and touches nothing of the job',
    async () => {
      writeLate();

      const { exitCode, stdout, stderr } = await compare('late.json', '--json');

      expect(exitCode, stderr).toBe(0);
      const found = JSON.parse(stdout) as Comparison;
      expect(found).toMatchObject({ job: 'late', equal: true });
      expect(found.outputs.map(({ variant, trial }) => `${variant} ${trial}`)).toEqual([
        'microbatch-asap drain',
        'microbatch-50ms drain',
        'continuous killed',
        'microbatch-asap paced',
        'microbatch-asap killed',
        'microbatch-50ms paced',
        'microbatch-50ms killed',
      ]);
      expect(
        found.outputs.flatMap(({ sinks }) => sinks.map(({ sink, rowsInOther }) => [sink, rowsInOther > 0])),
      ).toEqual(
        found.outputs.flatMap(() => [
          ['rows', true],
          ['latest', true],
        ]),
      );
      for (const { drain, paced, recovery } of found.variants) {
        expect(drain.records).toBe(RECORDS);
        expect(drain.cpuMs).toBeGreaterThan(0);
        expect(drain.peakMemoryBytes).toBeGreaterThan(10_000_000);
        expect(paced.latency.count).toBeGreaterThan(0);
        expect(paced.visible.count).toBeGreaterThan(0);
        expect(paced.distribution.at(-1)).toMatchObject({ percentile: 100 });
        expect(recovery!.firstCommitMs).toBeGreaterThan(0);
      }
      expect(readdirSync(project.directory).sort()).toEqual([
        'flights.jsonl',
        'late.json',
        'node_modules',
        'package.json',
        'tmp',
      ]);
      expect(readdirSync(project.path('tmp'))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'finds the sink whose rows depend on chance, says so, and ends with 1',
    async () => {
      writeFileSync(project.path('chance.mjs'), CHANCE);

      const { exitCode, stdout, stderr } = await compare('chance.mjs', '--json', '--keep', 'kept');

      expect(exitCode, stderr).toBe(1);
      const found = JSON.parse(stdout) as Comparison;
      expect(found).toMatchObject({ equal: false, level: 'different', isRepeatable: false });
      expect(differingSinks(found)).toEqual(['drawn']);
      const [drawn] = found.outputs[0]!.sinks;
      expect(drawn).toMatchObject({ rowsInReference: RECORDS, rowsInOther: RECORDS });
      expect(drawn!.difference).toMatchObject({ onlyInReference: RECORDS, onlyInOther: RECORDS });
      const kept = readFileSync(project.path('kept/continuous/drain/output/plain.jsonl'), 'utf8').trimEnd().split('\n');
      expect(kept).toHaveLength(RECORDS);
    },
    TIMEOUT_MS,
  );

  it(
    'ends its processes and removes its folder on Ctrl-C',
    async () => {
      writeLate();
      const child = spawn(process.execPath, [MAIN, 'compare', 'late.json'], {
        cwd: project.directory,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
      let said = '';
      await new Promise<void>((resolve) => {
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.includes('on schedule')) resolve();
        });
      });
      const children = `/proc/${child.pid}/task/${child.pid}/children`;
      const trials = existsSync(children) ? readFileSync(children, 'utf8').trim().split(/\s+/) : [];

      child.kill('SIGINT');

      expect(await exited, said).toBe(130);
      expect(readdirSync(project.path('tmp'))).toEqual([]);
      expect(trials.filter((trial) => existsSync(`/proc/${trial}/task`))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('refuses what makes no sense with exit code 2 and one sentence, before anything runs', async () => {
    writeLate();
    const cases: readonly (readonly [RegExp, ...string[]])[] = [
      [/--rate must be records per second, above 0/, 'late.json', '--rate', '0'],
      [/there is no option --rte of millrace compare; did you mean --rate\?/, 'late.json', '--rte', '5'],
      [/the job .*none\.json does not exist/, 'none.json'],
      [/--report .* cannot be written \(ENOENT\); nothing was run/, 'late.json', '--report', 'nowhere/page.html'],
    ];

    for (const [message, ...words] of cases) {
      const { exitCode, stdout, stderr } = await runMillrace(project.directory, 'compare', ...words);

      expect([exitCode, stdout], stderr).toEqual([2, '']);
      expect(stderr).toMatch(message);
    }
    expect(readdirSync(project.path('tmp'))).toEqual([]);
  });
});
