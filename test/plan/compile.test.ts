import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, PlanError } from '../../src/model/index.ts';
import { aggregates } from '../../src/operators/index.ts';
import type { CompileOptions, LogicalPlan, PhysicalPlan, PlanNode, Stage, Stream } from '../../src/plan/index.ts';
import { compile, defineJob, type JobBuilder, listChannels, listSubtasks } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';
import { randomJob } from './random-job.ts';

const OPTIONS: CompileOptions = { parallelism: 2, workers: 2, keyGroups: 128 };

const options: fc.Arbitrary<CompileOptions> = fc.record({
  parallelism: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 1, max: 4 }),
  keyGroups: fc.integer({ min: 4, max: 256 }),
});

function plan(define: (job: JobBuilder) => void, some: Partial<CompileOptions> = {}): PhysicalPlan {
  return compile(defineJob('test', define).build(), { ...OPTIONS, ...some });
}

function stageNames(physical: PhysicalPlan): string[] {
  return physical.stages.map(({ name }) => name);
}

/** `from:output>to` for each edge as asked for. */
function logicalEdges({ nodes }: LogicalPlan): string[] {
  return nodes.flatMap((node) => node.inputs.map(({ from, output }) => `${from}:${output}>${node.id}`)).sort();
}

/** The same for each edge as it runs: chained or through an exchange. */
function realisedEdges({ stages, exchanges }: PhysicalPlan): string[] {
  return stages
    .flatMap(({ chain }) => chain)
    .flatMap(({ node, targets }) =>
      targets.flatMap((output, index) =>
        output.map((target) => {
          const to = target.kind === 'chained' ? target.node : headOf(stages[exchanges[target.exchange]!.to]!).id;
          return `${node.id}:${index}>${to}`;
        }),
      ),
    )
    .sort();
}

function headOf(stage: Stage): PlanNode {
  return stage.chain[0]!.node;
}

describe('every compiled plan', () => {
  const checkAll = (check: (physical: PhysicalPlan, logical: LogicalPlan, chosen: CompileOptions) => void): void =>
    fc.assert(
      fc.property(randomJob, options, (job, chosen) => {
        const logical = job.build();
        check(compile(logical, chosen), logical, chosen);
      }),
      { numRuns: 120 },
    );

  it('realises every edge exactly once', () => {
    checkAll((physical, logical) => expect(realisedEdges(physical)).toEqual(logicalEdges(logical)));
  });

  it('has every node in exactly one chain, heads first, in topological order', () => {
    checkAll((physical, logical) => {
      const order = new Map(logical.nodes.map(({ id }, i) => [id, i]));
      const inChains = physical.stages.flatMap(({ chain }) => chain.map(({ node }) => node.id));

      expect([...inChains].sort()).toEqual(logical.nodes.map(({ id }) => id).sort());
      for (const { chain } of physical.stages) {
        const positions = chain.map(({ node }) => order.get(node.id)!);
        expect(positions).toEqual([...positions].sort((a, b) => a - b));
      }
    });
  });

  it('lets only heads read from exchanges, and only sources read from none', () => {
    checkAll(({ stages, exchanges }) => {
      for (const stage of stages) {
        const [head, ...fused] = stage.chain.map(({ node }) => node);
        expect(stage.inputs.length).toBe(head!.inputs.length);
        expect(stage.inputs.length === 0).toBe(head!.role === 'source');
        for (const node of fused) {
          const [edge, ...others] = node.inputs;
          expect(others).toEqual([]);
          expect(edge!.partitioning).toBe('forward');
          expect(stage.chain.some((member) => member.node.id === edge!.from)).toBe(true);
        }
      }
      for (const [index, exchange] of exchanges.entries()) {
        expect(exchange.index).toBe(index);
        expect(exchange.from).toBeLessThan(exchange.to);
        expect(stages[exchange.to]!.inputs.filter((input) => input === index)).toEqual([index]);
        expect(stages[exchange.from]!.outputs.filter((output) => output === index)).toEqual([index]);
      }
    });
  });

  it('keeps the partitioning asked for, and every node its own parallelism', () => {
    checkAll(({ stages, exchanges }) => {
      for (const { to, from, fromNode, output, partitioning } of exchanges) {
        const asked = headOf(stages[to]!).inputs.filter((edge) => edge.from === fromNode && edge.output === output);
        const isUnequal = stages[from]!.parallelism !== stages[to]!.parallelism;
        if (partitioning === 'forward') expect(isUnequal).toBe(false);
        expect(
          asked.some((edge) => edge.partitioning === partitioning || (edge.partitioning === 'forward' && isUnequal)),
        ).toBe(true);
      }
      for (const { chain, parallelism } of stages) {
        for (const { node } of chain) {
          if (node.parallelism !== undefined) expect(parallelism).toBe(node.parallelism);
          if (node.role === 'operator' && node.state === 'keyed') expect(node).toBe(chain[0]!.node);
        }
      }
    });
  });

  it('places every subtask on a worker, and forward channels inside one thread', () => {
    checkAll((physical, _, { workers }) => {
      const subtasks = listSubtasks(physical);
      expect(new Set(subtasks.map(({ id }) => id)).size).toBe(
        physical.stages.reduce((sum, s) => sum + s.parallelism, 0),
      );
      expect(subtasks.every(({ worker }) => Number.isInteger(worker) && worker >= 0 && worker < workers)).toBe(true);

      const channels = listChannels(physical);
      expect(new Set(channels.map(({ id }) => id)).size).toBe(channels.length);
      for (const { index, from, to, partitioning } of physical.exchanges) {
        const own = channels.filter(({ exchange }) => exchange === index);
        const [producers, consumers] = [physical.stages[from]!.parallelism, physical.stages[to]!.parallelism];
        expect(own.length).toBe(partitioning === 'forward' ? producers : producers * consumers);
        if (partitioning !== 'forward') continue;
        expect(own.every((channel) => channel.from.subtask === channel.to.subtask && !channel.crossesThreads)).toBe(
          true,
        );
      }
      for (const { from, to, crossesThreads } of channels) expect(crossesThreads).toBe(from.worker !== to.worker);
    });
  });

  it('has the same fingerprint and node signatures whatever the parallelism, workers and key groups', () => {
    fc.assert(
      fc.property(randomJob, options, options, (job, one, other) => {
        const [first, second] = [compile(job.build(), one), compile(job.build(), other)];

        expect(second.fingerprint).toBe(first.fingerprint);
        expect(second.nodes).toEqual(first.nodes);
      }),
    );
  });

  it('is frozen through and through', () => {
    checkAll(({ stages, exchanges, ...rest }) => {
      const parts = [stages, exchanges, ...exchanges, ...stages.flatMap((s) => [s, s.chain, s.inputs, s.outputs])];
      const members = stages.flatMap(({ chain }) =>
        chain.flatMap((m) => [m, m.node, m.targets, ...m.targets, ...m.targets.flat()]),
      );
      expect([...parts, ...members, rest.nodes].every(Object.isFrozen)).toBe(true);
    });
  });
});

