import { describe, expect, it } from 'vitest';
import { PlanError } from '../../src/model/index.ts';
import { aggregates, records, states } from '../../src/operators/index.ts';
import { defineJob, type JobBuilder, type LogicalPlan, type PlanNode } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

function build(define: (job: JobBuilder) => void): LogicalPlan {
  return defineJob('test', define).build();
}

function nodeOf(plan: LogicalPlan, id: string): PlanNode {
  const node = plan.nodes.find((candidate) => candidate.id === id);
  expect(node, `no node '${id}' among ${plan.nodes.map((n) => n.id).join(', ')}`).toBeDefined();
  return node!;
}

function messageOf(define: (job: JobBuilder) => void): string {
  try {
    build(define);
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
    return (error as PlanError).message;
  }
  throw new Error('the plan was built');
}

describe('a job definition', () => {
  it('is lazy: nothing runs before build, and every build begins anew', () => {
    let runs = 0;
    const definition = defineJob('lazy', (job) => {
      runs++;
      job.source('in', fakeSource()).to('out', fakeSink());
    });
    expect(runs).toBe(0);

    const [first, second] = [definition.build(), definition.build()];

    expect(runs).toBe(2);
    expect(first.nodes.map(({ id }) => id)).toEqual(second.nodes.map(({ id }) => id));
  });

  it('gives a frozen plan whose nodes are in topological order', () => {
    const plan = build((job) => {
      const a = job.source('a', fakeSource());
      job
        .source('b', fakeSource())
        .merge(a.map((x) => x))
        .to('out', fakeSink());
    });

    expect(plan.nodes.map(({ id }) => id)).toEqual(['a', 'b', 'a/map', 'out']);
    expect([plan, plan.nodes, ...plan.nodes, ...plan.nodes.map(({ inputs }) => inputs)].every(Object.isFrozen)).toBe(
      true,
    );
  });

  it('refuses streams that are used after the definition has returned', () => {
    let escaped: ReturnType<JobBuilder['source']> | undefined;
    build((job) => {
      escaped = job.source('in', fakeSource());
      escaped.to('out', fakeSink());
    });

    expect(() => escaped!.to('late', fakeSink())).toThrow(
      `the sink 'late' was added to job 'test' after its definition had returned`,
    );
  });

  it('refuses an asynchronous definition, whose streams would come too late', async () => {
    const definition = defineJob('slow', async (job) => {
      const source = job.source('in', fakeSource());
      await Promise.resolve();
      source.to('out', fakeSink());
    });

    expect(() => definition.build()).toThrow(`the definition of job 'slow' is asynchronous; await before defineJob`);
    await new Promise(setImmediate);
  });
});

describe('edges', () => {
  it('are hash edges into stateful operators and forward edges elsewhere', () => {
    const plan = build((job) => {
      job
        .source('in', fakeSource<Flight>())
        .keyBy((flight) => flight.origin)
        .filter((flight) => flight.delay > 0)
        .aggregate({ flights: aggregates.count() })
        .to('out', fakeSink());
    });

    const partitionings = plan.nodes.map(({ kind, inputs }) => [kind, ...inputs.map((edge) => edge.partitioning)]);
    expect(partitionings).toEqual([
      ['source'],
      ['keyBy', 'forward'],
      ['filter', 'forward'],
      ['aggregate', 'hash'],
      ['sink', 'forward'],
    ]);
  });

  it('follow merge, rebalance and broadcast, which add no node', () => {
    const plan = build((job) => {
      const a = job.source('a', fakeSource());
      const b = job.source('b', fakeSource());
      a.rebalance().merge(b.broadcast()).to('out', fakeSink());
    });

    expect(nodeOf(plan, 'out').inputs).toEqual([
      { from: 'a', output: 0, partitioning: 'rebalance', input: 0 },
      { from: 'b', output: 0, partitioning: 'broadcast', input: 0 },
    ]);
  });

  it('lead from the outputs of split and of process', () => {
    const plan = build((job) => {
      const { late, rest } = job
        .source('in', fakeSource<Flight>())
        .split({ late: ({ delay }) => delay > 60, early: () => false });
      late.to('late', fakeSink());
      const watched = rest
        .keyBy(({ origin }) => origin)
        .process({ emits: records<number>(), sides: { odd: records<string>(), even: records<string>() }, process() {} })
        .named('watch');
      watched.to('main', fakeSink());
      watched.side('even').to('even', fakeSink());
    });

    expect(nodeOf(plan, 'late').inputs).toEqual([{ from: 'in/split', output: 1, partitioning: 'forward', input: 0 }]);
    expect(nodeOf(plan, 'in/split/keyBy').inputs).toEqual([
      { from: 'in/split', output: 0, partitioning: 'forward', input: 0 },
    ]);
    expect(nodeOf(plan, 'even').inputs).toEqual([{ from: 'watch', output: 2, partitioning: 'forward', input: 0 }]);
    expect(nodeOf(plan, 'in/split')).toMatchObject({ outputs: ['rest', 'late', 'early'] });
    expect(nodeOf(plan, 'watch')).toMatchObject({ outputs: ['main', 'odd', 'even'], state: 'keyed' });
  });
});

