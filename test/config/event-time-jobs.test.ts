/** Event time, windows, joins, deduplication and calls in job files: the same plans as in TypeScript, and what is wrong with its path. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadJobFile } from '../../src/config/index.ts';
import {
  aggregates,
  defineJob,
  type JobBuilder,
  OptionError,
  type SourceStream,
  type Stream,
  sinks,
  sources,
  windows,
} from '../../src/index.ts';
import { compile, explain, fingerprintOf, type LogicalPlan, type SourceNode } from '../../src/plan/index.ts';

let directory: string;

beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-event-time-')));
  writeFileSync(join(directory, 'ask.mjs'), 'export const ask = async (record) => record;\n');
  writeFileSync(
    join(directory, 'watch.mjs'),
    `export const watch = {
  sides: { odd: {} },
  process(value, context) { context.timers.set('idle', context.timestamp + 10); },
  onTimer(timer, context) { context.emit(timer.at); },
};\n`,
  );
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function planOf(job: object): Promise<LogicalPlan> {
  const loaded = await loadJobFile({ path: join(directory, 'job.json'), text: JSON.stringify(job) });
  return loaded.definition.build();
}

async function problemsOf(job: object): Promise<readonly string[]> {
  const error = await planOf(job).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OptionError);
  return (error as OptionError).problems;
}

interface Row {
  readonly id: string;
  readonly at: number;
  readonly gap: number;
  readonly n: number;
}

const TIMED = {
  type: 'generator',
  records: 100,
  value: '{"id": "a", "at": index, "gap": 5, "n": 1}',
  eventTime: { field: 'at' },
};

/** A job that leads two timed sources through one transform `t` to sinks, `outputs` being what they read. */
function jobOf(transform: object, ...outputs: readonly string[]): object {
  return {
    name: 'j',
    sources: { in: TIMED, other: TIMED },
    transforms: { t: transform },
    sinks: {
      ...Object.fromEntries(outputs.map((output, index) => [`out${index}`, { type: 'discard', inputs: [output] }])),
      rest: { type: 'discard', inputs: ['in', 'other'] },
    },
  };
}

/** The same in TypeScript. `draw` gets both sources and gives the streams that the sinks read. */
function planIn(draw: (left: Stream<Row>, right: Stream<Row>) => readonly Stream<unknown>[]): LogicalPlan {
  const made = (job: JobBuilder, name: string): SourceStream<Row> =>
    job.source(
      name,
      sources.generator({ records: 100, create: (index): Row => ({ id: 'a', at: index, gap: 5, n: 1 }) }),
    );
  return defineJob('j', (job) => {
    const left = made(job, 'in').withEventTime((row) => row.at);
    const right = made(job, 'other').withEventTime((row) => row.at);
    for (const [index, stream] of draw(left, right).entries()) stream.to(`out${index}`, sinks.discard());
    left.merge(right).to('rest', sinks.discard());
  }).build();
}

const LEFT = { inputs: ['in'], key: 'record.id' };
const RIGHT = { inputs: ['other'], key: 'record.id' };
const COUNTED = { type: 'aggregate', inputs: ['in'], key: 'record.id', values: { n: 'count()', sum: 'sum(record.n)' } };
const fields = { n: aggregates.count(), sum: aggregates.sum((row: Row) => row.n) };
const id = (row: Row): string => row.id;

