/** asyncMap over the engine's own state, in all ways of running an operator: calls are lost with each restore, and asked again. */
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, type StreamRecord } from '../../../src/model/index.ts';
import { asyncMapBlueprint } from '../../../src/operators/async-map/async-map-blueprint.ts';
import type { AsyncMapOptions } from '../../../src/operators/async-map/async-map-definition.ts';
import { runAsyncOperator, step } from '../../../src/testing/operator-harness.ts';
import { recordOf } from '../records.ts';

const RECORDS: readonly StreamRecord<number>[] = Array.from({ length: 30 }, (_, n) =>
  recordOf(n, `key ${n % 7}`, 100 + n),
);

/** Every third value fails at first, every fifth for good; the others settle late or at once. */
async function capricious(value: number, { attempt }: { readonly attempt: number }): Promise<string> {
  for (let turn = 0; turn < value % 4; turn++) await Promise.resolve();
  if (value % 5 === 4) throw new Error('never');
  if (value % 3 === 0 && attempt === 1) throw new Error('not yet');
  return `${value}!`;
}

async function run(options: AsyncMapOptions) {
  const { create, outputs } = asyncMapBlueprint(capricious, { ...options, onFailure: 'side', attempts: 2 });
  const input = RECORDS.flatMap((record, n) => (n % 10 === 9 ? [record, step.watermark(100 + n)] : [record]));
  return runAsyncOperator({
    create,
    input: [...input, step.watermark(END_OF_TIME)],
    outputs: outputs.length,
    state: 'own',
    isUnordered: options.order === 'unordered',
  });
}

describe('an asyncMap in every way of running it', () => {
  it.each([
    { order: 'ordered', concurrency: 1 },
    { order: 'ordered', concurrency: 4 },
    { order: 'unordered', concurrency: 4 },
    { order: 'unordered', concurrency: 100 },
  ] as const)('gives each record its one result: %j', async (options) => {
    const [results, failed] = await run(options);

    const good = RECORDS.filter(({ value }) => value % 5 !== 4);
    const byTime = (a: StreamRecord, b: StreamRecord) => a.timestamp - b.timestamp;
    const expected = good.map((record) => [`${record.value}!`, record.key, record.timestamp]);
    const shown = (records: readonly StreamRecord[]) =>
      records.map(({ value, key, timestamp }) => [value, key, timestamp]);
    expect(shown(options.order === 'ordered' ? results! : [...results!].sort(byTime))).toEqual(expected);
    expect([...failed!].sort(byTime).map(({ value }) => value)).toEqual(
      RECORDS.filter(({ value }) => value % 5 === 4).map(({ value }) => ({
        value,
        error: 'gave up after 2 tries: never',
      })),
    );
  });
});
