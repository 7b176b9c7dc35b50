/** Nodes of two inputs in the logical and the physical plan, and how plans are shown to people. */
import { describe, expect, it } from 'vitest';
import { PlanError } from '../../src/model/index.ts';
import { aggregates, windows } from '../../src/operators/index.ts';
import {
  compile,
  defineJob,
  explain,
  explainMermaid,
  fingerprintOf,
  type JobBuilder,
  type LogicalPlan,
  type OperatorNode,
  type Stream,
} from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

interface Row {
  readonly id: string;
  readonly at: number;
}

function timed(job: JobBuilder, name: string): Stream<Row> {
  return job.source(name, fakeSource<Row>(name)).withEventTime((row) => row.at);
}

function build(define: (job: JobBuilder) => void): LogicalPlan {
  return defineJob('test', define).build();
}

function nodeOf(plan: LogicalPlan, id: string): OperatorNode {
  const node = plan.nodes.find((candidate) => candidate.id === id);
  expect(node, `no node '${id}' among ${plan.nodes.map((n) => n.id).join(', ')}`).toMatchObject({ role: 'operator' });
  return node as OperatorNode;
}

const WITHIN = { beforeMs: 1000, afterMs: 0 };

const orders = defineJob('orders', (job) => {
  const placed = timed(job, 'orders').keyBy((order) => order.id);
  const paid = timed(job, 'payments').keyBy((payment) => payment.id);
  const joined = placed.join(paid, { type: 'left', within: WITHIN }).named('paid');
  joined.side('late').to('late', fakeSink('late'));
  joined
    .joinBroadcast(job.source('names', fakeSource<Row>('names')), {
      leftKey: ({ left }) => left.id,
      rightKey: (row) => row.id,
    })
    .keyBy(({ left }) => left.left.id)
    .window(windows.tumbling({ sizeMs: 1000 }))
    .aggregate({ n: aggregates.count() })
    .named('per-second')
    .to('out', fakeSink('out'));
});

describe('a node of two inputs', () => {
  it('tells its inputs apart: hash edges for joins by key, forward and broadcast for a table given to all', () => {
    const plan = orders.build();

    expect(nodeOf(plan, 'paid').inputs).toEqual([
      { from: 'orders/keyBy', output: 0, partitioning: 'hash', input: 0 },
      { from: 'payments/keyBy', output: 0, partitioning: 'hash', input: 1 },
    ]);
    expect(nodeOf(plan, '(paid|names)/broadcastJoin').inputs).toEqual([
      { from: 'paid', output: 0, partitioning: 'forward', input: 0 },
      { from: 'names', output: 0, partitioning: 'broadcast', input: 1 },
    ]);
  });

  it('heads a stage, and its exchanges carry the input', () => {
    const physical = compile(orders.build(), { parallelism: 2, workers: 2, keyGroups: 16 });

    const inputsOf = (id: string) => {
      const stage = physical.stages.find(({ chain }) => chain.some(({ node }) => node.id === id))!;
      expect(stage.chain[0]!.node.id).toBe(id);
      return stage.inputs.map((index) => {
        const { fromNode, input, partitioning } = physical.exchanges[index]!;
        return [fromNode, input, partitioning];
      });
    };
    expect(inputsOf('paid')).toEqual([
      ['orders/keyBy', 0, 'hash'],
      ['payments/keyBy', 1, 'hash'],
    ]);
    expect(inputsOf('(paid|names)/broadcastJoin')).toEqual([
      ['paid', 0, 'forward'],
      ['names', 1, 'broadcast'],
    ]);
  });

  it('has the parallelism of its stream, whatever that of the table, and passes the keys of the stream on', () => {
    const plan = build((job) => {
      const table = job.source('table', fakeSource<Row>()).withParallelism(1);
      const sink = fakeSink<unknown>();
      timed(job, 'in')
        .withParallelism(3)
        .keyBy((row) => row.id)
        .joinBroadcast(table, { leftKey: (row) => row.id, rightKey: (row) => row.id })
        .named('named')
        .map((row) => row)
        .withParallelism(2)
        .to('out', sink);
    });

    const { stages, exchanges } = compile(plan, { parallelism: 5, workers: 2, keyGroups: 16 });

    const stageOf = (id: string) => stages.find(({ chain }) => chain.some(({ node }) => node.id === id))!;
    expect(stageOf('named').parallelism).toBe(3);
    // The map has another parallelism: the order of each key must hold.
    expect(stageOf('named/map').inputs.map((index) => exchanges[index]!.partitioning)).toEqual(['hash']);
  });

  it('can join a stream with itself', () => {
    const plan = build((job) => {
      const keyed = timed(job, 'in').keyBy((row) => row.id);
      keyed.join(keyed, { within: WITHIN }).to('out', fakeSink());
    });

    const { exchanges } = compile(plan, { parallelism: 1, workers: 1, keyGroups: 1 });

    expect(nodeOf(plan, '(in/keyBy|in/keyBy)/join').inputs.map(({ from, input }) => [from, input])).toEqual([
      ['in/keyBy', 0],
      ['in/keyBy', 1],
    ]);
    expect(exchanges.map(({ input }) => input)).toEqual([0, 1]);
  });

  it('is another node when its sides are exchanged, in its id and in the fingerprint', () => {
    const joined = (isSwapped: boolean, name?: string) =>
      build((job) => {
        const [a, b] = ['a', 'b'].map((source) => timed(job, source).keyBy((row) => row.id));
        const rows = isSwapped ? b!.join(a!, { within: WITHIN }) : a!.join(b!, { within: WITHIN });
        (name === undefined ? rows : rows.named(name)).to('out', fakeSink());
      });

    expect(joined(false).nodes.some(({ id }) => id === '(a/keyBy|b/keyBy)/join')).toBe(true);
    expect(joined(true).nodes.some(({ id }) => id === '(b/keyBy|a/keyBy)/join')).toBe(true);
    expect(fingerprintOf(joined(true, 'j'))).not.toBe(fingerprintOf(joined(false, 'j')));
  });

  it('takes merged streams on either side', () => {
    const plan = build((job) => {
      const [a, b, c] = ['a', 'b', 'c'].map((source) => timed(job, source).keyBy((row) => row.id));
      a!.merge(b!).join(c!, { within: WITHIN }).to('out', fakeSink());
    });

    expect(nodeOf(plan, '(a/keyBy+b/keyBy|c/keyBy)/join').inputs.map(({ input }) => input)).toEqual([0, 0, 1]);
  });

  it('refuses the stream of another job, and what is no stream', () => {
    let other: Stream<Row>;
    build((job) => {
      other = timed(job, 'in');
      other.to('out', fakeSink());
    });
    const join = (table: unknown) => () =>
      build((job) => {
        timed(job, 'a')
          .joinBroadcast(table as Stream<Row>, { leftKey: (row) => row.id, rightKey: (row) => row.id })
          .to('out', fakeSink());
      });

    expect(join(other!)).toThrow(PlanError);
    expect(join(other!)).toThrow(`joinBroadcast() was given a stream of job 'test'`);
    expect(join('airports')).toThrow('joinBroadcast() was given no stream, but string');
  });
});