describe('a JSON job gives the plan that the same job in TypeScript gives', () => {
  it.each<[string, object, readonly string[], Parameters<typeof planIn>[0]]>([
    [
      'tumbling windows with everything that can be said of them',
      {
        ...COUNTED,
        window: { type: 'tumbling', sizeMs: 1000, offsetMs: -100 },
        emit: 'append',
        allowedLatenessMs: 50,
        early: { everyMs: 10, everyRecords: 5 },
      },
      ['t', 't.late'],
      (left) => {
        const rows = left
          .keyBy(id)
          .window(windows.tumbling({ sizeMs: 1000, offsetMs: -100 }), {
            emit: 'append',
            allowedLatenessMs: 50,
            early: { everyMs: 10, everyRecords: 5 },
          })
          .aggregate(fields)
          .named('t');
        return [rows, rows.side('late')];
      },
    ],
    [
      'windows that are aggregated in part before the exchange',
      { ...COUNTED, window: { type: 'tumbling', sizeMs: 1000 }, local: true },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .window(windows.tumbling({ sizeMs: 1000 }))
          .aggregate(fields, { local: true })
          .named('t'),
      ],
    ],
    [
      'sliding windows of processing time',
      { ...COUNTED, window: { type: 'sliding', sizeMs: 1000, slideMs: 300, time: 'processing' }, emit: 'update' },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .window(windows.sliding({ sizeMs: 1000, slideMs: 300, time: 'processing' }), { emit: 'update' })
          .aggregate(fields)
          .named('t'),
      ],
    ],
    [
      'calendar windows, complete',
      {
        ...COUNTED,
        window: { type: 'calendar', unit: 'day', timeZone: 'America/New_York' },
        emit: 'complete',
        completeEveryMs: 5000,
      },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .window(windows.calendar({ unit: 'day', timeZone: 'America/New_York' }), {
            emit: 'complete',
            completeEveryMs: 5000,
          })
          .aggregate(fields)
          .named('t'),
      ],
    ],
    [
      'sessions by a gap of the record',
      { ...COUNTED, window: { type: 'session', gapMs: 'record.gap' } },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .window(windows.session({ gapMs: (row: Row) => row.gap }))
          .aggregate(fields)
          .named('t'),
      ],
    ],
    [
      'sessions by a fixed gap',
      { ...COUNTED, window: { type: 'session', gapMs: 500 } },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .window(windows.session({ gapMs: 500 }))
          .aggregate(fields)
          .named('t'),
      ],
    ],
    [
      'windows of records',
      { ...COUNTED, window: { type: 'count', size: 10, slide: 5 } },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .window(windows.count({ size: 10, slide: 5 }))
          .aggregate(fields)
          .named('t'),
      ],
    ],
    [
      'one window for ever',
      { ...COUNTED, window: { type: 'global' } },
      ['t'],
      (left) => [left.keyBy(id).window(windows.global()).aggregate(fields).named('t')],
    ],
    [
      'a join by time',
      { type: 'join', left: LEFT, right: RIGHT, joinType: 'full', within: { beforeMs: 5, afterMs: 10 } },
      ['t', 't.late'],
      (left, right) => {
        const rows = left
          .keyBy(id)
          .join(right.keyBy(id), { type: 'full', within: { beforeMs: 5, afterMs: 10 } })
          .named('t');
        return [rows, rows.side('late')];
      },
    ],
    [
      'a join by retention',
      { type: 'join', left: LEFT, right: RIGHT, retentionMs: 1000, value: 'left' },
      ['t'],
      (left, right) => [left.keyBy(id).join(right.keyBy(id), { retentionMs: 1000 }).named('t')],
    ],
    [
      'a join in windows',
      { type: 'windowJoin', left: LEFT, right: RIGHT, window: { type: 'sliding', sizeMs: 100, slideMs: 50 } },
      ['t', 't.late'],
      (left, right) => {
        const rows = left
          .keyBy(id)
          .windowJoin(right.keyBy(id), { window: windows.sliding({ sizeMs: 100, slideMs: 50 }) })
          .named('t');
        return [rows, rows.side('late')];
      },
    ],
    [
      'a join with a table by time',
      { type: 'tableJoin', left: LEFT, right: RIGHT, joinType: 'left', isDelete: 'record.n == 0' },
      ['t', 't.late'],
      (left, right) => {
        const rows = left.keyBy(id).joinTable(right.keyBy(id), { type: 'left' }).named('t');
        return [rows, rows.side('late')];
      },
    ],
    [
      'a join with a whole table',
      { type: 'broadcastJoin', left: LEFT, right: RIGHT, joinType: 'left' },
      ['t'],
      (left, right) => [left.joinBroadcast(right, { type: 'left', leftKey: id, rightKey: id }).named('t')],
    ],
    [
      'deduplication within the watermark',
      { type: 'deduplicate', inputs: ['in'], key: 'record.id', scope: 'watermark', withinMs: 100 },
      ['t', 't.late'],
      (left) => {
        const first = left.keyBy(id).deduplicate({ scope: 'watermark', withinMs: 100 }).named('t');
        return [first.unkeyed(), first.side('late').unkeyed()];
      },
    ],
    [
      'deduplication for ever',
      { type: 'deduplicate', inputs: ['in'], key: 'record.id', scope: 'forever' },
      ['t'],
      (left) => [left.keyBy(id).deduplicate({ scope: 'forever' }).named('t').unkeyed()],
    ],
    [
      'deduplication by time to live',
      { type: 'deduplicate', inputs: ['in'], key: 'record.id', scope: 'ttl', ttlMs: 100 },
      ['t'],
      (left) => [left.keyBy(id).deduplicate({ scope: 'ttl', ttlMs: 100 }).named('t').unkeyed()],
    ],
    [
      'calls',
      { type: 'asyncMap', inputs: ['in'], module: './ask.mjs', export: 'ask', order: 'unordered', onFailure: 'side' },
      ['t', 't.failed'],
      (left) => {
        const answers = left
          .asyncMap((row) => Promise.resolve(row), { order: 'unordered', onFailure: 'side' })
          .named('t');
        return [answers, answers.side('failed')];
      },
    ],
    [
      'a process with timers',
      { type: 'process', inputs: ['in'], key: 'record.id', module: './watch.mjs', export: 'watch' },
      ['t'],
      (left) => [
        left
          .keyBy(id)
          .process({ sides: { odd: {} }, process() {}, onTimer() {} })
          .named('t'),
      ],
    ],
  ])('%s', async (_, transform, outputs, draw) => {
    const [inJson, inTypeScript] = [await planOf(jobOf(transform, ...outputs)), planIn(draw)];

    const options = { parallelism: 2, workers: 2, keyGroups: 128 };
    expect(explain(compile(inJson, options))).toBe(explain(compile(inTypeScript, options)));
    expect(fingerprintOf(inJson)).toBe(fingerprintOf(inTypeScript));
  });

  it.each([
    ['asyncMap', { type: 'asyncMap', inputs: ['in'], module: './ask.mjs', export: 'ask' }, undefined],
    [
      'process',
      { type: 'process', inputs: ['in'], key: 'record.id', module: './watch.mjs', export: 'watch' },
      { key: 'record.id' },
    ],
  ])('says of the %s which module is behind it, apart from its key', async (_, transform, expressions) => {
    const { signature } = (await planOf(jobOf(transform, 't'))).nodes.find(({ id }) => id === 't')!;

    expect(signature.expressions).toEqual(expressions);
    expect(signature.results).toEqual({ module: `${transform.module} ${transform.export}` });
  });

  it('says of a join what it gives for a match, apart from its keys', async () => {
    const join = {
      type: 'join',
      left: { inputs: ['in'], key: 'record.id' },
      right: { inputs: ['other'], key: 'record.id' },
      within: { beforeMs: 5, afterMs: 5 },
      fields: { id: 'left.id', n: 'right.n' },
    };
    const { signature } = (await planOf(jobOf(join, 't'))).nodes.find(({ id }) => id === 't')!;

    expect(signature.expressions).toEqual({ 'left.key': 'record.id', 'right.key': 'record.id' });
    expect(signature.results).toEqual({ 'fields.id': 'left.id', 'fields.n': 'right.n' });
  });

  it('as does the example that the product is known by', async () => {
    const plan = await planOf({
      name: 'delays',
      sources: {
        flights: { type: 'file', path: 'flights.jsonl', eventTime: { field: 'date', outOfOrderMs: 600_000 } },
      },
      transforms: {
        late: { type: 'filter', inputs: ['flights'], where: 'record.delay > 15' },
        hourly: {
          type: 'aggregate',
          inputs: ['late'],
          key: 'record.origin',
          window: { type: 'tumbling', sizeMs: 3_600_000 },
          values: { flights: 'count()', meanDelay: 'mean(record.delay)' },
        },
      },
      sinks: { out: { type: 'file', inputs: ['hourly'], path: 'hourly.jsonl' } },
    });

    expect(plan.nodes.map(({ id, kind }) => [id, kind])).toEqual([
      ['flights', 'source'],
      ['late', 'filter'],
      ['late/keyBy', 'keyBy'],
      ['hourly', 'window'],
      ['out', 'sink'],
    ]);
    const { eventTime } = plan.nodes[0] as SourceNode;
    expect(eventTime).toMatchObject({ outOfOrderMs: 600_000, idleTimeoutMs: 10_000 });
    expect(eventTime!.timestampOf({ date: '1970-01-01T00:00:01Z' })).toBe(1000);
  });
});

