/** Which joins read their table first: only where it ends, and only where nobody waits for himself. */
import { describe, expect, it } from 'vitest';
import type { SourceConnector } from '../../src/model/index.ts';
import { defineJob, type JobBuilder, type LogicalPlan, type Stream } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

const BY_ID = { leftKey: String, rightKey: String, select: (left: unknown): unknown => left };

function readFirst(define: (job: JobBuilder) => void): readonly string[] {
  const plan: LogicalPlan = defineJob('test', define).build();
  return plan.nodes.flatMap((node) => (node.role === 'operator' && node.readsSecondFirst ? [node.id] : []));
}

function source(job: JobBuilder, name: string, isBounded = true): Stream<unknown> {
  const connector: SourceConnector = { ...fakeSource(name), isBounded };
  return job.source(name, connector);
}

describe('the table of a broadcast join', () => {
  it('is read first where it ends, whether the stream does or not', () => {
    const names = readFirst((job) => {
      source(job, 'stream', false).joinBroadcast(source(job, 'table'), BY_ID).named('join').to('out', fakeSink());
    });

    expect(names).toEqual(['join']);
  });

  it('is used as it comes where one of its sources goes on', () => {
    const names = readFirst((job) => {
      const table = source(job, 'file').merge(source(job, 'changes', false));
      source(job, 'stream').joinBroadcast(table, BY_ID).named('join').to('out', fakeSink());
    });

    expect(names).toEqual([]);
  });

  it('is used as it comes where the stream has a source of its own in it: it would wait for itself', () => {
    const names = readFirst((job) => {
      const both = source(job, 'both');
      const stream = both.map((x) => x).merge(source(job, 'other'));
      stream
        .joinBroadcast(
          both.filter(() => true),
          BY_ID,
        )
        .named('join')
        .to('out', fakeSink());
    });

    expect(names).toEqual([]);
  });

  it('is not read first by two joins that would wait for each other', () => {
    const names = readFirst((job) => {
      const [a, b] = [source(job, 'a'), source(job, 'b')];
      a.joinBroadcast(b, BY_ID).named('first').to('x', fakeSink());
      b.joinBroadcast(a, BY_ID).named('second').to('y', fakeSink());
    });

    expect(names).toEqual(['first']);
  });

  it('nor by a circle of three', () => {
    const names = readFirst((job) => {
      const [a, b, c] = [source(job, 'a'), source(job, 'b'), source(job, 'c')];
      a.joinBroadcast(b, BY_ID).named('ab').to('x', fakeSink());
      b.joinBroadcast(c, BY_ID).named('bc').to('y', fakeSink());
      c.joinBroadcast(a, BY_ID).named('ca').to('z', fakeSink());
    });

    expect(names).toEqual(['ab', 'bc']);
  });

  it('may itself be the result of such a join', () => {
    const names = readFirst((job) => {
      const table = source(job, 'raw').joinBroadcast(source(job, 'codes'), BY_ID).named('coded');
      source(job, 'stream').joinBroadcast(table, BY_ID).named('join').to('out', fakeSink());
    });

    expect(names).toEqual(['coded', 'join']);
  });
});
