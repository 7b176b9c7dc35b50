import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, sinks, sources } from '../../src/index.ts';
import { signaturesOf } from '../../src/plan/signatures-of.ts';

describe('what a manifest keeps of a plan', () => {
  it('names each input with its output and partitioning, and the expressions there are', () => {
    const plan = defineJob('visits', (job) => {
      const routes = job
        .source('visits', sources.generator({ create: (index) => ({ index }) }))
        .expressedBy({ 'fields.index': 'index' })
        .split({ even: ({ index }) => index % 2 === 0 });
      routes.even
        .keyBy(({ index }) => index)
        .aggregate({ n: aggregates.count() })
        .named('counts')
        .to('out', sinks.discard(), { parallelism: 3 });
      routes.rest.broadcast().to('rest', sinks.discard());
    }).build();

    const signatures = signaturesOf(plan);

    expect(signatures['visits']).toMatchObject({ inputs: [], expressions: { 'fields.index': 'index' } });
    expect(signatures['counts']!.inputs).toEqual([
      { from: 'visits/split:even/keyBy', output: 'main', partitioning: 'hash' },
    ]);
    expect(signatures['visits/split:even/keyBy']!.inputs).toEqual([
      { from: 'visits/split', output: 'even', partitioning: 'forward' },
    ]);
    expect(signatures['rest']!.inputs).toEqual([{ from: 'visits/split', output: 'rest', partitioning: 'broadcast' }]);
    expect(signatures['out']).not.toHaveProperty('expressions');
    // It goes into every manifest.
    expect(structuredClone(signatures)).toEqual(signatures);
  });

  it('tells the inputs of a join apart', () => {
    const plan = defineJob('joined', (job) => {
      const source = (name: string) => job.source(name, sources.generator({ create: (index) => ({ index }) }));
      source('visits')
        .joinBroadcast(source('names'), { leftKey: ({ index }) => index, rightKey: ({ index }) => index })
        .named('named')
        .to('out', sinks.discard());
    }).build();

    expect(signaturesOf(plan)['named']!.inputs).toEqual([
      { from: 'visits', output: 'main', partitioning: 'forward' },
      { from: 'names', output: 'main', partitioning: 'broadcast', input: 1 },
    ]);
  });
});