describe('event time of a job file', () => {
  const timeOf = async (eventTime: object, record: unknown) => {
    const job = jobOf({ ...COUNTED, window: { type: 'global' } }, 't');
    const plan = await planOf({ ...job, sources: { in: { ...TIMED, eventTime }, other: TIMED } });
    return (plan.nodes[0] as SourceNode).eventTime!.timestampOf(record);
  };

  it.each<[string, object, unknown, number | undefined]>([
    ['a number is milliseconds', { field: 'at' }, { at: 5 }, 5],
    ['or seconds', { field: 'at', unit: 's' }, { at: 1.5 }, 1500],
    ['a text is ISO 8601', { field: 'at' }, { at: '1970-01-01T00:00:00.250Z' }, 250],
    ['without a zone it is UTC', { field: 'at' }, { at: '1970-01-01 00:01' }, 60_000],
    ['a text may be a number where the unit says so', { field: 'at', unit: 'ms' }, { at: '12' }, 12],
    ['a time is one', { field: 'at' }, { at: new Date(9) }, 9],
    ['so is what an expression yields', { expression: 'record.at * 2' }, { at: 5 }, 10],
    ['a time of an expression', { expression: 'timestamp(record.at)' }, { at: '1970-01-01T00:00:01Z' }, 1000],
    ['a number is no time where texts are wanted', { field: 'at', unit: 'iso' }, { at: 5 }, undefined],
  ])('%s', async (_, eventTime, record, expected) => {
    expect(await timeOf(eventTime, record)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['a missing field', {}],
    ['null', { at: null }],
    ['a text that is no time', { at: 'yesterday' }],
    ['a list', { at: [5] }],
    ['a record that is no object', 7],
  ])('is none for %s', async (_, record) => {
    expect(Number.isFinite(await timeOf({ field: 'at' }, record))).toBe(false);
  });

  it('never makes a source idle where it is asked to wait', async () => {
    const job = jobOf({ ...COUNTED, window: { type: 'global' } }, 't');
    const waiting = { ...TIMED, eventTime: { field: 'at', idleTimeoutMs: 'never' } };

    const plan = await planOf({ ...job, sources: { in: waiting, other: TIMED } });

    expect((plan.nodes[0] as SourceNode).eventTime!.idleTimeoutMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('what is wrong', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'windows',
      {
        a: { ...COUNTED, window: { type: 'tumbling', sizeMS: 5 } },
        b: { ...COUNTED, window: { type: 'slidng', sizeMs: 10, slideMs: 5 } },
        c: { ...COUNTED, window: { type: 'sliding', sizeMs: 10, slideMs: 0 }, emit: 'updat' },
        d: { ...COUNTED, window: { type: 'session', gapMs: '"long"' } },
        e: { ...COUNTED, allowedLatenessMs: 5, early: { everyMs: 5 } },
        f: { ...COUNTED, window: { type: 'global' }, values: { windowEnd: 'count()' } },
        g: { ...COUNTED, window: { type: 'session', gapMs: true } },
      },
      [
        'transforms.a.window.sizeMS (line 1): unknown key "sizeMS"; did you mean "sizeMs"?',
        'transforms.b.window.type (line 1): there is no type "slidng"; there are tumbling, sliding, calendar, session, count, global; did you mean "sliding"?',
        'transforms.c.window.slideMs (line 1): must be at least 1, not 0',
        'transforms.c.emit (line 1): must be one of "append", "update", "complete", not "updat"; did you mean "update"?',
        'transforms.d.window.gapMs (line 1): the expression must yield a number or null here, but it yields a string',
        'transforms.e.allowedLatenessMs (line 1): "allowedLatenessMs" needs a window',
        'transforms.e.early (line 1): "early" needs a window',
        'transforms.f.values.windowEnd (line 1): "windowEnd" is the name that a row gives to the end of its window; call this value something else',
        'transforms.g.window.gapMs (line 1): must be a whole number of milliseconds of at least 1, or an expression',
      ],
    ],
    [
      'what only the operators know',
      {
        a: { ...COUNTED, window: { type: 'sliding', sizeMs: 10, slideMs: 20 } },
        b: { ...COUNTED, window: { type: 'calendar', unit: 'day', timeZone: 'Mars/Olympus' } },
        c: { type: 'join', left: LEFT, right: RIGHT, joinType: 'left', retentionMs: 5 },
        d: { ...COUNTED, window: { type: 'session', gapMs: 5 }, local: true },
      },
      [
        expect.stringMatching(/^transforms\.a\.window \(line 1\): .*slide/) as unknown as string,
        expect.stringMatching(/^transforms\.b\.window \(line 1\): .*Mars\/Olympus/) as unknown as string,
        expect.stringMatching(/^transforms\.c \(line 1\): 'retentionMs' goes with/) as unknown as string,
        'transforms.d.window (line 1): local aggregation needs tumbling, sliding or calendar windows in event time',
      ],
    ],
    [
      'joins',
      {
        a: { type: 'join', left: LEFT, right: RIGHT },
        b: { type: 'join', left: LEFT, right: { inputs: ['othr'], key: '[1]' }, retentionMs: 5 },
        c: {
          type: 'join',
          left: LEFT,
          right: RIGHT,
          within: { beforeMs: 1, afterMs: 1 },
          fields: { a: 'record.x', b: 'windowStart' },
          value: 'left',
        },
        d: { type: 'windowJoin', left: LEFT, right: RIGHT, window: { type: 'session', gapMs: 5 } },
        e: { type: 'tableJoin', left: LEFT, right: RIGHT, joinType: 'full', isDelete: 'record.n' },
        f: { type: 'broadcastJoin', left: LEFT, within: { beforeMs: 1, afterMs: 1 } },
      },
      [
        'transforms.a (line 1): one of "within" or "retentionMs" is needed: without a bound every record of both sides would be kept for ever',
        'transforms.b.right.inputs[0] (line 1): there is no source or transform "othr"; did you mean "other"?',
        'transforms.b.right.key (line 1): the expression must yield a string, number or bool here, but it yields a list',
        'transforms.c (line 1): only one of "fields" or "value" can be given, not fields and value',
        'transforms.c.fields.a (line 1): there is no variable "record"; in scope: left, right',
        'transforms.c.fields.b (line 1): there is no variable "windowStart"; in scope: left, right',
        'transforms.d.window.type (line 1): there is no type "session"; there are tumbling, sliding, calendar',
        'transforms.e.joinType (line 1): must be one of "inner", "left", not "full"',
        'transforms.f.right (line 1): is missing; it must be an object',
        expect.stringMatching(/^transforms\.f\.within \(line 1\): unknown key "within"/) as unknown as string,
      ],
    ],
    [
      'deduplication and calls',
      {
        a: { type: 'deduplicate', inputs: ['in'], key: 'record.id', scope: 'watermark', ttlMs: 5 },
        b: { type: 'deduplicate', inputs: ['in'], key: 'record.id', scope: 'forever', withinMs: 5 },
        c: { type: 'asyncMap', inputs: ['in'], order: 'sorted', concurrency: 0 },
        d: { type: 'map', inputs: ['a.late', 'b.late', 'c.failed'], value: 'record' },
      },
      [
        'transforms.a (line 1): the scope "watermark" needs "withinMs"',
        'transforms.a.ttlMs (line 1): "ttlMs" does not go with the scope "watermark"',
        'transforms.b.withinMs (line 1): "withinMs" does not go with the scope "forever"',
        'transforms.c.module (line 1): is missing; it must be a string',
        'transforms.c.order (line 1): must be one of "ordered", "unordered", not "sorted"',
        'transforms.c.concurrency (line 1): must be at least 1, not 0',
        'transforms.d.inputs[1] (line 1): there is no "b.late": records are late with the "scope" "watermark" only',
        'transforms.d.inputs[2] (line 1): there is no "c.failed": records whose calls have failed are there with "onFailure": "side" only',
      ],
    ],
  ])('with %s is said at once, with its path', async (_, transforms, expected) => {
    const problems = await problemsOf({
      name: 'j',
      sources: { in: TIMED, other: TIMED },
      transforms,
      sinks: { out: { type: 'discard', inputs: [...Object.keys(transforms), 'in', 'other'] } },
    });

    expect([...problems].sort()).toEqual(expect.arrayContaining([...expected]));
    expect(problems).toHaveLength(expected.length);
  });

  it('with event time too', async () => {
    const problems = await problemsOf({
      name: 'j',
      sources: {
        a: { ...TIMED, eventTime: {} },
        b: { ...TIMED, eventTime: { field: 'at', expression: 'record.at' } },
        c: { ...TIMED, eventTime: { expression: '[record.at]' } },
        d: { ...TIMED, eventTime: { feild: 'at', outOfOrderMs: -1, idleTimeoutMs: 'nevr', unit: 'min' } },
      },
      sinks: { out: { type: 'discard', inputs: ['a', 'b', 'c', 'd'] } },
    });

    expect(problems).toEqual([
      'sources.a.eventTime (line 1): one of "field" or "expression" is needed',
      'sources.b.eventTime (line 1): only one of "field" or "expression" can be given, not field and expression',
      'sources.c.eventTime.expression (line 1): the expression must yield a time (milliseconds, text or time) or null here, but it yields a list',
      'sources.d.eventTime.feild (line 1): unknown key "feild"; did you mean "field"?',
      'sources.d.eventTime.outOfOrderMs (line 1): must be at least 0, not -1',
      'sources.d.eventTime.idleTimeoutMs (line 1): must be a whole number of milliseconds of at least 1, or "never"',
      'sources.d.eventTime.unit (line 1): must be one of "ms", "s", "iso", not "min"',
    ]);
  });

  it('is the plan’s to say where a window has no event time, or would never give a row', async () => {
    const endless = { type: 'generator', value: 'index' };

    const problems = await problemsOf({
      name: 'j',
      sources: { in: endless },
      transforms: {
        all: { ...COUNTED, window: { type: 'global' } },
        t: { ...COUNTED, window: { type: 'tumbling', sizeMs: 5 } },
      },
      sinks: { out: { type: 'discard', inputs: ['all', 't'] } },
    });

    expect(problems).toEqual([
      expect.stringMatching(/^transforms\.all \(line 1\): the window 'all' would never emit a row: /),
      expect.stringMatching(
        /^transforms\.t \(line 1\): the window 't' goes by event time, but the source 'in' has none; put /,
      ),
    ]);
  });

  it('is told with the line where the transform stands', async () => {
    const job = {
      name: 'j',
      sources: { in: { type: 'generator', records: 5, value: 'index' } },
      transforms: { t: { ...COUNTED, window: { type: 'tumbling', sizeMs: 5 } } },
      sinks: { out: { type: 'discard', inputs: ['t'] } },
    };

    const { definition } = await loadJobFile({ path: join(directory, 'job.json'), text: JSON.stringify(job, null, 1) });

    expect(() => definition.build()).toThrow(
      /job\.json has a problem; nothing was started:\n {2}transforms\.t \(line 11\): /,
    );
  });

  it('says what to do for late records where there are none to be read', async () => {
    const inputsOf = (transform: object) => jobOf(transform, 't', 't.late');

    expect(await problemsOf(inputsOf({ ...COUNTED, window: { type: 'tumbling', sizeMs: 5 }, local: true }))).toEqual([
      'sinks.out1.inputs[0] (line 1): there is no "t.late": with "local": true late records are counted, but cannot be read; leave "local" out to read them',
    ]);
    expect(await problemsOf(inputsOf(COUNTED))).toEqual([
      'sinks.out1.inputs[0] (line 1): there is no "t.late": without a "window" no record is late',
    ]);
  });
});