describe('chains', () => {
  it('fuse forward edges of equal parallelism and end at hash edges', () => {
    const physical = plan((job) => {
      job
        .source('in', fakeSource<string>())
        .map((x) => x)
        .keyBy((x) => x)
        .aggregate({ n: aggregates.count() })
        .filter(() => true)
        .to('out', fakeSink());
    });

    expect(stageNames(physical)).toEqual([
      'in > in/map > in/map/keyBy',
      'in/map/keyBy/aggregate > in/map/keyBy/aggregate/filter > out',
    ]);
    expect(physical.exchanges).toMatchObject([
      { from: 0, fromNode: 'in/map/keyBy', output: 0, to: 1, partitioning: 'hash' },
    ]);
  });

  it('become trees where a stream has several readers', () => {
    const physical = plan((job) => {
      const { late, rest } = job.source('in', fakeSource<number>()).split({ late: (n) => n > 60 });
      late.to('late', fakeSink());
      rest.to('rest', fakeSink());
      rest.to('copy', fakeSink());
    });

    expect(stageNames(physical)).toEqual(['in > in/split > late > rest > copy']);
    expect(physical.stages[0]!.chain[1]!.targets).toEqual([
      [
        { kind: 'chained', node: 'rest' },
        { kind: 'chained', node: 'copy' },
      ],
      [{ kind: 'chained', node: 'late' }],
    ]);
  });

  it('begin anew where streams merge, on the threads of their inputs', () => {
    const physical = plan((job) => {
      const a = job.source('a', fakeSource());
      const b = job.source('b', fakeSource());
      a.merge(b)
        .map((x) => x)
        .to('out', fakeSink());
    });

    expect(stageNames(physical)).toEqual(['a', 'b', '(a+b)/map > out']);
    expect(physical.exchanges.map(({ partitioning }) => partitioning)).toEqual(['forward', 'forward']);
    expect(listChannels(physical).some(({ crossesThreads }) => crossesThreads)).toBe(false);
  });
});

