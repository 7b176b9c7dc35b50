/** Event time of sources, and what goes by it without any. */
import { describe, expect, it } from 'vitest';
import { PlanError } from '../../src/model/index.ts';
import { aggregates, windows } from '../../src/operators/index.ts';
import { defineJob, fingerprintOf, type JobBuilder, type LogicalPlan, type SourceNode } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

interface Row {
  readonly id: string;
  readonly at: number;
}

function build(define: (job: JobBuilder) => void): LogicalPlan {
  return defineJob('test', define).build();
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

function sourceOf(plan: LogicalPlan): SourceNode {
  return plan.nodes[0] as SourceNode;
}

const rows = (job: JobBuilder, name = 'in') => job.source(name, fakeSource<Row>());
const WITHIN = { beforeMs: 0, afterMs: 10 };

describe('event time of a source', () => {
  it('stands in the plan with its defaults: in order, idle after ten seconds', () => {
    const plan = build((job) =>
      rows(job)
        .withEventTime((row) => row.at)
        .to('out', fakeSink()),
    );

    expect(sourceOf(plan).eventTime).toMatchObject({ outOfOrderMs: 0, idleTimeoutMs: 10_000 });
    expect(sourceOf(plan).eventTime!.timestampOf({ id: 'a', at: 7 })).toBe(7);
  });

  it('is absent where none was asked for', () => {
    expect(sourceOf(build((job) => rows(job).to('out', fakeSink())))).not.toHaveProperty('eventTime');
  });

  it('is no part of what a restart compares', () => {
    const fingerprints = [undefined, { outOfOrderMs: 5 }, { idleTimeoutMs: Number.POSITIVE_INFINITY }].map((options) =>
      fingerprintOf(
        build((job) => {
          const source = rows(job);
          (options === undefined ? source : source.withEventTime((row) => row.at, options)).to('out', fakeSink());
        }),
      ),
    );

    expect(new Set(fingerprints).size).toBe(1);
  });

  it.each<[string, string, (job: JobBuilder) => void]>([
    [
      'a second definition',
      `the event time of 'in' is defined twice; a source has one`,
      (job) => {
        const source = rows(job);
        source.withEventTime((row) => row.at);
        source.withEventTime((row) => row.at).to('out', fakeSink());
      },
    ],
    [
      'a negative bound of disorder',
      `the event time of 'in': outOfOrderMs is -1; it must be a finite number of at least 0`,
      (job) =>
        rows(job)
          .withEventTime((row) => row.at, { outOfOrderMs: -1 })
          .to('out', fakeSink()),
    ],
    [
      'an infinite bound of disorder',
      `outOfOrderMs is Infinity`,
      (job) =>
        rows(job)
          .withEventTime((row) => row.at, { outOfOrderMs: Number.POSITIVE_INFINITY })
          .to('out', fakeSink()),
    ],
    [
      'an idle timeout of nothing',
      `the event time of 'in': idleTimeoutMs is 0; it must be a number above 0, or Infinity`,
      (job) =>
        rows(job)
          .withEventTime((row) => row.at, { idleTimeoutMs: 0 })
          .to('out', fakeSink()),
    ],
    [
      'a misspelt option',
      `the event time of 'in': there is no option 'outOfOrderMS'; did you mean 'outOfOrderMs'?`,
      (job) =>
        rows(job)
          .withEventTime((row) => row.at, { outOfOrderMS: 5 } as object)
          .to('out', fakeSink()),
    ],
    [
      'no function',
      `withEventTime needs a function, not string`,
      (job) =>
        rows(job)
          .withEventTime('at' as never)
          .to('out', fakeSink()),
    ],
  ])('refuses %s', (_, message, define) => {
    expect(messageOf(define)).toContain(message);
  });
});

describe('what goes by event time', () => {
  const keyed = (job: JobBuilder, name = 'in') => rows(job, name).keyBy((row) => row.id);
  const count = { n: aggregates.count() };

  it.each<[string, string, (job: JobBuilder) => void]>([
    [
      'a window',
      `the window 'in/keyBy/window' goes by event time, but the source 'in' has none; put withEventTime(...) behind job.source(...) (in a job file: "eventTime" of the source), or choose a window with time: 'processing'`,
      (job) =>
        keyed(job)
          .window(windows.tumbling({ sizeMs: 10 }))
          .aggregate(count)
          .to('out', fakeSink()),
    ],
    [
      'a session',
      `the window 'in/keyBy/window' goes by event time`,
      (job) =>
        keyed(job)
          .window(windows.session({ gapMs: 10 }))
          .aggregate(count)
          .to('out', fakeSink()),
    ],
    [
      'a join of which one side has none',
      `the join '(in/keyBy|b/keyBy)/join' goes by event time, but the source 'b' has none`,
      (job) =>
        rows(job)
          .withEventTime((row) => row.at)
          .keyBy((row) => row.id)
          .join(keyed(job, 'b'), { within: WITHIN })
          .to('out', fakeSink()),
    ],
    [
      'a join with a table by time',
      `the tableJoin '(a/keyBy|b/keyBy)/tableJoin' goes by event time, but the sources 'a', 'b' have none`,
      (job) => keyed(job, 'a').joinTable(keyed(job, 'b')).to('out', fakeSink()),
    ],
    [
      'a join in windows',
      `the windowJoin '(a/keyBy|b/keyBy)/windowJoin' goes by event time`,
      (job) =>
        keyed(job, 'a')
          .windowJoin(keyed(job, 'b'), { window: windows.tumbling({ sizeMs: 10 }) })
          .to('out', fakeSink()),
    ],
    [
      'a deduplication within the watermark',
      `the deduplicate 'in/keyBy/deduplicate' goes by event time, but the source 'in' has none; put withEventTime(...) behind job.source(...) (in a job file: "eventTime" of the source), or choose the scope 'forever' or 'ttl'`,
      (job) => keyed(job).deduplicate({ scope: 'watermark', withinMs: 5 }).to('out', fakeSink()),
    ],
    [
      'a window behind a join whose table alone has event time',
      `the window '(a|b)/broadcastJoin/keyBy/window' goes by event time, but the sources`,
      (job) =>
        rows(job, 'a')
          .joinBroadcast(
            rows(job, 'b').withEventTime((row) => row.at),
            { leftKey: (row) => row.id, rightKey: (row) => row.id },
          )
          .keyBy(({ left }) => left.id)
          .window(windows.tumbling({ sizeMs: 10 }))
          .aggregate(count)
          .to('out', fakeSink()),
    ],
  ])('needs some upstream: %s', (_, message, define) => {
    expect(messageOf(define)).toContain(message);
  });

  it.each<[string, (job: JobBuilder) => void]>([
    [
      'windows of processing time',
      (job) =>
        keyed(job)
          .window(windows.tumbling({ sizeMs: 10, time: 'processing' }))
          .aggregate(count)
          .to('out', fakeSink()),
    ],
    [
      'windows of records',
      (job) => {
        const stream = keyed(job);
        stream
          .window(windows.count({ size: 10 }))
          .aggregate(count)
          .to('a', fakeSink());
        stream.window(windows.global()).aggregate(count).to('b', fakeSink());
      },
    ],
    [
      'deduplication for ever or by time to live',
      (job) => {
        keyed(job).deduplicate({ scope: 'forever' }).deduplicate({ scope: 'ttl', ttlMs: 5 }).to('out', fakeSink());
      },
    ],
    [
      'joins with a whole table, and calls',
      (job) =>
        rows(job, 'a')
          .joinBroadcast(rows(job, 'b'), { leftKey: (row) => row.id, rightKey: (row) => row.id })
          .asyncMap((row) => Promise.resolve(row))
          .to('out', fakeSink()),
    ],
  ])('is not needed by %s', (_, define) => {
    expect(() => build(define)).not.toThrow();
  });

  it('may come from one of several merged sources, through any number of operators', () => {
    const plan = build((job) =>
      rows(job, 'timed')
        .withEventTime((row) => row.at)
        .merge(rows(job, 'untimed'))
        .filter(() => true)
        .keyBy((row) => row.id)
        .window(windows.tumbling({ sizeMs: 10 }))
        .aggregate(count)
        .keyBy((row) => row.key)
        .window(windows.tumbling({ sizeMs: 100 }))
        .aggregate(count)
        .to('out', fakeSink()),
    );

    expect(plan.nodes.filter(({ kind }) => kind === 'window')).toHaveLength(2);
  });
});

describe('what operators find wrong', () => {
  it('comes with the name of the node, everything at once', () => {
    const message = messageOf((job) => {
      const keyed = rows(job)
        .withEventTime((row) => row.at)
        .keyBy((row) => row.id);
      keyed
        .window(windows.sliding({ sizeMs: 10, slideMs: 20 }))
        .aggregate({ n: aggregates.count(), windowStart: aggregates.count() } as never)
        .named('slow')
        .to('a', fakeSink());
      keyed.join(keyed, {}).named('unbounded').to('b', fakeSink());
    });

    expect(message).toContain(`the window 'slow': `);
    expect(message).toContain(`the window 'slow' has a field 'windowStart', a name that rows cannot use`);
    expect(message).toContain(`the join 'unbounded': a join without bounds would keep every record`);
  });

  it('include a window without a value', () => {
    expect(
      messageOf((job) =>
        rows(job)
          .withEventTime((row) => row.at)
          .keyBy((row) => row.id)
          .window(windows.tumbling({ sizeMs: 10 }))
          .aggregate({})
          .to('out', fakeSink()),
      ),
    ).toContain(`the window 'in/keyBy/window' has no field`);
  });
});

describe('late records of a window with local aggregation', () => {
  it('cannot be read: what to do is said, and of which node', () => {
    const problem = `the window 'w' has no side output 'late': with local: true late records are counted, but cannot be read; leave local out to read them`;
    let thrown: unknown;
    try {
      build((job) => {
        const counts = rows(job)
          .withEventTime((row) => row.at)
          .keyBy((row) => row.id)
          .window(windows.tumbling({ sizeMs: 10 }))
          .aggregate({ n: aggregates.count() }, { local: true })
          .named('w');
        // @ts-expect-error: there is none
        counts.side('late').to('late', fakeSink());
        counts.to('out', fakeSink());
      });
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(PlanError);
    expect((thrown as PlanError).problems).toEqual([{ node: 'w', message: problem }]);
    expect((thrown as PlanError).message).toBe(`job 'test': ${problem}`);
  });
});

describe('a window that emits its results again and again', () => {
  const rowsOf = (job: JobBuilder, emit: 'append' | 'update' | 'complete') =>
    rows(job)
      .withEventTime((row) => row.at)
      .keyBy((row) => row.id)
      .window(windows.tumbling({ sizeMs: 10 }), { emit })
      .aggregate({ n: aggregates.count() })
      .named('counts')
      .filter(() => true)
      .keyBy((row) => row.key);

  it('cannot stand before a join, nor, complete, before a deduplication', () => {
    const sentence = (what: string, emit: string) =>
      `the ${what} takes every row for a new one, and the window 'counts' emits its results again and again (emit '${emit}'); let it emit 'append'`;

    for (const emit of ['update', 'complete'] as const) {
      expect(
        messageOf((job) => {
          const counts = rowsOf(job, emit);
          counts.join(counts, { within: WITHIN }).named('j').to('out', fakeSink());
        }),
      ).toContain(sentence(`join 'j'`, emit));
    }
    expect(
      messageOf((job) => rowsOf(job, 'complete').deduplicate({ scope: 'forever' }).named('d').to('out', fakeSink())),
    ).toContain(sentence(`deduplicate 'd'`, 'complete'));
  });

  it('may stand before all others, and behind anything with state of its own nothing of it is left', () => {
    expect(() =>
      build((job) => {
        rowsOf(job, 'update').deduplicate({ scope: 'forever' }).to('a', fakeSink());
      }),
    ).not.toThrow();
    expect(() =>
      build((job) => {
        const sums = rowsOf(job, 'complete')
          .window(windows.tumbling({ sizeMs: 100 }))
          .aggregate({ n: aggregates.count() })
          .keyBy((row) => row.key);
        sums.join(sums, { within: WITHIN }).to('a', fakeSink());
      }),
    ).not.toThrow();
  });
});
