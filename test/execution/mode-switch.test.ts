/**
 * A change of mode step by step: a run over two engines that do what the test says. And whole simulated jobs that are switched to and
 * fro: without a fault a switch costs no record a second reading, because the old mode ends behind a committed epoch.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine, GenerationEnd, GenerationRun, StopKind } from '../../src/execution/engine.ts';
import { JobRun } from '../../src/execution/job-run.ts';
import { type JobOptionsInput, resolveJobOptions } from '../../src/execution/options.ts';
import { defineJob, type EngineMode, sinks, sources } from '../../src/index.ts';
import { toReport } from '../../src/model/index.ts';
import { compile } from '../../src/plan/index.ts';
import { SimulatedClock, simulateJob } from '../../src/testing/index.ts';
import { RecordingStore } from '../support/recording-store.ts';

/** Everything that needs no further event happens. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

class FakeRun implements GenerationRun {
  readonly ended: Promise<GenerationEnd>;
  readonly moving: Promise<void> = Promise.resolve();
  end: (end: GenerationEnd) => void = () => {};
  readonly #note: (event: string) => void;

  constructor(note: (event: string) => void) {
    this.#note = note;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  finish(stop: StopKind): void {
    this.#note(`finish ${stop}`);
  }

  async close(): Promise<void> {
    this.#note('close');
  }

  inFlight(): undefined {
    return undefined;
  }
}

/** Its threads come up when the test says so. */
class FakeEngine implements Engine {
  readonly mode: EngineMode;
  readonly runs: FakeRun[] = [];
  prepared: () => void = () => {};
  failToPrepare: (reason: Error) => void = () => {};
  isSlow = false;
  /** Why a generation cannot be opened. */
  refusal: Error | undefined;
  /** Threads are there that no generation uses. */
  hasSpares = false;
  readonly #events: string[];

  constructor(mode: EngineMode, events: string[]) {
    this.mode = mode;
    this.#events = events;
  }

  prepare(): Promise<void> {
    this.hasSpares = true;
    if (!this.isSlow) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.prepared = () => {
        this.isSlow = false;
        resolve();
      };
      this.failToPrepare = reject;
    });
  }

  async start(): Promise<GenerationRun> {
    this.#events.push(`${this.mode} start`);
    this.hasSpares = false;
    if (this.refusal !== undefined) throw this.refusal;
    const run = new FakeRun((event) => this.#events.push(`${this.mode} ${event}`));
    this.runs.push(run);
    return run;
  }

  async close(): Promise<void> {
    this.hasSpares = false;
  }
}

/** A job that runs in continuous mode; the threads of the other mode are slow to come up. */
async function setUp(extra: JobOptionsInput = {}) {
  const events: string[] = [];
  const continuous = new FakeEngine('continuous', events);
  const microbatch = new FakeEngine('microbatch', events);
  microbatch.isSlow = true;
  const options = resolveJobOptions({ mode: 'continuous', workers: 1 }, extra);
  const job = defineJob('fake', (builder) => {
    builder.source('in', sources.memory([1])).to('out', sinks.discard());
  });
  const clock = new SimulatedClock();
  const store = new RecordingStore();
  const run = new JobRun({
    plan: compile(job.build(), options),
    options,
    until: { kind: 'end' },
    engines: { continuous, microbatch },
    baseDirectory: '/',
    clock,
    random: () => 0.5,
    crashPoint: () => {},
    openState: () => ({ store, pendingDirectory: () => '/pending', close: () => {} }),
    checkCompatible: () => [],
    onEpoch: () => {},
    onState: () => {},
  });
  await run.start();
  const switched = run.switchMode('microbatch');
  switched.catch(() => undefined);
  await settle();
  return { clock, continuous, microbatch, events, run, switched };
}

const FINISHED: GenerationEnd = { kind: 'finished', stop: 'drain' };