describe('signatures', () => {
  it('hold the type and identity of connectors', () => {
    const plan = build((job) => {
      job
        .source('in', fakeSource('in.jsonl', { path: 'in.jsonl' }))
        .to('out', fakeSink('out.jsonl', { format: 'jsonl' }));
    });

    expect(nodeOf(plan, 'in').signature).toEqual({
      kind: 'source',
      identity: { type: 'fake', path: 'in.jsonl' },
      states: [],
    });
    expect(nodeOf(plan, 'out').signature).toEqual({
      kind: 'sink',
      identity: { type: 'fake', format: 'jsonl' },
      states: [],
    });
  });

  it('hold fields and aggregators, and the states of a process by name', () => {
    const plan = build((job) => {
      const keyed = job.source('in', fakeSource<Flight>()).keyBy(({ origin }) => origin);
      keyed
        .aggregate({ n: aggregates.count(), worst: aggregates.max(({ delay }) => delay) })
        .named('agg')
        .to('a', fakeSink());
      keyed
        .process({
          states: { seen: states.map<number>(), last: states.value<string>(), all: states.list() },
          process() {},
        })
        .named('proc')
        .to('b', fakeSink());
    });

    expect(nodeOf(plan, 'agg').signature).toEqual({
      kind: 'aggregate',
      identity: { n: 'count', worst: 'max' },
      states: [{ name: 'accumulators', kind: 'value' }],
    });
    expect(nodeOf(plan, 'proc').signature).toEqual({
      kind: 'process',
      identity: {},
      states: [
        { name: 'all', kind: 'list' },
        { name: 'last', kind: 'value' },
        { name: 'seen', kind: 'map' },
      ],
    });
  });
});

describe('a process given as a function', () => {
  it('is made anew for each subtask', () => {
    const made: object[] = [];
    const plan = build((job) => {
      job
        .source('in', fakeSource<string>())
        .keyBy((x) => x)
        .process(() => {
          const definition = { process() {} };
          made.push(definition);
          return definition;
        })
        .named('p')
        .to('out', fakeSink());
    });
    const whilePlanning = made.length;
    const node = nodeOf(plan, 'p');
    if (node.role !== 'operator') throw new Error('p is an operator');

    node.create();
    node.create();

    expect(made.length - whilePlanning).toBe(2);
    expect(new Set(made).size).toBe(made.length);
  });
});

