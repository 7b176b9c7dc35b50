import { describe, expect, it } from 'vitest';
import { aggregates } from '../../src/operators/index.ts';
import { defineJob, type JobBuilder, type Stream } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

function idsOf(define: (job: JobBuilder) => void): string[] {
  return defineJob('test', define)
    .build()
    .nodes.map(({ id }) => id);
}

/** The part whose ids are watched. */
function watched(job: JobBuilder): void {
  job
    .source('payments', fakeSource<{ card: string }>())
    .filter(() => true)
    .keyBy(({ card }) => card)
    .aggregate({ n: aggregates.count() })
    .to('counts', fakeSink());
}

const WATCHED = ['payments', 'payments/filter', 'payments/filter/keyBy', 'payments/filter/keyBy/aggregate', 'counts'];

describe('ids of nodes', () => {
  it('are the path to the node', () => {
    expect(idsOf(watched)).toEqual(WATCHED);
  });

  it('stay when unrelated parts are added before, behind or between', () => {
    const ids = idsOf((job) => {
      job
        .source('before', fakeSource())
        .filter(() => true)
        .to('x', fakeSink());
      watched(job);
      job
        .source('behind', fakeSource())
        .filter(() => true)
        .to('y', fakeSink());
    });

    expect(ids).toEqual(expect.arrayContaining(WATCHED));
  });

  it('of a named operator begin a path of their own, which changes before it do not touch', () => {
    const named = (cleaned: Stream<string>) =>
      cleaned
        .map((x) => x)
        .named('clean')
        .filter(() => true)
        .to('out', fakeSink());
    const ids = idsOf((job) => named(job.source('in', fakeSource<string>())));
    const changed = idsOf((job) =>
      named(
        job
          .source('in', fakeSource<string>())
          .filter(() => true)
          .filter(() => true),
      ),
    );

    expect(ids).toEqual(['in', 'clean', 'clean/filter', 'out']);
    expect(changed).toEqual(['in', 'in/filter', 'in/filter/filter', 'clean', 'clean/filter', 'out']);
  });

  it('of equal operators at one place are numbered, and naming one does not renumber the others', () => {
    const branches = (isFirstNamed: boolean) =>
      idsOf((job) => {
        const source = job.source('in', fakeSource());
        const first = source.filter(() => true);
        if (isFirstNamed) first.named('first');
        first.to('a', fakeSink());
        source.map((x) => x).to('b', fakeSink());
        source.filter(() => false).to('c', fakeSink());
      });

    expect(branches(false)).toEqual(['in', 'in/filter', 'a', 'in/map', 'b', 'in/filter#2', 'c']);
    expect(branches(true)).toEqual(['in', 'first', 'a', 'in/map', 'b', 'in/filter#2', 'c']);
  });

  it('tell the branches of a split apart', () => {
    const ids = idsOf((job) => {
      const { late, rest } = job.source('in', fakeSource<number>()).split({ late: (n) => n > 60 });
      late.map((n) => n).to('a', fakeSink());
      rest.map((n) => n).to('b', fakeSink());
    });

    expect(ids).toEqual(['in', 'in/split', 'in/split:late/map', 'a', 'in/split/map', 'b']);
  });

  it('behind a merge name all inputs, in an order that does not depend on the order of merging', () => {
    const ids = (isReversed: boolean) =>
      idsOf((job) => {
        const [a, b] = [job.source('a', fakeSource()), job.source('b', fakeSource())];
        (isReversed ? b.merge(a) : a.merge(b)).map((x) => x).to('out', fakeSink());
      });

    expect(ids(false)).toEqual(['a', 'b', '(a+b)/map', 'out']);
    expect(ids(true)).toEqual(['a', 'b', '(a+b)/map', 'out']);
  });

  it('stay short and distinct in deep graphs that branch and merge again and again', () => {
    const ids = idsOf((job) => {
      let stream: Stream<unknown> = job.source('in', fakeSource());
      for (let i = 0; i < 40; i++) stream = stream.map((x) => x).merge(stream.filter(() => true));
      stream.to('out', fakeSink());
    });

    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.max(...ids.map((id) => id.length))).toBeLessThan(140);
  });
});
