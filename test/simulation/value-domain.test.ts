/** How a user finds values outside the value domain: docs/value-domain.md. */
import { describe, expect, it } from 'vitest';
import { defineJob, defineProcess, type EngineMode, sinks, sources, states } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}

/** One worker, one subtask a stage: nothing crosses threads. */
const alone = (mode: EngineMode) => ({ seed: 1, options: { mode, workers: 1, parallelism: 1 } });

const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];

function jobThatSends(value: (index: number) => unknown) {
  const sink = sinks.memory<unknown>();
  const job = defineJob('values', (builder) => {
    builder
      .source('numbers', sources.generator({ records: 20, create: (index) => ({ index }) }))
      .map(({ index }) => ({ index, value: value(index) }))
      .rebalance()
      .map((row) => row.value)
      .to('out', sink);
  });
  return { job, sink };
}

describe('a value outside the value domain', () => {
  // In microbatch mode every record between two stages is encoded.
  it('in continuous mode passes unnoticed where no record crosses threads, and is an instance of its class', async () => {
    const { job, sink } = jobThatSends((index) => new Money(index));

    await simulateJob(job, alone('continuous'));

    expect(sink.records[3]).toBeInstanceOf(Money);
  });

  describe.each(MODES)('in %s mode', (mode) => {
    it.each([
      ['an instance of a class', (index: number) => new Money(index), 'value is an instance of Money'],
      ['a function', () => () => 1, 'value is a function'],
      ['an error', () => new Error('x'), 'value is an instance of Error'],
      ['a bigint beyond 64 bits', () => 2n ** 64n, 'value is a bigint beyond 64 bits'],
    ])(
      '%s is found, in continuous mode with isEncodingForced, and its field and node are named',
      async (_name, create, said) => {
        const { job } = jobThatSends(create);

        const failed = simulateJob(job, { ...alone(mode), isEncodingForced: mode === 'continuous' });

        await expect(failed).rejects.toThrow(said);
        await expect(failed).rejects.toThrow(/numbers\/map/);
      },
    );

    it('is refused in state without any crossing', async () => {
      const job = defineJob('state', (builder) => {
        builder
          .source('numbers', sources.generator({ records: 20, create: (index) => ({ index }) }))
          .keyBy(() => 'all')
          .process(
            defineProcess({
              states: { last: states.value<Money>() },
              process: ({ index }: { index: number }, context) => context.states.last.set(new Money(index)),
            }),
          )
          .to('out', sinks.discard());
      });

      await expect(simulateJob(job, alone(mode))).rejects.toThrow(/instance of Money/);
    });
  });
});

it('what is inside arrives as it was sent, crossing or not', async () => {
  const value = {
    nothing: undefined,
    list: [undefined, null, Number.NaN, -Infinity],
    when: new Date(5),
    map: new Map([[{ deep: 1n }, new Set(['a'])]]),
    bytes: new Float32Array([1.5]),
  };

  for (const [mode, isEncodingForced] of [
    ['continuous', false],
    ['continuous', true],
    ['microbatch', false],
  ] as const) {
    const { job, sink } = jobThatSends(() => value);

    await simulateJob(job, { ...alone(mode), isEncodingForced });

    expect(sink.records).toHaveLength(20);
    expect(sink.records[7]).toStrictEqual(value);
  }
});
