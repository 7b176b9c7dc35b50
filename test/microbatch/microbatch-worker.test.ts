/** One thread of the pool, given tasks by hand: what it reads, what it keeps, and what it leaves behind when it does not win. */
import { describe, expect, it } from 'vitest';
import { createClaim, createHeartbeat, SharedClaim, type ShuffleOutput } from '../../src/channels/index.ts';
import { resolveJobOptions } from '../../src/execution/options.ts';
import { aggregates, defineJob, sinks } from '../../src/index.ts';
import { MicrobatchWorker } from '../../src/microbatch/microbatch-worker.ts';
import type { SplitInput, TaskInput, TaskOutput, TaskRequest } from '../../src/microbatch/task.ts';
import {
  type Emitter,
  type Epoch,
  ownedGroups,
  type PollResult,
  type SourceConnector,
  type SplitOffsets,
  type SplitRange,
  StreamRecord,
  TIME_UNSET,
} from '../../src/model/index.ts';
import { compile } from '../../src/plan/index.ts';
import { createKeyedState, MemoryDisk, openMemoryStateReader } from '../../src/storage/index.ts';
import { SimulatedClock } from '../../src/testing/index.ts';

const RECORDS = 10;
const SPLITS = ['a', 'b'];
const SOURCE_STAGE = 0;
const COUNT_STAGE = 1;

/** Numbers 0 to 9 in each split; says of every odd one that it cannot be used, and passes it on all the same. */
function numbers(): SourceConnector<number> {
  return {
    isBounded: true,
    describe: () => ({ type: 'numbers', label: 'numbers', identity: {} }),
    listSplits: async () => SPLITS,
    createReader: ({ splits, offsets, deadLetter }) => {
      const next = new Map(splits.map((split) => [split, Number(offsets[split] ?? 0)]));
      return {
        offsets: () => Object.fromEntries(next),
        poll(out: Emitter<number>, limit: number, until?: SplitOffsets): PollResult {
          let left = limit;
          for (const split of splits) {
            const end = Math.min(RECORDS, Number(until?.[split] ?? RECORDS));
            for (let n = next.get(split)!; n < end && left > 0; n++, left--) {
              next.set(split, n + 1);
              if (n % 2 === 1) {
                deadLetter({ split, offset: String(n), reason: 'odd', raw: new Uint8Array(0), rawBytes: 0 });
              }
              out.emit(new StreamRecord(n, undefined, Number.NaN, 0));
            }
          }
          return left < limit ? 'progress' : 'idle';
        },
        wakeAt: () => Number.POSITIVE_INFINITY,
        acknowledge: () => {},
        close: () => {},
      };
    },
    createSurveyor: () => {
      throw new Error('the driver surveys, not a thread of the pool');
    },
  };
}

/** A thread, and what a driver would send it. */
class Bench {
  /** Every record that is being counted. */
  onRecord: (n: number) => void = () => {};
  /** Epochs whose state was asked for. */
  readonly states: Epoch[] = [];
  /** Written so that anybody can see it. */
  readonly seen = sinks.memory<{ key: string; n: number; last: number | null }>({ delivery: 'immediate' });
  /** Crash points passed by the task at hand. */
  passed: string[] = [];
  onPoint: (name: string) => void = () => {};
  readonly #worker: MicrobatchWorker;
  readonly #options = resolveJobOptions({ mode: 'microbatch', parallelism: 1, workers: 1 });
  readonly #plan;
  readonly #disk = new MemoryDisk();
  #attempts = 0;