describe('a switch', () => {
  it('leaves the old mode alone until the threads of the new one are there, then waits for its last epoch', async () => {
    const { continuous, microbatch, events, run, switched } = await setUp();
    expect(events).toEqual(['continuous start']);

    microbatch.prepared();
    await settle();
    expect(events).toEqual(['continuous start', 'continuous finish drain']);
    continuous.runs[0]!.end(FINISHED);
    await settle();

    expect(events.slice(2)).toEqual(['continuous close', 'microbatch start']);
    expect(await switched).toMatchObject({ from: 'continuous', to: 'microbatch' });
    expect(run.status()).toMatchObject({
      state: 'running',
      mode: 'microbatch',
      switches: 1,
      generation: 2,
      restarts: 0,
    });
  });

  it('is nothing more than a refusal when the new mode cannot be brought up', async () => {
    const { events, microbatch, run, switched } = await setUp();

    microbatch.failToPrepare(new Error('no threads'));

    await expect(switched).rejects.toMatchObject({ code: 'ERR_SWITCH_FAILED' });
    expect(events).toEqual(['continuous start']);
    expect(run.status()).toMatchObject({ state: 'running', mode: 'continuous', switches: 0, generation: 1 });
  });

  it('gives way to a drain: the job ends in the old mode', async () => {
    const { continuous, events, microbatch, run, switched } = await setUp();
    microbatch.prepared();
    await settle();

    run.drain();
    continuous.runs[0]!.end(FINISHED);

    expect(await run.outcome).toEqual({ kind: 'completed', stop: 'drain' });
    await expect(switched).rejects.toThrow('the job ended before it was switched');
    expect(events).not.toContain('microbatch start');
  });

  it('gives way to the end of the sources', async () => {
    const { continuous, events, microbatch, run, switched } = await setUp();
    microbatch.prepared();
    await settle();

    continuous.runs[0]!.end({ kind: 'finished', stop: 'complete' });

    expect(await run.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    await expect(switched).rejects.toThrow('the job ended before it was switched');
    expect(events).not.toContain('microbatch start');
  });

  it('is done by the restart when the old mode fails on its way to its last epoch', async () => {
    const { clock, continuous, microbatch, run, switched } = await setUp();
    microbatch.prepared();
    await settle();

    continuous.runs[0]!.end({ kind: 'failed', report: toReport(new Error('the service was away')) });
    await settle();
    clock.advance(60_000);
    const report = await switched;

    expect(report).toMatchObject({ from: 'continuous', to: 'microbatch' });
    expect(run.status()).toMatchObject({ state: 'running', mode: 'microbatch', switches: 1, restarts: 1 });
  });

  it('can be taken back while its new mode fails before it runs', async () => {
    const { clock, continuous, microbatch, events, run, switched } = await setUp();
    microbatch.refusal = new Error('the source cannot be surveyed');
    microbatch.prepared();
    await settle();
    continuous.runs[0]!.end(FINISHED);
    await settle();
    expect(events.at(-1)).toBe('microbatch start');

    const back = run.switchMode('continuous');
    clock.advance(60_000);
    await settle();

    await expect(switched).rejects.toThrow('taken back before it ran');
    expect(await back).toMatchObject({ from: 'continuous', to: 'continuous', pauseMs: 0 });
    expect(events.at(-1)).toBe('continuous start');
    expect(run.status()).toMatchObject({ state: 'running', mode: 'continuous', switches: 0 });
  });

  it('to adaptive is refused where batches end the job by themselves', async () => {
    const { run } = await setUp({ batch: { trigger: 'once' } });

    await expect(run.switchMode('adaptive')).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it('leaves no threads behind that came up for a restart of the old mode', async () => {
    const { clock, continuous, microbatch, switched } = await setUp();

    continuous.runs[0]!.end({ kind: 'failed', report: toReport(new Error('the service was away')) });
    await settle();
    const hadSpares = continuous.hasSpares;
    microbatch.prepared();
    await settle();
    clock.advance(60_000);
    await switched;

    expect(hadSpares).toBe(true);
    expect([continuous.hasSpares, microbatch.hasSpares]).toEqual([false, false]);
  });
});

const RECORDS = 600;
const SEEDS = 8;

describe.each<EngineMode>(['continuous', 'microbatch'])('a job that begins in %s mode and is switched', (mode) => {
  let switches = 0;
  afterAll(() => {
    // One that comes at the end of the job is refused.
    expect(switches).toBeGreaterThan(SEEDS * 2);
  });

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('makes every record once, seed %i', async (seed) => {
    const made: number[] = [];
    const sink = sinks.memory<number>();
    const job = defineJob('switched', (builder) => {
      builder
        .source(
          'numbers',
          sources.generator({
            records: RECORDS,
            splits: 3,
            rate: 20_000,
            create: (index) => {
              made.push(index);
              return index;
            },
          }),
        )
        .keyBy((index) => index % 7)
        .map((index) => index)
        .to('out', sink);
    });

    const { status } = await simulateJob(job, {
      seed,
      options: {
        mode,
        parallelism: 2,
        workers: 2,
        epoch: { intervalMs: 5 },
        batch: { recordsMax: 20, speculation: 'off' },
      },
      faults: { switches: 5 },
    });

    const all = Array.from({ length: RECORDS }, (_, index) => index);
    expect(made.toSorted((a, b) => a - b)).toEqual(all);
    expect(sink.records.toSorted((a, b) => a - b)).toEqual(all);
    expect(status).toMatchObject({ restarts: 0, generation: status.switches + 1 });
    switches += status.switches;
  });
});
