import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NODES_MAX } from '../../src/config/check-graph.ts';
import { AGGREGATE_NAMES } from '../../src/config/expression/aggregate-expression.ts';
import { JOB_SCHEMA_FILE, renderJobJsonSchema } from '../../src/config/job-json-schema.ts';
import { JOB_FILE_BYTES_MAX } from '../../src/config/job-reference.ts';
import { jobFileSchema } from '../../src/config/job-schema.ts';
import { parseJobFile } from '../../src/config/parse-job-file.ts';
import { repairKeys } from '../../src/config/repair-keys.ts';
import { CHOICE_TABLE, OPTION_TABLE } from '../../src/execution/option-table.ts';
import { OptionError } from '../../src/model/index.ts';

/** Uses every key that there is. */
const COMPLETE = {
  $schema: './node_modules/millrace/schema/job.schema.json',
  name: 'complete',
  ...everyOption({ state: { directory: './data' } }),
  moduleRoot: '.',
  sources: {
    flights: {
      type: 'file',
      eventTime: { field: 'date', unit: 'iso', outOfOrderMs: 600_000, idleTimeoutMs: 'never' },
      path: ['a.csv', 'b.csv'],
      format: 'csv',
      follow: true,
      onBadRecord: 'skip',
      onTruncate: 'restart',
      recordMaxBytes: 1000,
      depthMax: 10,
      keysMax: 10,
      pollIntervalMs: 10,
      readBytes: 1000,
      csv: { header: true, delimiter: ';', types: { delay: 'number' } },
    },
    made: { type: 'generator', rate: 10, records: 5, seed: 1, splits: 2, fields: { n: 'index' } },
    plain: { type: 'generator', eventTime: { expression: 'record * 1000' }, value: 'index' },
  },
  transforms: {
    late: { type: 'filter', inputs: ['flights'], parallelism: 2, where: 'record.delay > 15' },
    shaped: { type: 'map', inputs: ['late'], parallelism: 2, fields: { d: 'record.delay' } },
    valued: { type: 'map', inputs: ['plain'], value: 'record * 2' },
    coded: { type: 'map', inputs: ['valued'], module: './code.js', export: 'code' },
    many: { type: 'flatMap', inputs: ['coded'], parallelism: 2, list: 'record.items' },
    coded2: { type: 'flatMap', inputs: ['many'], module: './code.js', export: 'code' },
    both: { type: 'merge', inputs: ['shaped', 'made'] },
    even: { type: 'rebalance', inputs: ['both'] },
    all: { type: 'broadcast', inputs: ['even'] },
    routes: { type: 'split', inputs: ['all'], parallelism: 2, routes: { hot: 'record.d > 60' } },
    counts: { type: 'aggregate', inputs: ['routes.hot'], parallelism: 2, key: 'record.o', values: { n: 'count()' } },
    hourly: {
      type: 'aggregate',
      inputs: ['flights'],
      key: 'record.o',
      window: { type: 'tumbling', sizeMs: 3_600_000, offsetMs: -60_000, time: 'event' },
      values: { n: 'count()' },
      emit: 'append',
      allowedLatenessMs: 0,
      early: { everyMs: 1000, everyRecords: 10 },
      completeEveryMs: 60_000,
      local: false,
    },
    smooth: {
      type: 'aggregate',
      inputs: ['hourly'],
      key: 'record.key',
      window: { type: 'sliding', sizeMs: 60_000, slideMs: 1000, offsetMs: 5, time: 'processing' },
      values: { n: 'sum(record.n)' },
    },
    daily: {
      type: 'aggregate',
      inputs: ['flights'],
      key: 'record.o',
      window: { type: 'calendar', unit: 'day', timeZone: 'America/New_York', offsetMs: 0, time: 'event' },
      values: { n: 'count()' },
    },
    bursts: {
      type: 'aggregate',
      inputs: ['flights'],
      key: 'record.o',
      window: { type: 'session', gapMs: 'record.gap', time: 'event' },
      values: { n: 'count()' },
    },
    dozens: {
      type: 'aggregate',
      inputs: ['flights'],
      key: 'record.o',
      window: { type: 'count', size: 12, slide: 6 },
      values: { n: 'count()' },
    },
    whole: {
      type: 'aggregate',
      inputs: ['flights'],
      key: 'record.o',
      window: { type: 'global' },
      values: { n: 'count()' },
    },
    near: {
      type: 'join',
      left: { inputs: ['hourly', 'daily'], key: 'record.key' },
      right: { inputs: ['hourly'], key: 'record.key' },
      parallelism: 2,
      joinType: 'full',
      within: { beforeMs: -5, afterMs: 10 },
      fields: { l: 'left', r: 'right' },
    },
    kept: {
      type: 'join',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['daily'], key: 'record.key' },
      retentionMs: 60_000,
      value: 'left.n + right.n',
    },
    together: {
      type: 'windowJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['bursts'], key: 'record.key' },
      parallelism: 2,
      joinType: 'semi',
      window: { type: 'tumbling', sizeMs: 1000 },
      fields: { from: 'windowStart', to: 'windowEnd', l: 'left.n' },
    },
    together2: {
      type: 'windowJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['bursts'], key: 'record.key' },
      window: { type: 'sliding', sizeMs: 1000, slideMs: 500 },
      value: '[left, right, windowStart]',
    },
    together3: {
      type: 'windowJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['bursts'], key: 'record.key' },
      window: { type: 'calendar', unit: 'day' },
    },
    looked: {
      type: 'tableJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['daily'], key: 'record.key' },
      parallelism: 2,
      joinType: 'left',
      isDelete: 'has(record.gone)',
      fields: { l: 'left' },
    },
    looked2: {
      type: 'tableJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['daily'], key: 'record.key' },
      value: 'left',
    },
    spread: {
      type: 'broadcastJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['daily'], key: 'record.key' },
      parallelism: 2,
      joinType: 'inner',
      isDelete: 'record.n == 0',
      value: 'left',
    },
    spread2: {
      type: 'broadcastJoin',
      left: { inputs: ['hourly'], key: 'record.key' },
      right: { inputs: ['daily'], key: 'record.key' },
      fields: { l: 'left' },
    },
    once: {
      type: 'deduplicate',
      inputs: ['near', 'kept', 'together', 'together2', 'together3', 'looked', 'looked2', 'spread', 'spread2'],
      parallelism: 2,
      key: 'record.id',
      scope: 'watermark',
      withinMs: 1000,
    },
    once2: { type: 'deduplicate', inputs: ['once'], key: 'record.id', scope: 'ttl', ttlMs: 1000 },
    asked: {
      type: 'asyncMap',
      inputs: ['once2', 'smooth', 'dozens', 'whole'],
      parallelism: 2,
      module: './ask.js',
      export: 'ask',
      concurrency: 10,
      order: 'unordered',
      timeoutMs: 1000,
      attempts: 2,
      backoffMs: 10,
      backoffMaxMs: 100,
      onFailure: 'side',
    },
    alerts: {
      type: 'process',
      inputs: ['routes.rest'],
      parallelism: 2,
      key: 'record.o',
      module: './p.js',
      export: 'p',
    },
  },
  sinks: {
    rows: {
      type: 'file',
      inputs: ['counts'],
      parallelism: 1,
      path: 'o',
      format: 'csv',
      rotate: { bytes: 5 },
      ifExists: 'fail',
    },
    shown: { type: 'console', inputs: ['alerts'], parallelism: 1, format: 'text', stamp: false, stream: 'stderr' },
    table: { type: 'table', inputs: ['alerts.side'], parallelism: 1, key: 'record.k', name: 't' },
    none: { type: 'discard', inputs: ['coded2', 'asked', 'asked.failed', 'once.late', 'hourly.late'], parallelism: 1 },
  },
};