describe('parallelism', () => {
  it('given to a source holds for the stateless operators behind it, and not beyond an exchange', () => {
    const physical = plan(
      (job) => {
        job
          .source('in', fakeSource<string>())
          .withParallelism(1)
          .filter(() => true)
          .keyBy((x) => x)
          .aggregate({ n: aggregates.count() })
          .to('out', fakeSink());
      },
      { parallelism: 4 },
    );

    expect(physical.stages.map(({ parallelism }) => parallelism)).toEqual([1, 4]);
  });

  it('that changes along an edge without keys makes it rebalance', () => {
    const physical = plan((job) => job.source('in', fakeSource()).to('out', fakeSink(), { parallelism: 1 }));

    expect(physical.exchanges.map(({ partitioning }) => partitioning)).toEqual(['rebalance']);
  });

  it('that changes along an edge with keys makes it hash, so that records of a key stay in order (I11)', () => {
    const physical = plan((job) => {
      const keyed = job.source('in', fakeSource<string>()).keyBy((x) => x);
      keyed
        .map((x) => x)
        .withParallelism(3)
        .to('mapped', fakeSink());
      keyed.aggregate({ n: aggregates.count() }).to('rows', fakeSink(), { parallelism: 1 });
    });

    expect(physical.exchanges.map(({ partitioning }) => partitioning)).toEqual(['hash', 'hash', 'hash']);
  });

  it('that changes behind a rebalanced stream does not pretend to keep an order already given up', () => {
    const physical = plan((job) => {
      const rows = job
        .source('in', fakeSource<string>())
        .keyBy((x) => x)
        .aggregate({ n: aggregates.count() });
      rows
        .rebalance()
        .map((x) => x)
        .to('out', fakeSink(), { parallelism: 1 });
    });

    expect(physical.exchanges.map(({ partitioning }) => partitioning)).toEqual(['hash', 'rebalance', 'rebalance']);
  });
});

describe('state of its own', () => {
  it('needs a key group for each subtask', () => {
    const asking = (job: JobBuilder): void => {
      job
        .source('in', fakeSource<string>())
        .asyncMap((x) => Promise.resolve(x))
        .named('ask')
        .to('out', fakeSink());
    };

    expect(() => plan(asking, { parallelism: 5, keyGroups: 4 })).toThrow(`the parallelism of 'ask' (5) exceeds the 4`);
    expect(stageNames(plan(asking, { parallelism: 4, keyGroups: 4 }))).toEqual(['in > ask > out']);
  });
});

describe('placement', () => {
  const pipeline = (job: JobBuilder): void => {
    job
      .source('in', fakeSource<string>())
      .keyBy((x) => x)
      .aggregate({ n: aggregates.count() })
      .to('out', fakeSink());
  };

  it('puts producer and consumer of an exchange on different threads at parallelism 1', () => {
    const channels = listChannels(plan(pipeline, { parallelism: 1, workers: 2 }));

    expect(channels).toMatchObject([{ id: '0:0.0>1.0', from: { worker: 0 }, to: { worker: 1 }, crossesThreads: true }]);
  });

  it('does so for every step of a longer pipeline', () => {
    const physical = plan(
      (job) => {
        let rows: Stream<unknown> = job.source('in', fakeSource<unknown>());
        for (let i = 0; i < 5; i++) rows = rows.keyBy(String).aggregate({ n: aggregates.count() });
        rows.to('out', fakeSink());
      },
      { parallelism: 1, workers: 2 },
    );

    expect(physical.stages.map(({ firstWorker }) => firstWorker)).toEqual([0, 1, 0, 1, 0, 1]);
  });

  it('prefers crossing threads among equally loaded workers', () => {
    const physical = plan(
      (job) => {
        const a = job.source('a', fakeSource<string>());
        job.source('b', fakeSource<string>()).to('b-out', fakeSink());
        a.keyBy((x) => x)
          .aggregate({ n: aggregates.count() })
          .to('a-out', fakeSink());
      },
      { parallelism: 1, workers: 2 },
    );

    expect(listChannels(physical).map(({ crossesThreads }) => crossesThreads)).toEqual([true]);
  });

  it('spreads the subtasks of a stage over all workers', () => {
    const physical = plan(pipeline, { parallelism: 4, workers: 4 });

    for (const stage of physical.stages) {
      const workers = listSubtasks(physical).filter((subtask) => subtask.stage === stage.index);
      expect(new Set(workers.map(({ worker }) => worker)).size).toBe(4);
    }
  });

  it('keeps everything in one thread when there is one worker', () => {
    expect(listChannels(plan(pipeline, { workers: 1 })).every(({ crossesThreads }) => !crossesThreads)).toBe(true);
  });
});

describe('what cannot be compiled', () => {
  it('is a keyed stage wider than the key groups', () => {
    const wide = () =>
      plan(
        (job) => {
          job
            .source('in', fakeSource<string>())
            .keyBy((x) => x)
            .aggregate({ n: aggregates.count() })
            .named('counts')
            .to('out', fakeSink());
        },
        { parallelism: 9, keyGroups: 8 },
      );

    expect(wide).toThrow(PlanError);
    expect(wide).toThrow(`the parallelism of 'counts' (9) exceeds the 8 key groups`);
  });

  it('is a plan for numbers of workers, subtasks or key groups that do not exist, all named at once', () => {
    const odd = () =>
      plan((job) => job.source('in', fakeSource()).to('out', fakeSink()), { workers: 0, parallelism: 1.5 });

    expect(odd).toThrow(OptionError);
    expect(odd).toThrow('parallelism is 1.5; it must be a whole number of at least 1; workers is 0; it must be');
  });
});
