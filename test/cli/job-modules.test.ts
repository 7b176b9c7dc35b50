/** Jobs with code of their own, in JavaScript and TypeScript, run by the built command line: every thread loads them. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CommandResult, runMillrace } from '../support/run-millrace.ts';
import { TemporaryProject } from '../support/temporary-project.ts';

const loadsTypeScript = Boolean((process.features as { readonly typescript?: unknown }).typescript);

let project: TemporaryProject;
const millrace = (...words: readonly string[]): Promise<CommandResult> => runMillrace(project.directory, ...words);

const job = (module: string): string =>
  JSON.stringify({
    name: 'scores',
    workers: 2,
    parallelism: 2,
    sources: { numbers: { type: 'generator', records: 1000, fields: { n: 'index', k: '"k" + string(index % 7)' } } },
    transforms: {
      scored: { type: 'map', inputs: ['numbers'], module, export: 'score' },
      totals: { type: 'process', inputs: ['scored'], key: 'record.k', module, export: 'totals' },
    },
    sinks: {
      rows: { type: 'file', inputs: ['totals'], path: 'rows.jsonl' },
      large: { type: 'file', inputs: ['totals.large'], path: 'large.jsonl' },
    },
  });

const MODULE = `
import { states } from 'millrace';
export const score = (record) => ({ ...record, score: record.n * 2 });
export const totals = {
  states: { total: states.value() },
  sides: { large: {} },
  process(value, context) {
    const total = (context.states.total.get() ?? 0) + value.score;
    context.states.total.set(total);
    context.emit({ key: context.key, total });
    if (value.score > 1990) context.emitTo('large', value);
  },
};
`;

const TYPESCRIPT = MODULE.replace('(record) =>', '(record: { readonly n: number }): object =>');

const JOB_MODULE = `
import { defineJob, sinks, sources } from 'millrace';
import { score } from './code.EXT';
export default defineJob('scores', (job) => {
  job
    .source('numbers', sources.generator({ records: 100, create: (index) => ({ n: index }) }))
    .map(score)
    .named('scored')
    .to('rows', sinks.file({ path: 'rows.jsonl' }));
});
`;

beforeEach(() => {
  project = new TemporaryProject(['tsx']);
  writeFileSync(project.path('code.js'), MODULE);
  writeFileSync(project.path('code.ts'), TYPESCRIPT);
});

afterEach(() => project.remove());

describe('a job with modules', () => {
  it.each(['./code.js', './code.ts'])(
    'runs %s in every thread',
    async (module) => {
      writeFileSync(project.path('job.json'), job(module));

      const { exitCode, stderr } = await millrace('run', 'job.json', '--quiet');

      expect(exitCode, stderr).toBe(0);
      const last = new Map(
        project.rows<{ key: string; total: number }>('rows.jsonl').map(({ key, total }) => [key, total]),
      );
      const expected = new Map<string, number>();
      for (let n = 0; n < 1000; n++) expected.set(`k${n % 7}`, (expected.get(`k${n % 7}`) ?? 0) + 2 * n);
      expect(last).toEqual(expected);
      const large = project.rows<{ n: number }>('large.jsonl').map(({ n }) => n);
      expect(large.sort()).toEqual([996, 997, 998, 999]);
    },
    60_000,
  );

  it.each(['js', 'ts'])(
    'may be a module itself, in %s',
    async (extension) => {
      writeFileSync(project.path(`scores.job.${extension}`), JOB_MODULE.replace('EXT', extension));

      const { exitCode, stderr } = await millrace('run', `scores.job.${extension}`, '--quiet');

      expect(exitCode, stderr).toBe(0);
      expect(project.rows<{ n: number }>('rows.jsonl').map(({ n }) => n)).toEqual(
        Array.from({ length: 100 }, (_, n) => n),
      );
    },
    60_000,
  );

  it('is refused with file and line of what Node cannot read, where Node knows them', async () => {
    writeFileSync(project.path('broken.cjs'), '\nconst = ;\n');
    writeFileSync(project.path('imports.js'), "\n\nimport { nope } from 'node:fs';\nexport default nope;\n");
    const inputs = ['in'];
    const b = { type: 'map', inputs, module: './broken.cjs' };
    const c = { type: 'map', inputs: ['b'], module: './imports.js' };
    const sources = { in: { type: 'file', path: 'x' } };
    const sinks = { out: { type: 'discard', inputs: ['c'] } };
    writeFileSync(project.path('job.json'), JSON.stringify({ name: 'a', sources, transforms: { b, c }, sinks }));

    const { exitCode, stderr } = await millrace('validate', 'job.json');

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/transforms\.b\.module .*SyntaxError: .* \(.*broken\.cjs:2\)$/m);
    expect(stderr).toMatch(/transforms\.c\.module .*SyntaxError: .*'nope' \(.*imports\.js:3\)$/m);
  });

  it.skipIf(loadsTypeScript)('says what to do where TypeScript cannot be loaded', async () => {
    project.remove();
    project = new TemporaryProject();
    writeFileSync(project.path('code.ts'), TYPESCRIPT);
    writeFileSync(project.path('job.json'), job('./code.ts'));

    const { exitCode, stderr } = await millrace('validate', 'job.json');

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/cannot load the TypeScript module .*code\.ts by itself; install tsx beside it/);
  });
});
