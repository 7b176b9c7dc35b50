/** What the engine does with workers: when it brings them up, which a generation gets, and that none is left over. */
import { describe, expect, it } from 'vitest';
import { sinks, sources } from '../../src/connectors/index.ts';
import { ContinuousEngine } from '../../src/continuous/continuous-engine.ts';
import type { PreparedWorkers, WorkerHosting, WorkerLink } from '../../src/continuous/worker-hosting.ts';
import type { Deployment, WorkerEvents } from '../../src/execution/deployment.ts';
import type { GenerationContext } from '../../src/execution/engine.ts';
import { type JobOptions, resolveJobOptions } from '../../src/execution/options.ts';
import { AssertionError, subtaskId, WorkerLostError } from '../../src/model/index.ts';
import { compile, defineJob, type PhysicalPlan } from '../../src/plan/index.ts';
import { listSubtasks } from '../../src/plan/placement.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { RecordingStore } from '../support/recording-store.ts';
import { snapshotOf } from '../support/snapshots.ts';

const options: JobOptions = resolveJobOptions({ workers: 2, parallelism: 2 });

function createPlan(): PhysicalPlan {
  const definition = defineJob('j', (job) => {
    job.source('in', sources.memory([1])).to('out', sinks.discard());
  });
  return compile(definition.build(), options);
}

const plan = createPlan();

/** Hosting that writes down what is asked of it, by number of the set of workers: `prepare 1`, `deploy 1 in generation 4`. */
class WrittenHosting implements WorkerHosting {
  readonly log: string[] = [];
  /** What the workers deployed last say to the driver. */
  events: WorkerEvents | undefined;
  failNext: Error | undefined;
  #sets = 0;

  prepare(): PreparedWorkers {
    this.#sets++;
    const set = this.#sets;
    this.log.push(`prepare ${set}`);
    const failure = this.failNext;
    this.failNext = undefined;
    const ready = failure === undefined ? Promise.resolve() : Promise.reject(failure);
    ready.catch(() => undefined);
    return {
      ready,
      deploy: async (deployments: readonly Deployment[], events: WorkerEvents) => {
        await ready;
        this.events = events;
        const { generation } = deployments[0]!;
        this.log.push(`deploy ${set} in generation ${generation}`);
        return deployments.map(({ worker }) => this.#link(set, worker));
      },
      close: async () => void this.log.push(`close ${set}`),
    };
  }

  #link(set: number, worker: number): WorkerLink {
    return {
      run: async () => {},
      beginEpoch: async () => {},
      epochCommitted: async () => {},
      end: async () => void this.log.push(`end ${set}.${worker}`),
      lost: new Promise(() => {}),
    };
  }
}

function contextOf(generation: number, clock: SimulatedClock = new SimulatedClock()): GenerationContext {
  return {
    plan,
    options,
    generation,
    manifest: undefined,
    splits: {},
    store: new RecordingStore(),
    committers: new Map(),
    contextOf: (node) => ({
      node,
      job: 'j',
      generation,
      baseDirectory: '/',
      pendingDirectory: `/pending/${node}`,
      clock,
    }),
    clock,
    crashPoint: () => {},
    onEpoch: () => {},
    onStatus: () => {},
  };
}

function setUp() {
  const hosting = new WrittenHosting();
  return { hosting, engine: new ContinuousEngine(hosting) };
}

describe('the continuous engine', () => {
  it('starts a generation on the workers that are prepared, and the next one on others (I10)', async () => {
    const { hosting, engine } = setUp();
    await engine.prepare(plan, options);

    const first = await engine.start(contextOf(1));
    await first.close();
    const second = await engine.start(contextOf(2));
    await second.close();

    expect(hosting.log).toEqual([
      'prepare 1',
      'deploy 1 in generation 1',
      'end 1.0',
      'end 1.1',
      'prepare 2',
      'deploy 2 in generation 2',
      'end 2.0',
      'end 2.1',
    ]);
  });

  it('ends a generation as its last epoch was begun, whatever its sources say behind that', async () => {
    const { hosting, engine } = setUp();
    const clock = new SimulatedClock();
    const context = contextOf(1, clock);
    const run = await engine.start(context);

    run.finish('drain');
    clock.advance(0);
    expect(run.inFlight()?.missing).not.toEqual([]);
    run.finish('complete');
    for (const { stage, subtask } of listSubtasks(plan))
      hosting.events!.snapshot(snapshotOf({ subtask: subtaskId(stage, subtask), epoch: 1 }));

    expect(await run.ended).toEqual({ kind: 'finished', stop: 'drain' });
    expect(context.store.latest()).toMatchObject({ epoch: 1, isComplete: false });
    await run.close();
  });

  it('prepares once, however often it is asked before a start', async () => {
    const { hosting, engine } = setUp();

    await Promise.all([engine.prepare(plan, options), engine.prepare(plan, options)]);
    await engine.prepare(plan, options);
    await engine.start(contextOf(1));

    expect(hosting.log).toEqual(['prepare 1', 'deploy 1 in generation 1']);
  });

  it('can prepare workers for the next generation while one runs, and neither touches the other', async () => {
    const { hosting, engine } = setUp();
    const first = await engine.start(contextOf(1));

    await engine.prepare(plan, options);
    await first.close();
    await engine.start(contextOf(2));

    expect(hosting.log).toEqual([
      'prepare 1',
      'deploy 1 in generation 1',
      'prepare 2',
      'end 1.0',
      'end 1.1',
      'deploy 2 in generation 2',
    ]);
  });

  it('ends workers that were prepared for nothing, once, and none that were deployed', async () => {
    const { hosting, engine } = setUp();
    await engine.start(contextOf(1));
    await engine.prepare(plan, options);

    await engine.close();
    await engine.close();

    expect(hosting.log).toEqual(['prepare 1', 'deploy 1 in generation 1', 'prepare 2', 'close 2']);
  });

  it('tells that workers cannot be prepared, and tries with others the next time', async () => {
    const { hosting, engine } = setUp();
    hosting.failNext = new WorkerLostError('worker 0 could not start');

    await expect(engine.prepare(plan, options)).rejects.toThrow('worker 0 could not start');
    await engine.prepare(plan, options);
    await engine.start(contextOf(1));

    expect(hosting.log).toEqual(['prepare 1', 'prepare 2', 'deploy 2 in generation 1']);
  });

  it('tells it by the start as well, where that did not wait', async () => {
    const { hosting, engine } = setUp();
    hosting.failNext = new WorkerLostError('worker 0 could not start');
    const prepared = engine.prepare(plan, options);
    prepared.catch(() => undefined);

    await expect(engine.start(contextOf(1))).rejects.toThrow('worker 0 could not start');

    await expect(prepared).rejects.toThrow('worker 0 could not start');
    expect(hosting.log).toEqual(['prepare 1']);
  });

  it('does not mix up plans (I9)', async () => {
    const { engine } = setUp();
    await engine.prepare(plan, options);

    await expect(engine.prepare(createPlan(), options)).rejects.toThrow(AssertionError);
  });
});
