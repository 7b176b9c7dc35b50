/**
 * What README.md shows is compiled with the shipped types and run with the built package: the job as a module, the same job
 * as a file, and the embedding.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runMillrace, runNode } from '../support/run-millrace.ts';
import { TemporaryProject } from '../support/temporary-project.ts';

const README: string = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const COMPILER: string = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

interface Row {
  readonly key: string;
  readonly flights: number;
  readonly meanDelay: number;
}

function blocksOf(language: string): readonly string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!);
}

const flights = Array.from({ length: 1000 }, (_, index) => ({
  origin: ['ATL', 'JFK', 'SEA'][index % 3]!,
  delay: (index * 37) % 60,
}));

function expectedRows(): readonly Row[] {
  const totals = new Map<string, { flights: number; delay: number }>();
  return flights
    .filter((flight) => flight.delay > 15)
    .map(({ origin, delay }) => {
      const total = totals.get(origin) ?? { flights: 0, delay: 0 };
      totals.set(origin, total);
      total.flights += 1;
      total.delay += delay;
      return { key: origin, flights: total.flights, meanDelay: total.delay / total.flights };
    });
}

const ofKey = (rows: readonly Row[], key: string): readonly Row[] => rows.filter((row) => row.key === key);

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let project: TemporaryProject;

beforeAll(async () => {
  const [jobModule, service] = blocksOf('ts');
  const [jobFile] = blocksOf('json');
  project = new TemporaryProject(['@types/node', 'undici-types']);
  writeFileSync(project.path('flights.jsonl'), flights.map((flight) => `${JSON.stringify(flight)}\n`).join(''));
  writeFileSync(project.path('delays.job.ts'), jobModule!);
  writeFileSync(project.path('service.ts'), service!);
  writeFileSync(project.path('delays.job.json'), jobFile!);
  const flags = [
    '--strict',
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--skipLibCheck',
    'false',
  ];
  const compiled = await runNode(project.directory, COMPILER, ...flags, 'delays.job.ts', 'service.ts');
  expect(compiled, compiled.stdout).toMatchObject({ exitCode: 0 });
});

afterAll(() => project.remove());

describe('README.md', () => {
  test.each([
    ['module', 'delays.job.js'],
    ['file', 'delays.job.json'],
  ])('shows a job as a %s that writes what a plain program computes', async (form, job) => {
    const state = project.path(`state-${form}`);
    const result = await runMillrace(project.directory, 'run', job, '--state', state, '--quiet');

    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    const rows = project.take<Row>('delays.jsonl');
    expect(rows).toHaveLength(expectedRows().length);
    for (const key of ['ATL', 'JFK', 'SEA']) expect(ofKey(rows, key), key).toEqual(ofKey(expectedRows(), key));
  });

  test('shows a service that starts the job, drains it and ends by itself', async () => {
    const result = await runNode(project.directory, 'service.js');

    expect(result, result.stderr).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toContain('isFinal: true');
    const rows = project.take<Row>('delays.jsonl');
    for (const key of ['ATL', 'JFK', 'SEA']) {
      const drained = ofKey(rows, key);
      expect(drained, key).toEqual(ofKey(expectedRows(), key).slice(0, drained.length));
    }
  });
});
