/**
 * The main job on real input, run by the built command line as a user would: as a module and as a job file, at several
 * degrees of parallelism, always compared with a plain program over the same array.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { EngineMode } from 'millrace';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Flight } from '../../examples/flights/flights.job.ts';
import { type CommandResult, runMillrace, runNode } from '../support/run-millrace.ts';
import { TemporaryProject } from '../support/temporary-project.ts';
import { type AirportRow, groupBy, runFlightsReference } from './flights-reference.ts';

const FLIGHTS: URL = new URL('../../node_modules/vega-datasets/data/flights-20k.json', import.meta.url);
const flights: readonly Flight[] = JSON.parse(readFileSync(FLIGHTS, 'utf8'));
const reference = runFlightsReference(flights);

const OUT = 'examples/flights/out';
const MODULE = 'examples/flights/flights.job.ts';
const FILE = 'examples/flights/flights.job.json';

// Each run starts four threads, three of which load the TypeScript compiler on old Nodes.
vi.setConfig({ testTimeout: 120_000 });

let project: TemporaryProject;

beforeEach(() => {
  project = new TemporaryProject(['vega-datasets', 'tsx']);
  project.copy(MODULE);
  project.copy(FILE);
});

afterEach(() => project.remove());

const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];

const run = (job: string, mode: EngineMode, parallelism: number): Promise<CommandResult> =>
  runMillrace(
    project.directory,
    'run',
    job,
    '--state',
    project.path('state'),
    '--mode',
    mode,
    '--parallelism',
    String(parallelism),
    '--quiet',
  );

function expectOutputsOfReference(): void {
  const airports = groupBy(project.rows<AirportRow>(`${OUT}/airports.jsonl`), (row) => row.key);
  const heavy = groupBy(project.rows<Flight>(`${OUT}/heavy-delays.jsonl`), (flight) => flight.origin);

  expect(new Set(airports.keys())).toEqual(new Set(reference.rowsByAirport.keys()));
  for (const [airport, rows] of reference.rowsByAirport) expect(airports.get(airport), airport).toEqual(rows);
  expect(new Set(heavy.keys())).toEqual(new Set(reference.heavyByOrigin.keys()));
  for (const [origin, rows] of reference.heavyByOrigin) expect(heavy.get(origin), origin).toEqual(rows);
}

describe('the flights example', () => {
  test('has a reference that does not agree with just anything', () => {
    expect(flights).toHaveLength(20_000);
    expect(reference.rowsByAirport.size).toBe(220);
    expect([...reference.heavyByOrigin.values()].flat()).toHaveLength(1089);
  });

  describe.each(MODES)('in %s mode', (mode) => {
    for (const job of [MODULE, FILE]) {
      for (const parallelism of [1, 2, 3]) {
        test(`${job.endsWith('.ts') ? 'as a module' : 'as a job file'} at parallelism ${parallelism} writes what a plain program computes`, async () => {
          const result = await run(job, mode, parallelism);

          expect(result, result.stderr).toMatchObject({ exitCode: 0 });
          expectOutputsOfReference();
        });
      }
    }
  });

  test.each<[EngineMode, EngineMode]>([
    ['continuous', 'microbatch'],
    ['microbatch', 'continuous'],
  ])(
    'run in %s mode and again in %s mode, as the other form and at another parallelism, finds everything done and changes nothing',
    async (first, second) => {
      expect(await run(MODULE, first, 2)).toMatchObject({ exitCode: 0 });
      const before = readFileSync(project.path(`${OUT}/airports.jsonl`), 'utf8');

      const again = await run(FILE, second, 3);

      expect(again, again.stderr).toMatchObject({ exitCode: 0 });
      expect(readFileSync(project.path(`${OUT}/airports.jsonl`), 'utf8')).toBe(before);
      expectOutputsOfReference();
    },
  );

  test('explains the same plan, with the same fingerprint, as a module and as a job file, and touches nothing', async () => {
    const module = await runMillrace(project.directory, 'explain', MODULE);
    const file = await runMillrace(project.directory, 'explain', FILE);

    expect(module, module.stderr).toMatchObject({ exitCode: 0 });
    expect(module.stdout).toContain('airports');
    expect(file.stdout).toBe(module.stdout);
    expect(existsSync(project.path(OUT))).toBe(false);
  });
});

describe('the script of the flights example', () => {
  const runScript = (...options: readonly string[]): Promise<CommandResult> =>
    runNode(project.directory, 'examples/flights/run.js', ...options);

  beforeEach(() => {
    for (const file of ['run.js', 'main.ts', 'progress.ts', 'summary.ts']) project.copy(`examples/flights/${file}`);
  });

  test('shows progress and the worst airports, says when nothing is new, and begins again on request', async () => {
    const first = await runScript();
    const again = await runScript('--parallelism', '3');
    const fresh = await runScript('--json', '--fresh');

    for (const result of [first, again, fresh]) {
      expect(result, result.stderr).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toContain('20,000 of 20,000 departures');
      expect(result.stdout).toMatch(/JFK +200 +16\.2 min +278 min/);
      expect(result.stdout).toContain('1,089 flights were more than an hour late');
    }
    expect(first.stdout).toMatch(/20,000 records in .* s/);
    expect(again.stdout).toContain('Nothing new: all 20,000 departures');
    expect(fresh.stdout).toMatch(/20,000 records in .* s/);
    expectOutputsOfReference();
  });
});
