import { describe, expect, it } from 'vitest';
import { aggregates } from '../../src/operators/index.ts';
import { defineJob, fingerprintOf, type JobBuilder } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

function fingerprint(define: (job: JobBuilder) => void, name = 'delays'): string {
  return fingerprintOf(defineJob(name, define).build());
}

const BASE = fingerprint((job) => {
  job
    .source('flights', fakeSource<Flight>('a', { path: 'a' }))
    .filter(({ delay }) => delay > 15)
    .keyBy(({ origin }) => origin)
    .aggregate({ n: aggregates.count(), worst: aggregates.max(({ delay }) => delay) })
    .to('out', fakeSink());
});

describe('the fingerprint', () => {
  it('is pinned: another value makes every state directory report another plan', () => {
    expect(BASE).toMatchInlineSnapshot(`"82b04f6dc82c342d0337f239853719ebed4cc39fc3428982d27b52fe461603be"`);
  });

  it.each<[string, (job: JobBuilder) => void]>([
    [
      'function bodies, labels and parallelism',
      (job) =>
        job
          .source('flights', fakeSource<Flight>('another label', { path: 'a' }))
          .withParallelism(3)
          .filter(({ delay }) => delay < 0)
          .keyBy(({ origin }) => origin.slice(1))
          .aggregate({ n: aggregates.count(), worst: aggregates.max(() => 1) })
          .to('out', fakeSink(), { parallelism: 7 }),
    ],
    [
      'the order of the fields of an aggregate',
      (job) =>
        job
          .source('flights', fakeSource<Flight>('a', { path: 'a' }))
          .filter(() => true)
          .keyBy(({ origin }) => origin)
          .aggregate({ worst: aggregates.max(({ delay }) => delay), n: aggregates.count() })
          .to('out', fakeSink()),
    ],
  ])('does not depend on %s', (_, define) => {
    expect(fingerprint(define)).toBe(BASE);
  });

  it('does not depend on the order in which unrelated nodes were added', () => {
    const ab = (job: JobBuilder, names: readonly string[]) => {
      for (const name of names) job.source(name, fakeSource()).to(`${name}-out`, fakeSink());
    };

    expect(fingerprint((job) => ab(job, ['a', 'b']))).toBe(fingerprint((job) => ab(job, ['b', 'a'])));
  });

  it.each<[string, (job: JobBuilder) => void]>([
    [
      'a name',
      (job) =>
        job
          .source('b', fakeSource())
          .map((x) => x)
          .to('out', fakeSink()),
    ],
    ['an operator less', (job) => job.source('a', fakeSource()).to('out', fakeSink())],
    [
      'another kind of operator',
      (job) =>
        job
          .source('a', fakeSource())
          .filter(() => true)
          .to('out', fakeSink()),
    ],
    [
      'another partitioning',
      (job) =>
        job
          .source('a', fakeSource())
          .rebalance()
          .map((x) => x)
          .to('out', fakeSink()),
    ],
    [
      'the identity of a connector',
      (job) =>
        job
          .source('a', fakeSource('a', { path: 'z' }))
          .map((x) => x)
          .to('out', fakeSink()),
    ],
    [
      'another branch of a split',
      (job) =>
        job
          .source('a', fakeSource())
          .split({ one: () => true, two: () => true })
          .two.map((x) => x)
          .to('out', fakeSink()),
    ],
    [
      'another field of an aggregate',
      (job) => job.source('a', fakeSource()).keyBy(String).aggregate({ m: aggregates.count() }).to('out', fakeSink()),
    ],
    [
      'another aggregate in a field',
      (job) =>
        job
          .source('a', fakeSource<number>())
          .keyBy(String)
          .aggregate({ n: aggregates.sum((x) => x) })
          .to('out', fakeSink()),
    ],
  ])('changes with %s', (_, define) => {
    const others = [
      fingerprint((job) =>
        job
          .source('a', fakeSource())
          .map((x) => x)
          .to('out', fakeSink()),
      ),
      fingerprint((job) =>
        job
          .source('a', fakeSource())
          .split({ one: () => true, two: () => true })
          .one.map((x) => x)
          .to('out', fakeSink()),
      ),
      fingerprint((job) =>
        job.source('a', fakeSource()).keyBy(String).aggregate({ n: aggregates.count() }).to('out', fakeSink()),
      ),
    ];

    expect(others).not.toContain(fingerprint(define));
  });

  it('changes with the name of the job', () => {
    const define = (job: JobBuilder) => job.source('a', fakeSource()).to('out', fakeSink());

    expect(fingerprint(define, 'one')).not.toBe(fingerprint(define, 'two'));
  });
});
