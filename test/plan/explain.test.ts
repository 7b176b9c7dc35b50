import { describe, expect, it } from 'vitest';
import { aggregates, records, states } from '../../src/operators/index.ts';
import { compile, defineJob, explain, explainMermaid } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

const delays = defineJob('delays', (job) => {
  const archive = job.source('archive', fakeSource<Flight>('archive.csv')).withParallelism(1);
  const { heavy, rest } = job
    .source('flights', fakeSource<Flight>('flights.jsonl'))
    .filter((flight) => flight.delay > 15)
    .split({ heavy: (flight) => flight.delay > 120 });
  heavy.to('heavily-delayed', fakeSink('heavy.jsonl'));
  const keyed = rest.merge(archive.rebalance()).keyBy((flight) => flight.origin);
  keyed
    .aggregate({ flights: aggregates.count(), mean: aggregates.mean((flight) => flight.delay) })
    .named('per-airport')
    .to('airports', fakeSink('<airports> "by" #origin'));
  keyed
    .process({
      states: { last: states.value<number>(), worst: states.map<number>() },
      emits: records<number>(),
      sides: { odd: records<string>() },
      process() {},
    })
    .named('watch')
    .side('odd')
    .to('odd', fakeSink('odd.jsonl'), { parallelism: 1 });
});

const plan = compile(delays.build(), { parallelism: 2, workers: 2, keyGroups: 128 });

describe('explain', () => {
  it('shows stages, chains as trees, exchanges, workers and ids', () => {
    expect(explain(plan)).toMatchInlineSnapshot(`
      "job delays: 6 stages, 5 exchanges, 2 workers, 128 key groups
      fingerprint f47cb41fee9cf3ce0c15b4e5790b6140ad2bb4a9ba665b3f34ac2d9507d8b567

      stage 0: parallelism 1, worker 0
        archive: source (fake archive.csv)
        to stage 2 by rebalance (exchange 1)

      stage 1: parallelism 2, workers 0 1
        flights: source (fake flights.jsonl)
        flights/filter: filter
        flights/filter/split: split (heavy)
        ├─ [rest] to stage 2 by forward (exchange 0)
        └─ [heavy] heavily-delayed: sink (fake heavy.jsonl)

      stage 2: parallelism 2, workers 0 1
        from stage 1 by forward (exchange 0): flights/filter/split [rest]
        from stage 0 by rebalance (exchange 1): archive
        (archive+flights/filter/split)/keyBy: keyBy
        ├─ to stage 3 by hash (exchange 2)
        └─ to stage 4 by hash (exchange 3)

      stage 3: parallelism 2, workers 0 1
        from stage 2 by hash (exchange 2): (archive+flights/filter/split)/keyBy
        per-airport: aggregate (flights: count, mean)
        airports: sink (fake <airports> "by" #origin)

      stage 4: parallelism 2, workers 0 1
        from stage 2 by hash (exchange 3): (archive+flights/filter/split)/keyBy
        watch: process (last: value, worst: map)
        [odd] to stage 5 by hash (exchange 4)

      stage 5: parallelism 1, worker 1
        from stage 4 by hash (exchange 4): watch [odd]
        odd: sink (fake odd.jsonl)"
    `);
  });

  it('counts one thing in the singular', () => {
    const small = defineJob('small', (job) => job.source('in', fakeSource()).to('out', fakeSink())).build();

    expect(explain(compile(small, { parallelism: 1, workers: 1, keyGroups: 1 })).split('\n')[0]).toBe(
      'job small: 1 stage, 0 exchanges, 1 worker, 1 key group',
    );
  });
});

describe('explainMermaid', () => {
  it('draws a box per stage and an arrow per edge, labels escaped', () => {
    expect(explainMermaid(plan)).toMatchInlineSnapshot(`
      "flowchart LR
        subgraph s0["stage 0, parallelism 1"]
          n0["archive<br/>source: fake archive.csv"]
        end
        subgraph s1["stage 1, parallelism 2"]
          n1["flights<br/>source: fake flights.jsonl"]
          n2["flights/filter<br/>filter"]
          n3["flights/filter/split<br/>split: heavy"]
          n4["heavily-delayed<br/>sink: fake heavy.jsonl"]
        end
        subgraph s2["stage 2, parallelism 2"]
          n5["(archive+flights/filter/split)/keyBy<br/>keyBy"]
        end
        subgraph s3["stage 3, parallelism 2"]
          n6["per-airport<br/>aggregate: flights: count, mean"]
          n7["airports<br/>sink: fake #60;airports#62; #34;by#34; #35;origin"]
        end
        subgraph s4["stage 4, parallelism 2"]
          n8["watch<br/>process: last: value, worst: map"]
        end
        subgraph s5["stage 5, parallelism 1"]
          n9["odd<br/>sink: fake odd.jsonl"]
        end
        n0 ==>|"rebalance"| n5
        n1 --> n2
        n2 --> n3
        n3 ==>|"rest: forward"| n5
        n3 -->|"heavy"| n4
        n5 ==>|"hash"| n6
        n5 ==>|"hash"| n8
        n6 --> n7
        n8 ==>|"odd: hash"| n9"
    `);
  });
});
