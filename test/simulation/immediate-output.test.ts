/**
 * The rule for readers of `immediate` output (`immediate-stamp.ts`), followed to the letter by {@link readImmediate}, gives what a
 * `committed` sink beside it shows, whatever died on the way.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, sinks, sources } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const RECORDS = 300;
const SEEDS = 16;

interface Stamped {
  readonly generation: number;
  readonly firstEpoch: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly subtask: number;
  readonly record: { readonly value: unknown };
}

/** Two sinks of one stage; the rebalance sends a replayed record elsewhere, the count depends on the order of arrival. */
function jobWithTwoSinks(seed: number) {
  const committed = sinks.memory<unknown>();
  const immediate = sinks.memory<unknown>({ delivery: 'immediate' });
  const job = defineJob('both', (builder) => {
    const rows = builder
      .source(
        'numbers',
        sources.generator({
          rate: seed % 2 === 0 ? 20_000 : 3000,
          records: RECORDS,
          splits: 2,
          seed: 1,
          create: (i) => ({ i, key: i % 5 }),
        }),
      )
      .keyBy(({ key }) => key)
      .aggregate({ last: aggregates.max(({ i }) => i), seen: aggregates.count() })
      .rebalance()
      .map((row) => row);
    rows.to('committed', committed);
    rows.to('immediate', immediate);
  });
  return { job, committed, immediate };
}

/** Whether `later` says that `earlier` is void. */
const makesVoid = (later: Stamped, earlier: Stamped): boolean =>
  later.generation > earlier.generation && later.firstEpoch <= earlier.epoch;

/** What is left when everything was read. */
function readImmediate(stamped: readonly Stamped[]): readonly Stamped[] {
  const generations = [...new Map(stamped.map((one) => [one.generation, one])).values()];
  return stamped.filter((one) => !generations.some((later) => makesVoid(later, one)));
}

/** The epoch up to which everything is committed, by what the first records say; one entry for each number of records. */
function provenCommitted(stamped: readonly Stamped[]): readonly number[] {
  const proven = [0];
  for (const { epoch, firstEpoch } of stamped) proven.push(Math.max(proven.at(-1)!, epoch - 2, firstEpoch - 1));
  return proven;
}

const position = ({ epoch, subtask, sequence }: Stamped) => [epoch, subtask, sequence] as const;

function inOrder(stamped: readonly Stamped[]): readonly unknown[] {
  return [...stamped]
    .sort((a, b) => a.epoch - b.epoch || a.subtask - b.subtask || a.sequence - b.sequence)
    .map((one) => [...position(one), one.record.value]);
}

/** The rule that looks sufficient and is not: of equal (epoch, sequence, subtask) the last one counts. */
function dropEqualPositions(stamped: readonly Stamped[]): readonly Stamped[] {
  return [...new Map(stamped.map((one) => [position(one).join(), one])).values()];
}

/** Nor is this one: a later generation is taken to begin where the same subtask first writes. */
function readBySubtask(stamped: readonly Stamped[]): readonly Stamped[] {
  return stamped.filter(
    (one) =>
      !stamped.some(
        (later) => later.subtask === one.subtask && later.generation > one.generation && later.epoch <= one.epoch,
      ),
  );
}

describe.each<EngineMode>(['continuous', 'microbatch'])('a reader of immediate output in %s mode', (mode) => {
  const found = { isVoid: 0, fooledByPositions: 0, fooledBySubtask: 0, proven: 0 };
  afterAll(() => {
    // Otherwise the seeds show nothing.
    expect(found.isVoid).toBeGreaterThan(SEEDS);
    expect(found.fooledByPositions).toBeGreaterThan(0);
    expect(found.fooledBySubtask).toBeGreaterThan(0);
    expect(found.proven).toBeGreaterThan(SEEDS * 5);
  });

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    'gets exactly the committed records, and sees no record become void of an epoch that was said to be committed, seed %i',
    async (seed) => {
      const { job, committed, immediate } = jobWithTwoSinks(seed);

      await simulateJob(job, {
        seed,
        options: {
          mode,
          parallelism: 2 + (seed % 2),
          workers: 2,
          epoch: { intervalMs: 1 },
          batch: { recordsMax: 30 },
          restart: { attemptsMax: 1000 },
        },
        faults: { workerKills: 3, crashes: 4 },
        stepRecordsMax: 8,
      });

      const expected = inOrder(committed.stamped);
      const read = readImmediate(immediate.stamped);
      expect(inOrder(read)).toEqual(expected);
      found.isVoid += immediate.stamped.length - read.length;
      const isRight = (other: readonly Stamped[]): boolean => isDeepStrictEqual(inOrder(other), expected);
      if (!isRight(dropEqualPositions(immediate.stamped))) found.fooledByPositions++;
      if (!isRight(readBySubtask(immediate.stamped))) found.fooledBySubtask++;
      const proven = provenCommitted(immediate.stamped);
      for (const one of immediate.stamped) {
        const voidAt = immediate.stamped.findIndex((later) => makesVoid(later, one));
        if (voidAt !== -1) expect(proven[voidAt]).toBeLessThan(one.epoch);
      }
      found.proven += proven.at(-1)!;
    },
  );
});
