/** An adaptive job: batches while there is a backlog, record by record when it is gone. */
import { describe, expect, it } from 'vitest';
import { defineJob, type ExecutionMode, sinks } from '../../src/index.ts';
import { MemoryDisk, type SimulatedEpoch, type SimulationResult, simulateJob } from '../../src/testing/index.ts';
import { timedSource } from '../support/timed-source.ts';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const BACKLOG = 500;
const TRICKLE = 50;
/** A backlog at the start, then a record every 100 ms. */
const ARRIVALS: readonly number[] = [...upTo(BACKLOG).map(() => 0), ...upTo(TRICKLE).map((index) => 100 * (index + 1))];

interface Run extends SimulationResult {
  readonly epochs: readonly SimulatedEpoch[];
  readonly written: readonly number[];
}

async function run(mode: ExecutionMode, disk: MemoryDisk = new MemoryDisk()): Promise<Run> {
  const sink = sinks.memory<number>();
  const epochs: SimulatedEpoch[] = [];
  const job = defineJob('adaptive', (builder) => {
    builder
      .source('in', timedSource({ arrivals: [ARRIVALS] }))
      .keyBy(() => 'all')
      .map(({ index }) => index)
      .to('out', sink);
  });
  const result = await simulateJob(job, {
    seed: 1,
    disk,
    options: {
      mode,
      batch: { recordsMax: 100 },
      epoch: { intervalMs: 200 },
      adaptive: { backlogMs: 500, caughtUpMs: 1000, dwellMs: 100 },
    },
    onEpoch: (epoch) => epochs.push(epoch),
  });
  return { ...result, epochs, written: sink.records };
}

describe('an adaptive job', () => {
  it('works off its backlog in batches, and goes on record by record when it has been caught up for long enough', async () => {
    const { epochs, status, written } = await run('adaptive');

    const modes = epochs.map(({ mode }) => mode);
    const batches = modes.lastIndexOf('microbatch') + 1;
    expect(modes.slice(0, batches)).toEqual(Array(batches).fill('microbatch'));
    expect(epochs[batches]!.endedAtMs).toBeGreaterThanOrEqual(1000);
    expect(epochs[batches]!.endedAtMs).toBeLessThan(1500);
    expect(modes.slice(batches).length).toBeGreaterThan(5);
    expect(status).toMatchObject({ mode: 'continuous', isAdaptive: true, switches: 1, restarts: 0 });
    expect(status.lastSwitch).toMatchObject({ from: 'microbatch', to: 'continuous' });
    expect(written).toEqual(upTo(BACKLOG + TRICKLE));
  });

  it('writes what a job in one mode writes', async () => {
    const [adaptive, continuous, microbatch] = [
      await run('adaptive'),
      await run('continuous'),
      await run('microbatch'),
    ];

    expect(continuous.status).toMatchObject({ mode: 'continuous', isAdaptive: false, switches: 0 });
    expect(microbatch.status).toMatchObject({ mode: 'microbatch', isAdaptive: false, switches: 0 });
    expect(continuous.written).toEqual(adaptive.written);
    expect(microbatch.written).toEqual(adaptive.written);
  });
});