/** Every engine option with its default, beside what is given. */
function everyOption(given: Readonly<Record<string, object>>): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = { ...given };
  for (const [path, { fallback }] of Object.entries({ ...CHOICE_TABLE, ...OPTION_TABLE })) {
    const [first, second] = path.split('.') as [string, string | undefined];
    options[first] =
      second === undefined ? fallback : { ...(options[first] as object | undefined), [second]: fallback };
  }
  return options;
}

function problemsOf(text: string): readonly string[] {
  try {
    parseJobFile(text, 'job.json');
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return (error as OptionError).problems;
  }
}

/** A small valid job with some parts replaced. */
function job(parts: object): string {
  const base = {
    name: 'j',
    sources: { in: { type: 'file', path: 'in.jsonl' } },
    sinks: { out: { type: 'discard', inputs: ['in'] } },
  };
  return JSON.stringify({ ...base, ...parts });
}

describe('parseJobFile', () => {
  it('accepts a job that uses every key', () => {
    expect(problemsOf(JSON.stringify(COMPLETE))).toEqual([]);
    expect(keysOf(jobFileSchema).filter((key) => !COMPLETE_KEYS.has(key))).toEqual([]);
  });

  it('reports all problems at once, in the order of the file, each with path, line and suggestion', () => {
    const text = `{
  "name": "de lays", "mode": "continous",
  "paralelism": 2, "workers": 1000,
  "epoch": { "intervalMS": 5 },
  "sources": { "flights": { "type": "fil", "path": 7 }, "orphan": { "type": "generator", "rate": -1 } },
  "transforms": {
    "late": { "type": "filter", "inputs": ["flight"], "were": "recrd.delay > 15" },
    "a": { "type": "map", "inputs": ["late"], "value": "record.x +", "fields": {} },
    "b": { "type": "aggregate", "inputs": ["a"], "key": "[1]", "values": { "n": "cont()", "key": "count()" } }
  },
  "sinks": { "out": { "type": "file", "inputs": ["b", "b"] }, "late": { "type": "xyzzy" } }
}`;

    expect(problemsOf(text)).toEqual([
      'name (line 2): must be 1 to 100 letters, digits, "_", "-" and ".", and begin with a letter or digit',
      'mode (line 2): must be one of "continuous", "microbatch", "adaptive", not "continous"; did you mean "continuous"?',
      'paralelism (line 3): unknown key "paralelism"; did you mean "parallelism"?',
      'workers (line 3): must be at most 64, not 1000',
      'epoch.intervalMS (line 4): unknown key "intervalMS"; did you mean "intervalMs"?',
      'sources.flights (line 5): nothing reads this source; name it in the inputs of a sink, or remove it',
      'sources.flights.type (line 5): there is no type "fil"; there are file, generator; did you mean "file"?',
      'sources.flights.path (line 5): must be a path or a list of paths',
      'sources.orphan (line 5): one of "fields" or "value" is needed',
      'sources.orphan (line 5): nothing reads this source; name it in the inputs of a sink, or remove it',
      'sources.orphan.rate (line 5): must be more than 0, not -1',
      'transforms.late.inputs[0] (line 7): there is no source or transform "flight"; did you mean "flights"?',
      'transforms.late.were (line 7): unknown key "were"; did you mean "where"?',
      'transforms.late.were (line 7): there is no variable "recrd"; in scope: record; did you mean "record"?',
      'transforms.a (line 8): only one of "fields" or "value" or "module" can be given, not fields and value',
      'transforms.a.value (line 8): the expression is not valid CEL at character 11: unexpected token: EOF',
      'transforms.b.key (line 9): the expression must yield a string, number or bool here, but it yields a list',
      `transforms.b.values.n (line 9): there is no aggregate cont(); there are ${AGGREGATE_NAMES.join(', ')}; did you mean "count"?`,
      'transforms.b.values.key (line 9): "key" is the name that a row gives to its key; call this value something else',
      'sinks.out.path (line 11): is missing; it must be a string',
      'sinks.out.inputs[1] (line 11): the input "b" is named twice',
      'sinks.late (line 11): the name is taken: there is one among the transforms too',
      'sinks.late.type (line 11): there is no type "xyzzy"; there are file, console, table, discard',
    ]);
  });

  it.each<[string, object, string]>([
    ['no sinks', { sinks: undefined }, 'sinks (line 1): is missing; it must be an object'],
    ['no inputs', { sinks: { out: { type: 'discard' } } }, 'sinks.out.inputs (line 1): is missing; it must be a list'],
    [
      'empty inputs',
      { sinks: { out: { type: 'discard', inputs: [] } } },
      'sinks.out.inputs (line 1): must have at least 1 element',
    ],
    [
      'a missing type',
      { sinks: { out: { inputs: ['in'] } } },
      'sinks.out (line 1): type is missing; it is one of file, console',
    ],
    ['a node that is no object', { sinks: { out: 5 } }, 'sinks.out (line 1): must be an object, not 5'],
    [
      'a fraction',
      { sinks: { out: { type: 'discard', inputs: ['in'], parallelism: 1.5 } } },
      'must be a whole number, not 1.5',
    ],
    ['a bad name', { sinks: { 'o.t': { type: 'discard', inputs: ['in'] } } }, 'a name is 1 to 100 letters'],
    [
      'reading a sink',
      { sinks: { a: { type: 'discard', inputs: ['in'] }, b: { type: 'discard', inputs: ['a'] } } },
      '"a" is a sink',
    ],
    [
      'an export without module',
      { transforms: { t: { type: 'map', inputs: ['in'], value: 'record', export: 'x' } } },
      'transforms.t.export (line 1): an export needs a module',
    ],
  ])('refuses %s', (_, parts, problem) => {
    expect(problemsOf(job(parts)).join('\n')).toContain(problem);
  });

  it('refuses a split read by its own name, and an output that it does not have', () => {
    const transforms = { s: { type: 'split', inputs: ['in'], routes: { hot: 'record.a > 1' } } };
    const sinks = { x: { type: 'discard', inputs: ['s', 's.hto', 's.rest'] } };

    expect(problemsOf(job({ transforms, sinks }))).toEqual([
      'sinks.x.inputs[0] (line 1): "s" is a split: name one of its outputs, "s.hot", "s.rest"',
      'sinks.x.inputs[1] (line 1): "s" has no such output; it has "s.hot", "s.rest"; did you mean "s.hot"?',
    ]);
  });

  it('refuses a file that two sinks write, or that a sink writes while a source reads it', () => {
    const file = (path: string): object => ({ type: 'file', inputs: ['in'], path });
    const sinks = {
      a: file('out/x.jsonl'),
      b: file('./out/../out/x.jsonl'),
      c: file('in.jsonl'),
      d: file('other.jsonl'),
    };

    expect(problemsOf(job({ sinks }))).toEqual([
      'sinks.b.path (line 1): "./out/../out/x.jsonl" is taken: the sink "a" writes it',
      'sinks.c.path (line 1): "in.jsonl" is taken: the source "in" reads it',
    ]);
  });

  it('finds every cycle and names its path', () => {
    const map = (...inputs: string[]): object => ({ type: 'map', inputs, value: 'record' });
    const transforms = { a: map('in', 'c'), b: map('a'), c: map('b'), self: map('self'), behind: map('c', 'self') };
    const sinks = { out: { type: 'discard', inputs: ['behind'] } };

    const cycles = problemsOf(job({ transforms, sinks })).filter((problem) => problem.includes('a cycle'));

    expect(cycles).toHaveLength(2);
    expect(cycles.some((cycle) => cycle.includes('self -> self'))).toBe(true);
    expect(cycles.some((cycle) => /a cycle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c);/.test(cycle))).toBe(
      true,
    );
  });

  it('refuses duplicate and dangerous keys together with everything else', () => {
    const text =
      '{"name": "j", "name": "k", "__proto__": {"x": 1},\n"sources": {"in": {"type": "file", "path": "p"}}, "sinks": {"constructor": {}}}';

    expect(problemsOf(text)).toEqual([
      'name (line 1): duplicate key: given in line 1 and again in line 1',
      '__proto__ (line 1): this key is refused: it names a part of every object',
      'sources.in (line 2): nothing reads this source; name it in the inputs of a sink, or remove it',
      'sinks.constructor (line 2): this key is refused: it names a part of every object',
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('never throws anything but a list of problems, whatever the JSON', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.constantFrom('', 'sources', 'transforms', 'sinks', 'epoch'),
        (value, section) => {
          const text = JSON.stringify(section === '' ? value : { ...JSON.parse(job({})), [section]: value });

          for (const problem of problemsOf(text)) expect(problem).not.toContain('undefined');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuses a file that is too large without reading it, and a graph that is too large', () => {
    expect(problemsOf(' '.repeat(JOB_FILE_BYTES_MAX + 1))).toEqual([
      'the file has 1048577 bytes, more than the 1048576 that a job file may have',
    ]);
    const sinks = Object.fromEntries(
      Array.from({ length: NODES_MAX }, (_, i) => [`s${i}`, { type: 'discard', inputs: ['in'] }]),
    );
    expect(problemsOf(job({ sinks }))).toEqual([
      `the job has ${NODES_MAX + 1} sources, transforms and sinks, more than ${NODES_MAX}`,
    ]);
  });
});

describe('hostile job files', () => {
  it('are answered in bounded time: long names, many unknown inputs, many unknown keys', () => {
    const long = 'x'.repeat(400_000);
    const strangers = Array.from({ length: 30_000 }, (_, i) => `unknown${i}`);
    const names = Array.from({ length: NODES_MAX - 10 }, (_, i) => [
      `unknow${i}`,
      { type: 'discard', inputs: strangers.slice(i, i + 60) },
    ]);

    const texts = [
      job({
        sources: { [long]: { type: 'file', path: 'x' } },
        sinks: { out: { type: 'discard', inputs: [`${long}y`] } },
      }),
      job({ sinks: { out: { type: 'discard', inputs: strangers } } }),
      job({ sinks: Object.fromEntries(names) }),
      job(Object.fromEntries(strangers.map((name) => [name, 1]))),
    ];

    for (const text of texts) expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});

describe('one-edit typing errors (R20)', () => {
  const letters = ['e', 'x'];
  const edits = (word: string): Set<string> => {
    const made = new Set<string>();
    for (let i = 0; i <= word.length; i++) {
      for (const letter of letters) made.add(word.slice(0, i) + letter + word.slice(i));
      if (i === word.length) continue;
      made.add(word.slice(0, i) + word.slice(i + 1));
      for (const letter of letters) made.add(word.slice(0, i) + letter + word.slice(i + 1));
      if (i + 1 < word.length) made.add(word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2));
    }
    made.delete(word);
    made.delete('');
    return made;
  };

  it('are all caught, and at least 95 of 100 suggestions are right', () => {
    let tried = 0;
    let right = 0;
    for (const { path, key, job } of misspelt()) {
      const { problems } = repairKeys(jobFileSchema, job);

      expect(problems.length, `${path}.${key}`).toBeGreaterThan(0);
      tried++;
      if (problems.some(({ message, suggestion }) => message.startsWith('unknown key') && suggestion === key)) right++;
    }

    expect(tried).toBeGreaterThan(3000);
    expect(right / tried).toBeGreaterThanOrEqual(0.95);
  }, 60_000);

  it('do not hide or cause other problems: of each key, the typing error is all that is reported', () => {
    const seen = new Set<string>();
    for (const { path, key, job } of misspelt()) {
      if (seen.has(`${path}.${key}`) || key.length < 4) continue;
      seen.add(`${path}.${key}`);

      const problems = problemsOf(JSON.stringify(job));

      expect(problems, `${path}.${key}`).toHaveLength(1);
      expect(problems[0]).toMatch(/unknown key ".*"; did you mean/);
    }
    expect(seen.size).toBeGreaterThan(90);
  }, 60_000);

  /** Every key of the complete job that the schema fixes (not names of nodes and fields), with every edit. */
  function* misspelt(): Generator<{ path: string; key: string; job: unknown }> {
    const isFree = (path: string): boolean =>
      /^\.(sources|transforms|sinks)$|\.(fields|values|routes|types)$/.test(path);
    function* walk(value: unknown, path: string, rebuild: (changed: unknown) => unknown): ReturnType<typeof misspelt> {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
      const entries = Object.entries(value);
      for (const [key, inner] of entries) {
        const withKey = (name: string, changed: unknown): unknown =>
          rebuild(Object.fromEntries(entries.map((entry) => (entry[0] === key ? [name, changed] : entry))));
        if (!isFree(path)) {
          for (const typo of edits(key)) {
            if (typo in value) continue;
            yield { path, key, job: withKey(typo, inner) };
          }
        }
        yield* walk(inner, `${path}.${key}`, (changed) => withKey(key, changed));
      }
    }
    yield* walk(COMPLETE, '', (changed) => changed);
  }
});

describe('the JSON Schema', () => {
  it('is the one that is checked in; run `npm run schema` when this fails', () => {
    const checkedIn = readFileSync(new URL(`../../${JOB_SCHEMA_FILE}`, import.meta.url), 'utf8');

    expect(checkedIn).toBe(renderJobJsonSchema());
  });
});

const COMPLETE_KEYS: ReadonlySet<string> = new Set(everyKey(COMPLETE));

function everyKey(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(everyKey);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...everyKey(inner)]);
}

/** Every key that the schema fixes, at any depth. */
function keysOf(schema: z.core.$ZodType): readonly string[] {
  if (schema instanceof z.ZodOptional) return keysOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return keysOf(schema.element);
  if (schema instanceof z.ZodRecord) return keysOf(schema.valueType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysOf(option));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner as z.core.$ZodType)]);
}
