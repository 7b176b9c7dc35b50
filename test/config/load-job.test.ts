import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadJob, loadJobFile, referenceTo } from '../../src/config/index.ts';
import { locateModule, refuseReference } from '../../src/config/module-reference.ts';
import { sinks, sources } from '../../src/connectors/index.ts';
import { type Operator, OptionError, type OutputIndex, StreamRecord } from '../../src/model/index.ts';
import { aggregates } from '../../src/operators/index.ts';
import {
  compile,
  defineJob,
  explain,
  fingerprintOf,
  type LogicalPlan,
  type OperatorNode,
} from '../../src/plan/index.ts';

let directory: string;

beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-config-')));
  const files: Readonly<Record<string, string>> = {
    'score.mjs':
      'export const score = (record) => ({ ...record, score: 1 });\nexport default (record) => [record, record];\n',
    'twice.cjs': 'exports.twice = (record) => [record, record];\n',
    'alarm.mjs':
      'export const alarm = { sides: { large: {} }, process(value, context) { context.emit(value); context.emitTo("large", value); } };\n',
    'broken.mjs': 'export const = ;\n',
    'throws.mjs': 'throw new Error("on purpose");\n',
    'number.mjs': 'export default 5;\n',
    'notes.txt': 'no code\n',
    'job.mjs': `export const options = { parallelism: 3 };\nexport default { name: 'm', build: () => ({ job: 'm', nodes: [] }) };\nexport const other = 5;\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  mkdirSync(join(directory, 'jobs'));
  writeFileSync(join(directory, 'jobs', 'inside.mjs'), 'export default (record) => record;\n');
  symlinkSync(join(directory, 'score.mjs'), join(directory, 'jobs', 'link.mjs'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const FLIGHTS = {
  name: 'flights',
  parallelism: 2,
  epoch: { intervalMs: 50 },
  state: { directory: 'data', retainEpochs: 3 },
  sources: { departures: { type: 'file', path: 'flights.json', format: 'json' } },
  transforms: {
    airports: {
      type: 'aggregate',
      inputs: ['late'],
      key: 'record.origin',
      values: { flights: 'count()', mean: 'mean(record.delay)', worst: 'max(record.delay)' },
    },
    late: { type: 'filter', inputs: ['departures'], parallelism: 3, where: 'record.delay > 15' },
    routes: { type: 'split', inputs: ['departures'], routes: { heavy: 'record.delay > 60' } },
  },
  sinks: {
    rows: { type: 'file', inputs: ['airports'], path: 'rows.jsonl' },
    heavy: { type: 'discard', inputs: ['routes.heavy', 'routes.rest'], parallelism: 1 },
  },
};

async function planOf(job: object): Promise<LogicalPlan> {
  const loaded = await loadJobFile({ path: join(directory, 'job.json'), text: JSON.stringify(job) });
  return loaded.definition.build();
}

/** A job that leads one transform from a generator to a sink. */
function jobOf(transform: object, output = 't'): object {
  return {
    name: 'j',
    sources: { in: { type: 'generator', value: '{"n": index}' } },
    transforms: { t: { inputs: ['in'], ...transform } },
    sinks: { out: { type: 'discard', inputs: [output] } },
  };
}

/** What the operator `id` emits for `values`, each as [output, value]. */
function emitted(
  plan: LogicalPlan,
  id: string,
  values: readonly unknown[],
): readonly (readonly [OutputIndex, unknown])[] {
  const node = plan.nodes.find((candidate) => candidate.id === id) as OperatorNode;
  const operator: Operator = node.create();
  const out: [OutputIndex, unknown][] = [];
  const emitter = {
    emit: (record: StreamRecord) => void out.push([0, record.value]),
    emitTo: (output: OutputIndex, record: StreamRecord) => void out.push([output, record.value]),
  };
  for (const value of values) operator.process(new StreamRecord(value, undefined, Number.NaN, 0), emitter);
  return out;
}

describe('a JSON job', () => {
  it('gives the plan that the same job in TypeScript gives', async () => {
    const inJson = await planOf(FLIGHTS);
    const inTypeScript = defineJob('flights', (job) => {
      interface Flight {
        readonly delay: number;
        readonly origin: string;
      }
      const departures = job.source('departures', sources.file<Flight>({ path: 'flights.json', format: 'json' }));
      const late = departures
        .filter((flight) => flight.delay > 15)
        .named('late')
        .withParallelism(3);
      const airports = late
        .keyBy((flight) => flight.origin)
        .aggregate({
          flights: aggregates.count(),
          mean: aggregates.mean((flight) => flight.delay),
          worst: aggregates.max((flight) => flight.delay),
        })
        .named('airports');
      const routes = departures.split({ heavy: (flight) => flight.delay > 60 });
      routes.rest.named('routes');
      airports.to('rows', sinks.file({ path: 'rows.jsonl' }));
      routes.heavy.merge(routes.rest).to('heavy', sinks.discard(), { parallelism: 1 });
    }).build();

    const options = { parallelism: 2, workers: 2, keyGroups: 128 };

    expect(explain(compile(inJson, options))).toBe(explain(compile(inTypeScript, options)));
    expect(fingerprintOf(inJson)).toBe(fingerprintOf(inTypeScript));
  });

  it('gives the same plan in every thread that loads it from the same text (I9)', async () => {
    const plans = [await planOf(FLIGHTS), await planOf(FLIGHTS)];

    expect(fingerprintOf(plans[0]!)).toBe(fingerprintOf(plans[1]!));
  });

  it('hands on its options, its folder and its state directory', async () => {
    const loaded = await loadJobFile({ path: join(directory, 'job.json'), text: JSON.stringify(FLIGHTS) });

    expect(loaded.options).toEqual({ parallelism: 2, epoch: { intervalMs: 50 }, state: { retainEpochs: 3 } });
    expect(loaded.baseDirectory).toBe(directory);
    expect(loaded.stateDirectory).toBe(join(directory, 'data'));
  });

  it.each<[string, object, unknown, unknown]>([
    ['filter', { type: 'filter', where: 'record.n > 1' }, { n: 2 }, [[0, { n: 2 }]]],
    ['filter that drops', { type: 'filter', where: 'record.n > 1' }, { n: 1 }, []],
    ['map by fields', { type: 'map', fields: { m: 'record.n * 2', __: '"x"' } }, { n: 2 }, [[0, { m: 4, __: 'x' }]]],
    ['map by value', { type: 'map', value: 'record.n' }, { n: 2 }, [[0, 2]]],
    ['map by module', { type: 'map', module: './score.mjs', export: 'score' }, { n: 2 }, [[0, { n: 2, score: 1 }]]],
    [
      'flatMap by list',
      { type: 'flatMap', list: 'record.l.map(x, x + 1)' },
      { l: [1, 2] },
      [
        [0, 2],
        [0, 3],
      ],
    ],
    [
      'flatMap by module',
      { type: 'flatMap', module: './score.mjs' },
      1,
      [
        [0, 1],
        [0, 1],
      ],
    ],
    [
      'flatMap by CommonJS',
      { type: 'flatMap', module: './twice.cjs', export: 'twice' },
      1,
      [
        [0, 1],
        [0, 1],
      ],
    ],
  ])('runs %s', async (_, transform, value, expected) => {
    const plan = await planOf(jobOf(transform));

    expect(emitted(plan, 't', [value])).toEqual(expected);
  });

  it('routes a record to the first route that fits, else to rest', async () => {
    const plan = await planOf(
      jobOf({ type: 'split', routes: { big: 'record > 10', even: 'record % 2 == 0' } }, 't.even'),
    );

    expect(emitted(plan, 't', [12, 4, 3])).toEqual([
      [1, 12],
      [2, 4],
      [0, 3],
    ]);
  });

  it('reads the side outputs of a process, and refuses those that it does not declare', async () => {
    const transform = { type: 'process', key: 'record.n', module: './alarm.mjs', export: 'alarm' };
    const plan = await planOf(jobOf(transform, 't.large'));

    expect(plan.nodes.at(-1)!.inputs).toEqual([{ from: 't', output: 1, partitioning: 'forward', input: 0 }]);
    await expect(planOf(jobOf(transform, 't.lrage'))).rejects.toThrow('"t" has no such output');
  });

  it('merges several inputs, and turns rebalance and broadcast into edges', async () => {
    const plan = await planOf({
      name: 'j',
      sources: { a: { type: 'generator', value: 'index' }, b: { type: 'generator', value: 'index' } },
      transforms: {
        both: { type: 'merge', inputs: ['a', 'b'] },
        even: { type: 'rebalance', inputs: ['a'] },
        all: { type: 'broadcast', inputs: ['b'] },
      },
      sinks: { x: { type: 'discard', inputs: ['both', 'even', 'all'] } },
    });

    expect(plan.nodes.at(-1)!.inputs.map(({ from, partitioning }) => [from, partitioning])).toEqual([
      ['a', 'forward'],
      ['b', 'forward'],
      ['a', 'rebalance'],
      ['b', 'broadcast'],
    ]);
  });

  it('names the expression when a filter, a list or a key is of the wrong type at run time', async () => {
    const filter = await planOf(jobOf({ type: 'filter', where: 'record.n' }));
    const list = await planOf(jobOf({ type: 'flatMap', list: 'record.n' }));

    expect(() => emitted(filter, 't', [{ n: 1 }])).toThrow(
      'transforms.t.where: the expression "record.n" must yield true or false, but it yielded number',
    );
    expect(() => emitted(list, 't', [{ n: 1 }])).toThrow('must yield a list, but it yielded number');
  });

  it('reports all problems of modules and connectors together, with their lines', async () => {
    const job = {
      name: 'j',
      sources: { in: { type: 'file', path: 'x', follow: true, format: 'json' } },
      transforms: {
        a: { type: 'map', inputs: ['in'], module: './missing.mjs' },
        b: { type: 'map', inputs: ['a'], module: './score.mjs', export: 'scroe' },
        c: { type: 'map', inputs: ['b'], module: './number.mjs' },
        d: { type: 'map', inputs: ['c'], module: './broken.mjs' },
        e: { type: 'map', inputs: ['d'], module: './throws.mjs' },
        f: { type: 'process', inputs: ['e'], key: 'record', module: './number.mjs', export: 'constructor' },
      },
      sinks: { out: { type: 'discard', inputs: ['f'] } },
    };
    const text = JSON.stringify(job, null, 2);

    const error = (await loadJobFile({ path: join(directory, 'job.json'), text }).catch(
      (thrown: unknown) => thrown,
    )) as OptionError;

    expect(error).toBeInstanceOf(OptionError);
    expect(error.problems.map((problem) => problem.replaceAll(directory, 'DIR'))).toEqual([
      "sources.in.follow (line 7): an array has an end: a followed file needs format 'jsonl' or 'csv'",
      'transforms.a.module (line 17): the module "./missing.mjs" is not usable: there is no such file',
      'transforms.b.module (line 24): ./score.mjs has no export "scroe": it exports default, score; did you mean "score"?',
      'transforms.c.module (line 32): the export of ./number.mjs must be a function of the record',
      expect.stringMatching(/^transforms\.d\.module \(line 39\): the module DIR\/broken\.mjs could not be loaded: /),
      'transforms.e.module (line 46): the module DIR/throws.mjs could not be loaded: Error: on purpose',
      'transforms.f.module (line 54): ./number.mjs has no export "constructor": it exports default',
    ]);
  });
});

describe('problems of all kinds at once', () => {
  const problemsOf = async (job: object): Promise<readonly string[]> => {
    const loading = loadJobFile({ path: join(directory, 'job.json'), text: JSON.stringify(job, null, 2) });
    const error = await loading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OptionError);
    expect((error as OptionError).message).toContain(join(directory, 'job.json'));
    return (error as OptionError).problems.map((problem) => problem.replaceAll(directory, 'DIR'));
  };

  it('typing errors, expressions, the graph, connectors, modules, side outputs and options', async () => {
    const problems = await problemsOf({
      name: 'all',
      parallelism: 5,
      keyGroups: 3,
      epoch: { intervalMs: -1 },
      sources: {
        in: { type: 'file', path: 'x', follow: true, format: 'json', csv: { delimiter: '"' } },
        mended: { type: 'file', path: 'y', folow: true, format: 'json' },
        lost: { type: 'flie', path: 5 },
      },
      transforms: {
        a: { type: 'map', inputs: ['in', 'mended'], module: './missing.mjs' },
        b: { type: 'process', inputs: ['a'], key: 'record.', module: './missing-too.mjs' },
        c: { type: 'process', inputs: ['b'], key: 'record.k', parallelism: 4, module: './alarm.mjs', export: 'alarm' },
        d: { type: 'map', inputs: ['c.large', 'c.lrage'], value: 'record' },
      },
      sinks: {
        out: { type: 'file', inputs: ['d', 'lost'], path: 'out.csv', format: 'csv' },
        none: { type: 'discard', inputs: ['e'] },
      },
    });

    expect(problems).toEqual([
      'parallelism (line 3): must be at most keyGroups (3), or a subtask would own no key, not 5',
      'epoch.intervalMs (line 6): must be at least 0, not -1',
      "sources.in.follow (line 12): an array has an end: a followed file needs format 'jsonl' or 'csv'",
      "sources.in.csv (line 14): only for format 'csv'",
      'sources.in.csv.delimiter (line 15): must be one ASCII character other than a quote or a line end',
      'sources.mended.folow (line 21): unknown key "folow"; did you mean "follow"?',
      "sources.mended.folow (line 21): an array has an end: a followed file needs format 'jsonl' or 'csv'",
      'sources.lost.type (line 25): there is no type "flie"; there are file, generator; did you mean "file"?',
      'sources.lost.path (line 26): must be a path or a list of paths',
      'transforms.a.module (line 36): the module "./missing.mjs" is not usable: there is no such file',
      expect.stringMatching(/^transforms\.b\.key \(line 43\): /),
      'transforms.c.parallelism (line 52): must be at most keyGroups (3), or a subtask would own no key, not 4',
      'transforms.d.inputs[1] (line 60): "c" has no such output; it has "c", "c.large"; did you mean "c.large"?',
      "sinks.out.columns (line 66): format 'csv' needs a list of different field names",
      expect.stringMatching(/^sinks\.none\.inputs\[0\] \(line \d+\): there is no source or transform "e"$/),
    ]);
  });

  it('an empty job', async () => {
    expect(await problemsOf({ name: 'a', sources: {}, sinks: {} })).toEqual([
      'the job is empty: it has no source and no sink',
    ]);
  });

  it('a mode that there is not', async () => {
    const job = {
      name: 'a',
      mode: 'micro-batch',
      sources: { in: { type: 'file', path: 'x' } },
      sinks: { out: { type: 'discard', inputs: ['in'] } },
    };

    expect(await problemsOf(job)).toEqual([
      'mode (line 3): must be one of "continuous", "microbatch", "adaptive", not "micro-batch"; did you mean "microbatch"?',
    ]);
  });
});

describe('module references (S13)', () => {
  it.each([
    'data:text/javascript,export default 1',
    'node:child_process',
    'file:///etc/passwd.js',
    'http://example.org/a.js',
    'C:/a.js',
    '/etc/a.js',
    '\\\\server\\share\\a.js',
    '.\\a.js',
    'lodash',
    'a.js',
    '@scope/a.js',
    './a',
    './a.json',
    './a.node',
    './a.js\0.txt',
    '',
  ])('refuses %j by its text', (reference) => {
    expect(refuseReference(reference)).toBeDefined();
  });

  it('accepts only files that really lie below the root', () => {
    const jobs = join(directory, 'jobs');

    expect(locateModule('./inside.mjs', jobs, jobs)).toEqual({ url: pathToFileURL(join(jobs, 'inside.mjs')).href });
    expect(locateModule('../score.mjs', jobs, directory)).toEqual({
      url: pathToFileURL(join(directory, 'score.mjs')).href,
    });
    for (const outside of ['../score.mjs', './link.mjs', './../jobs/../score.mjs']) {
      expect(locateModule(outside, jobs, jobs)).toEqual({ problem: expect.stringContaining('lies outside of') });
    }
  });

  it('refuses folders and files that are not there', () => {
    mkdirSync(join(directory, 'folder.js'), { recursive: true });

    expect(locateModule('./folder.js', directory, directory)).toEqual({ problem: '"./folder.js" is not a file' });
    expect(locateModule('./score.mjs', directory, join(directory, 'no-root'))).toEqual({
      problem: expect.stringContaining('the module root'),
    });
    expect(locateModule('./nothing.js', directory, directory)).toEqual({
      problem: expect.stringContaining('no such file'),
    });
  });
});

describe('referenceTo and loadJob', () => {
  it('load a job module by path or URL, with its options', async () => {
    const path = join(directory, 'job.mjs');

    const reference = await referenceTo(path);
    const loaded = await loadJob(reference);

    expect(reference).toEqual(await referenceTo(pathToFileURL(path)));
    expect(loaded.definition.name).toBe('m');
    expect(loaded.options).toEqual({ parallelism: 3 });
    expect(loaded.baseDirectory).toBe(directory);
  });

  it('read a JSON job once: the reference carries its text', async () => {
    const path = join(directory, 'j.json');
    writeFileSync(path, JSON.stringify(jobOf({ type: 'filter', where: 'record.n > 1' })));

    const reference = await referenceTo(path);
    writeFileSync(path, 'changed');
    const loaded = await loadJob(structuredClone(reference));

    expect(loaded.definition.build().nodes.map(({ id }) => id)).toEqual(['in', 't', 'out']);
  });

  it.each<[string, string]>([
    ['absent.json', 'does not exist'],
    ['notes.txt', 'is no job: a job is a .json file or a module'],
    ['folder.json', 'is not a file'],
    ['latin1.json', 'is not valid UTF-8'],
  ])('say in one sentence what is wrong with %s', async (name, message) => {
    mkdirSync(join(directory, 'folder.json'), { recursive: true });
    writeFileSync(join(directory, 'latin1.json'), Buffer.from([0x22, 0xe9, 0x22]));

    await expect(referenceTo(join(directory, name))).rejects.toThrow(message);
    await expect(referenceTo(join(directory, name))).rejects.toThrow(OptionError);
  });

  it('refuse URLs that are no files, and exports that are no jobs', async () => {
    await expect(referenceTo('https://example.org/job.js')).rejects.toThrow('is no file: URL');
    const url = pathToFileURL(join(directory, 'job.mjs')).href;
    await expect(loadJob({ kind: 'module', url, exportName: 'other' })).rejects.toThrow(
      'must be what defineJob(...) returns',
    );
    await expect(loadJob({ kind: 'module', url, exportName: '__proto__' })).rejects.toThrow(
      'has no export "__proto__"',
    );
    await expect(loadJob({ kind: 'module', url: 'data:text/javascript,export default 1' })).rejects.toThrow(
      'files only',
    );
  });
});