describe('explaining', () => {
  const physical = compile(orders.build(), { parallelism: 2, workers: 2, keyGroups: 16 });

  it('shows event time, windows and both sides of joins', () => {
    expect(explain(physical).replace(/fingerprint \w+/, 'fingerprint ...')).toMatchInlineSnapshot(`
      "job orders: 6 stages, 5 exchanges, 2 workers, 16 key groups
      fingerprint ...

      stage 0: parallelism 2, workers 0 1
        orders: source (fake orders; event time, 0 ms out of order, idle after 10000 ms)
        orders/keyBy: keyBy
        to stage 2 by hash (exchange 0)

      stage 1: parallelism 2, workers 0 1
        payments: source (fake payments; event time, 0 ms out of order, idle after 10000 ms)
        payments/keyBy: keyBy
        to stage 2 by hash (exchange 1)

      stage 2: parallelism 2, workers 0 1
        left: from stage 0 by hash (exchange 0): orders/keyBy
        right: from stage 1 by hash (exchange 1): payments/keyBy
        paid: join (left join, from 1000 ms before to 0 ms after)
        ├─ [main] to stage 4 by forward (exchange 2)
        └─ [late] late: sink (fake late)

      stage 3: parallelism 2, workers 0 1
        names: source (fake names)
        to stage 4 by broadcast (exchange 3)

      stage 4: parallelism 2, workers 0 1
        left: from stage 2 by forward (exchange 2): paid [main]
        right, read first: from stage 3 by broadcast (exchange 3): names
        (paid|names)/broadcastJoin: broadcastJoin (inner join with a whole table)
        (paid|names)/broadcastJoin/keyBy: keyBy
        to stage 5 by hash (exchange 4)

      stage 5: parallelism 2, workers 0 1
        from stage 4 by hash (exchange 4): (paid|names)/broadcastJoin/keyBy
        per-second: window (tumbling 1000 ms)
        [main] out: sink (fake out)"
    `);
  });

  it('shows them in the chart too', () => {
    expect(explainMermaid(physical)).toMatchInlineSnapshot(`
      "flowchart LR
        subgraph s0["stage 0, parallelism 2"]
          n0["orders<br/>source: fake orders; event time, 0 ms out of order, idle after 10000 ms"]
          n1["orders/keyBy<br/>keyBy"]
        end
        subgraph s1["stage 1, parallelism 2"]
          n2["payments<br/>source: fake payments; event time, 0 ms out of order, idle after 10000 ms"]
          n3["payments/keyBy<br/>keyBy"]
        end
        subgraph s2["stage 2, parallelism 2"]
          n4["paid<br/>join: left join, from 1000 ms before to 0 ms after"]
          n5["late<br/>sink: fake late"]
        end
        subgraph s3["stage 3, parallelism 2"]
          n6["names<br/>source: fake names"]
        end
        subgraph s4["stage 4, parallelism 2"]
          n7["(paid|names)/broadcastJoin<br/>broadcastJoin: inner join with a whole table"]
          n8["(paid|names)/broadcastJoin/keyBy<br/>keyBy"]
        end
        subgraph s5["stage 5, parallelism 2"]
          n9["per-second<br/>window: tumbling 1000 ms"]
          n10["out<br/>sink: fake out"]
        end
        n0 --> n1
        n1 ==>|"hash: left"| n4
        n2 --> n3
        n3 ==>|"hash: right"| n4
        n4 ==>|"main: forward: left"| n7
        n4 -->|"late"| n5
        n6 ==>|"broadcast: right, read first"| n7
        n7 --> n8
        n8 ==>|"hash"| n9
        n9 -->|"main"| n10"
    `);
  });
});