  constructor() {
    const clock = new SimulatedClock();
    const job = defineJob('bench', (builder) => {
      const counts = builder
        .source('numbers', numbers())
        .keyBy(() => 'all')
        .aggregate({ n: aggregates.count(), last: aggregates.max((n: number) => this.#see(n)) });
      counts.to('seen', this.seen);
    });
    this.#plan = compile(job.build(), this.#options);
    this.#worker = new MicrobatchWorker(this.#plan, {
      clock,
      crashPoint: (name) => {
        this.passed.push(name);
        this.onPoint(name);
      },
      createState: (node, subtask, parallelism, epoch) => {
        this.states.push(epoch);
        return createKeyedState({
          reader: openMemoryStateReader(this.#disk),
          node: node.id,
          subtask,
          groups: ownedGroups(subtask, parallelism, this.#plan.keyGroups),
          keyGroups: this.#plan.keyGroups,
          epoch,
          cacheBytes: 1_048_576,
          clock,
        });
      },
    });
  }

  request(stage: number, epoch: Epoch, input: TaskInput, continues?: number): TaskRequest {
    return {
      deployment: {
        options: this.#options,
        generation: 1,
        firstEpoch: 1,
        baseDirectory: '/',
        pendingDirectories: {},
      },
      stage,
      subtask: 0,
      epoch,
      isFinal: false,
      foldedThrough: 0,
      continues,
      input,
      time: { before: TIME_UNSET, after: TIME_UNSET, isIdle: false, now: 0 },
      attempt: ++this.#attempts,
      claim: createClaim(),
      heartbeat: createHeartbeat(),
    };
  }

  run(request: TaskRequest) {
    this.passed = [];
    return this.#worker.run(request);
  }

  async runToEnd(request: TaskRequest): Promise<TaskOutput> {
    const result = await this.run(request);
    if (result.kind !== 'done') throw new Error(`the task was not done: ${JSON.stringify(result)}`);
    return result.output;
  }

  /** Ranges of the splits, read from the given offsets. */
  read(epoch: Epoch, splits: Readonly<Record<string, SplitRange & { readonly from?: number }>>, continues?: number) {
    const inputs = Object.entries(splits).map(
      ([split, { from, ...range }]): SplitInput => ({
        split,
        from,
        range,
        seen: TIME_UNSET,
      }),
    );
    return this.request(
      SOURCE_STAGE,
      epoch,
      { kind: 'ranges', node: 'numbers', splits: inputs, hint: undefined },
      continues,
    );
  }

  /** A task that counts what that output holds. */
  count(epoch: Epoch, output: TaskOutput, continues?: number): TaskRequest {
    const exchanges = output.exchanges.map(
      ({ exchange, output: part }): { exchange: number; parts: ShuffleOutput[] } => ({
        exchange,
        parts: [part],
      }),
    );
    return this.request(COUNT_STAGE, epoch, { kind: 'blocks', exchanges }, continues);
  }

  /** Three records, to be counted. */
  async three(epoch: Epoch): Promise<TaskOutput> {
    return this.runToEnd(this.read(epoch, { a: { from: 0, recordsMax: 3 } }));
  }

  counts(): readonly number[] {
    return this.seen.records.map(({ n }) => n);
  }

  #see(n: number): number {
    this.onRecord(n);
    return n;
  }
}

/** Another attempt of the same task, on another thread. */
const takeElsewhere = ({ claim, attempt }: TaskRequest): boolean => new SharedClaim(claim).take(attempt + 1000);

describe('the range of a split', () => {
  it.each<[string, SplitRange & { from?: number }, number]>([
    ['ends at its bound', { until: 7 }, 7],
    ['ends at its bound, begun in the middle', { from: 4, until: 7 }, 7],
    ['ends with its records', { recordsMax: 3 }, 3],
    ['ends with its records, counted from where it begins', { from: 4, recordsMax: 3 }, 7],
    ['ends at its bound, where there are fewer records than allowed', { until: 7, recordsMax: 8 }, 7],
    ['ends with its records, where the bound comes later', { until: 7, recordsMax: 6 }, 6],
    ['without a bound ends with the split', {}, RECORDS],
  ])('%s', async (_case, range, next) => {
    const bench = new Bench();

    const { snapshot } = await bench.runToEnd(bench.read(1, { a: range }));

    expect(snapshot.offsets).toEqual({ numbers: { a: next } });
    expect(snapshot.counts.recordsRead).toBe(next - (range.from ?? 0));
  });

  it('is exact whatever the others of its subtask hold', async () => {
    const bench = new Bench();

    const { snapshot } = await bench.runToEnd(bench.read(1, { a: { recordsMax: 2 }, b: { until: 5 } }));

    expect(snapshot.offsets).toEqual({ numbers: { a: 2, b: 5 } });
  });

  it('begins where its task says, whatever this thread has read', async () => {
    const bench = new Bench();
    const first = bench.read(1, { a: { recordsMax: 8 } });
    await bench.runToEnd(first);

    const { snapshot } = await bench.runToEnd(bench.read(2, { a: { from: 2, recordsMax: 3 } }, first.attempt));

    expect(snapshot.offsets).toEqual({ numbers: { a: 5 } });
  });

  it('has the dead letters of its batch, and of no other', async () => {
    const bench = new Bench();
    const first = bench.read(1, { a: { recordsMax: 4 } });
    const before = await bench.runToEnd(first);

    const { snapshot } = await bench.runToEnd(bench.read(2, { a: { from: 4, recordsMax: 2 } }, first.attempt));

    expect(before.snapshot.deadLetters.map(({ offset }) => offset)).toEqual(['1', '3']);
    expect(snapshot.deadLetters.map(({ offset }) => offset)).toEqual(['5']);
    expect(snapshot.counts).toMatchObject({ recordsRead: 2, deadLetters: 1 });
  });
});

describe('a task', () => {
  it('goes on with the state in memory when its attempt of the epoch before is the one that counts', async () => {
    const bench = new Bench();
    const first = bench.count(1, await bench.three(1));
    await bench.runToEnd(first);

    await bench.runToEnd(bench.count(2, await bench.three(2), first.attempt));

    expect(bench.states).toEqual([0]);
    expect(bench.counts()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[string, (attempt: number) => number | undefined, Epoch]>([
    ['another attempt counts', (attempt) => attempt + 1000, 2],
    ['none is known that counts', () => undefined, 2],
    ['the state is that of an older epoch', (attempt) => attempt, 3],
  ])('reads its state anew when %s', async (_case, continues, epoch) => {
    const bench = new Bench();
    const first = bench.count(1, await bench.three(1));
    await bench.runToEnd(first);

    await bench.runToEnd(bench.count(epoch, await bench.three(epoch), continues(first.attempt)));

    expect(bench.states).toEqual([0, epoch - 1]);
  });

  it('lets nothing be seen before it has its claim', async () => {
    const bench = new Bench();
    let seenBefore = -1;
    const task = bench.count(1, await bench.three(1));
    bench.onPoint = (name) => {
      if (name === 'task.claimed') seenBefore = bench.counts().length;
    };

    await bench.runToEnd(task);

    expect(seenBefore).toBe(0);
    expect(bench.counts()).toEqual([1, 2, 3]);
    expect(new SharedClaim(task.claim).holder()).toBe(task.attempt);
  });

  it('leaves without a trace when another attempt has the claim before it begins', async () => {
    const bench = new Bench();
    const task = bench.count(1, await bench.three(1));
    takeElsewhere(task);

    const result = await bench.run(task);

    expect(result).toEqual({ kind: 'superseded' });
    expect(bench.counts()).toEqual([]);
  });

  it('that comes when its subtask has been brought further leaves that in memory', async () => {
    const bench = new Bench();
    const first = bench.count(1, await bench.three(1));
    await bench.runToEnd(first);

    const late = await bench.run({ ...first, attempt: 1001 });
    await bench.runToEnd(bench.count(2, await bench.three(2), first.attempt));

    expect(late).toEqual({ kind: 'superseded' });
    expect(bench.states).toEqual([0]);
    expect(bench.counts()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each([0, 2])('leaves without a trace when another attempt takes the claim at record %i', async (at) => {
    const bench = new Bench();
    const task = bench.count(1, await bench.three(1));
    let isTaken = false;
    let n = 0;
    bench.onRecord = () => {
      if (n++ === at) isTaken = takeElsewhere(task);
    };

    const result = await bench.run(task);

    expect(isTaken).toBe(true);
    expect(result).toEqual({ kind: 'superseded' });
    expect(bench.counts()).toEqual([]);
  });

  it('leaves without a trace when another attempt takes the claim in the last moment', async () => {
    const bench = new Bench();
    const task = bench.count(1, await bench.three(1));
    bench.onPoint = (name) => {
      if (name === 'task.processed') takeElsewhere(task);
    };

    const result = await bench.run(task);

    expect(result).toEqual({ kind: 'superseded' });
    expect(bench.passed).not.toContain('task.claimed');
    expect(bench.counts()).toEqual([]);
  });
});

describe('an attempt that does not win', () => {
  const lose = {
    fails: (bench: Bench, _task: TaskRequest) => {
      bench.onRecord = () => {
        bench.onRecord = () => {};
        throw new Error('the service was away');
      };
    },
    'is superseded': (bench: Bench, task: TaskRequest) => {
      bench.onRecord = () => {
        bench.onRecord = () => {};
        takeElsewhere(task);
      };
    },
  };

  it.each(Object.entries(lose))('and %s takes the state it has changed with it', async (_how, make) => {
    const bench = new Bench();
    const first = bench.count(1, await bench.three(1));
    await bench.runToEnd(first);
    const blocks = await bench.three(2);
    const losing = bench.count(2, blocks, first.attempt);
    make(bench, losing);

    const lost = await bench.run(losing);
    const { snapshot } = await bench.runToEnd(bench.count(2, blocks, first.attempt));

    expect(lost.kind).not.toBe('done');
    // From what is committed, not from what is in memory: the bench commits nothing.
    expect(bench.states).toEqual([0, 1]);
    expect(bench.counts()).toEqual([1, 2, 3, 1, 2, 3]);
    expect(snapshot.counts.recordsWritten).toBe(3);
  });

  it('takes its dead letters with it', async () => {
    const bench = new Bench();
    const first = bench.read(1, { a: { recordsMax: 4 } });
    await bench.runToEnd(first);
    const losing = bench.read(2, { a: { from: 4, recordsMax: 4 } }, first.attempt);
    bench.onPoint = (name) => {
      if (name === 'task.processed') takeElsewhere(losing);
    };

    const lost = await bench.run(losing);
    bench.onPoint = () => {};
    const again = bench.read(2, { a: { from: 4, recordsMax: 4 } }, first.attempt);
    const { snapshot } = await bench.runToEnd(again);

    expect(lost).toEqual({ kind: 'superseded' });
    expect(snapshot.deadLetters.map(({ offset }) => offset)).toEqual(['5', '7']);
    expect(snapshot.counts).toMatchObject({ recordsRead: 4, deadLetters: 2 });
  });

  it('takes what it has measured with it', async () => {
    const bench = new Bench();
    const blocks = await bench.three(1);
    let isDiskFull = true;
    const create = bench.seen.createWriter.bind(bench.seen);
    bench.seen.createWriter = (context) => {
      const writer = create(context);
      const prepare = writer.prepare.bind(writer);
      return Object.assign(writer, {
        prepare: (epoch: Epoch) => {
          if (isDiskFull) throw new Error('the disk is full');
          return prepare(epoch);
        },
      });
    };

    const failed = await bench.run(bench.count(1, blocks));
    isDiskFull = false;
    const { latency } = await bench.runToEnd(bench.count(1, blocks));

    expect(failed.kind).toBe('failed');
    expect(latency.filter((_, index) => index % 2 === 1).reduce((sum, count) => sum + count, 0)).toBe(3);
  });
});

describe('what a task wrote for the next superstep', () => {
  it('can be read until the next task of its subtask begins', async () => {
    const bench = new Bench();
    const first = bench.read(1, { a: { recordsMax: 3 } });
    const blocks = await bench.runToEnd(first);

    await bench.runToEnd(bench.count(1, blocks));
    await bench.runToEnd(bench.count(1, blocks));
    await bench.runToEnd(bench.read(2, { a: { from: 3, recordsMax: 3 } }, first.attempt));
    const late = await bench.run(bench.count(1, blocks));

    expect(bench.counts()).toEqual([1, 2, 3, 1, 2, 3]);
    expect(late).toMatchObject({ kind: 'failed', report: { code: 'ERR_SHUFFLE_OUTDATED' } });
  });
});