describe('problems of a graph', () => {
  it('are all reported at once', () => {
    const message = messageOf((job) => {
      job.source('in', fakeSource('first')).to('out', fakeSink());
      job.source('in', fakeSource('second')).map((x) => x);
      job.source('bad name', fakeSource()).withParallelism(0).to('out', fakeSink('other'));
    });

    expect(message).toMatchInlineSnapshot(`
      "job 'test' has 5 problems:
        - the source has the name "bad name"; names are 1 to 100 letters, digits, '_', '-' and '.', beginning with a letter or digit
        - the name 'in' is used twice: by the source (fake first) and by the source (fake second)
        - the name 'out' is used twice: by the sink (fake z) behind 'in' and by the sink (fake other) behind 'bad name'
        - the parallelism of 'bad name' is 0; it must be a whole number of at least 1
        - nothing reads the map 'in/map'; end its stream with to(name, sink)"
    `);
  });

  it.each<[string, string, (job: JobBuilder) => void]>([
    ['an empty job', `job 'test': the job is empty; begin with job.source(name, connector)`, () => {}],
    [
      'a stream without a sink',
      `nothing reads the filter 'in/filter'`,
      (job) => job.source('in', fakeSource()).filter(() => true),
    ],
    [
      'a source without a reader',
      `nothing reads the source 'in'; end its stream with to(name, sink)`,
      (job) => job.source('in', fakeSource()),
    ],
    [
      'a name used twice',
      `the name 'x' is used twice: by the source (fake a) and by the map behind 'x'`,
      (job) =>
        job
          .source('x', fakeSource())
          .map((v) => v)
          .named('x')
          .to('out', fakeSink()),
    ],
    [
      'a name with a slash',
      `the sink has the name "a/b"; names are`,
      (job) => job.source('in', fakeSource()).to('a/b', fakeSink()),
    ],
    [
      'a name that is no text',
      `the sink has no name; names are`,
      (job) => job.source('in', fakeSource()).to(undefined as never, fakeSink()),
    ],
    [
      'a name that objects inherit',
      `the map has the name "__proto__"`,
      (job) =>
        job
          .source('in', fakeSource())
          .map((v) => v)
          .named('__proto__')
          .to('out', fakeSink()),
    ],
    [
      'two names for one operator',
      `the map named 'a' is named again, 'b'`,
      (job) =>
        job
          .source('in', fakeSource())
          .map((v) => v)
          .named('a')
          .named('b')
          .to('out', fakeSink()),
    ],
    [
      'a name for a merge',
      `named() follows merge, rebalance or broadcast, which are no operators`,
      (job) => job.source('a', fakeSource()).merge(job.source('b', fakeSource())).named('both').to('out', fakeSink()),
    ],
    [
      'a parallelism behind rebalance',
      `withParallelism() follows merge, rebalance or broadcast`,
      (job) => job.source('a', fakeSource()).rebalance().withParallelism(3).to('out', fakeSink()),
    ],
    [
      'a fractional parallelism',
      `the parallelism of 'out' is 1.5; it must be a whole number of at least 1`,
      (job) => job.source('in', fakeSource()).to('out', fakeSink(), { parallelism: 1.5 }),
    ],
    [
      'a missing function',
      `map needs a function, not undefined`,
      (job) =>
        job
          .source('in', fakeSource())
          .map(undefined as never)
          .to('out', fakeSink()),
    ],
    [
      'a split without branches',
      `the split 'in/split' has no branch`,
      (job) => job.source('in', fakeSource()).split({}).rest.to('out', fakeSink()),
    ],
    [
      'a branch called rest',
      `the split 'in/split' has a branch 'rest'`,
      (job) =>
        job
          .source('in', fakeSource())
          .split({ ...({ rest: () => true } as object) })
          .rest.to('out', fakeSink()),
    ],
    [
      'an aggregate without fields',
      `the aggregate 'in/keyBy/aggregate' has no field`,
      (job) =>
        job
          .source('in', fakeSource<string>())
          .keyBy((x) => x)
          .aggregate({})
          .to('out', fakeSink()),
    ],
    [
      'a field called key',
      `the aggregate 'in/keyBy/aggregate' has a field 'key', a name that rows cannot use`,
      (job) =>
        job
          .source('in', fakeSource<string>())
          .keyBy((x) => x)
          .aggregate({ key: aggregates.count() } as never)
          .to('out', fakeSink()),
    ],
    [
      'a side output that is not declared',
      `the process 'in/keyBy/process' declares no side output 'odd'`,
      (job) =>
        job
          .source('in', fakeSource<string>())
          .keyBy((x) => x)
          .process({ process() {} })
          .side('odd' as never)
          .to('out', fakeSink()),
    ],
    [
      'a keyed operator behind an unkeyed stream',
      `the aggregate '(a/keyBy+b)/aggregate' gets records without a key; put keyBy before it`,
      (job) =>
        job
          .source('a', fakeSource<string>())
          .keyBy((x) => x)
          .merge(job.source('b', fakeSource<string>()) as never)
          .aggregate({ n: aggregates.count() })
          .to('out', fakeSink()),
    ],
  ])('%s', (_, expected, define) => {
    expect(messageOf(define)).toContain(expected);
  });

  it('include a missing connector', () => {
    expect(messageOf((job) => job.source('in', undefined as never))).toBe(
      `the source 'in' of job 'test' was given no connector, but undefined; pass what a function of 'sources' returns`,
    );
    expect(messageOf((job) => job.source('in', fakeSource()).to('out', {} as never))).toBe(
      `the sink 'out' of job 'test' was given no connector, but object; pass what a function of 'sinks' returns`,
    );
  });

  it('include a stream of another job', () => {
    let other: ReturnType<JobBuilder['source']>;
    defineJob('other', (job) => {
      other = job.source('in', fakeSource());
      other.to('out', fakeSink());
    }).build();

    expect(messageOf((job) => job.source('a', fakeSource()).merge(other).to('out', fakeSink()))).toContain(
      `merge() was given a stream of job 'other'`,
    );
  });

  it('include the name of the job itself', () => {
    const unnamed = defineJob('../escape', (job) => job.source('in', fakeSource()).to('out', fakeSink()));

    expect(() => unnamed.build()).toThrow('the job has the name "../escape"; names are 1 to 100 letters');
  });
});
