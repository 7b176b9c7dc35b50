/** The hosting of simulations keeps to the protocol of the one on threads. */
import { describe, expect, it } from 'vitest';
import { ERR_WORKER_START } from '../../src/actors/index.ts';
import { SeededRandom, sinks, sources } from '../../src/connectors/index.ts';
import type { Deployment, WorkerEvents } from '../../src/execution/deployment.ts';
import { type JobOptions, resolveJobOptions } from '../../src/execution/options.ts';
import { compile, defineJob, type PhysicalPlan } from '../../src/plan/index.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { SimulatedHosting } from '../../src/testing/simulated-hosting.ts';
import { SimulatedScheduler } from '../../src/testing/simulated-scheduler.ts';

const options: JobOptions = resolveJobOptions({ workers: 1, parallelism: 1 });
const definition = defineJob('j', (job) => {
  job.source('in', sources.memory([1, 2, 3])).to('out', sinks.discard());
});
const plan: PhysicalPlan = compile(definition.build(), options);

const DEPLOYMENTS: readonly Deployment[] = [
  {
    worker: 0,
    generation: 1,
    options,
    fingerprint: plan.fingerprint,
    manifest: undefined,
    splits: {},
    baseDirectory: '/',
    pendingDirectories: {},
  },
];

const EVENTS: WorkerEvents = {
  snapshot: () => {},
  requestEpoch: () => {},
  status: () => {},
  failed: () => {},
};

function createHosting(): SimulatedHosting {
  const random = new SeededRandom(1);
  random.begin(0);
  return new SimulatedHosting({
    scheduler: new SimulatedScheduler({ random, clock: new SimulatedClock(), stepRecordsMax: 4 }),
    isEncodingForced: false,
    createState: () => expect.fail('the job has no state'),
  });
}

describe('simulated workers', () => {
  it('are deployed when they are prepared', async () => {
    const prepared = createHosting().prepare(plan, options);

    await prepared.ready;

    expect(await prepared.deploy(DEPLOYMENTS, EVENTS)).toHaveLength(1);
  });

  it('are found dead at their deployment when they were killed before it', async () => {
    const hosting = createHosting();
    const prepared = hosting.prepare(plan, options);
    await prepared.ready;

    hosting.kill(0);

    await expect(prepared.deploy(DEPLOYMENTS, EVENTS)).rejects.toMatchObject({
      code: ERR_WORKER_START,
      message: 'worker 0 was killed by the simulation',
    });
  });

  it('tell of a kill behind their deployment by their link', async () => {
    const hosting = createHosting();
    const [link] = await hosting.prepare(plan, options).deploy(DEPLOYMENTS, EVENTS);

    hosting.kill(0);

    expect(await link!.lost).toMatchObject({ code: 'ERR_WORKER_LOST' });
  });

  it('are not deployed twice, nor behind their end (I10)', async () => {
    const hosting = createHosting();
    const used = hosting.prepare(plan, options);
    await used.deploy(DEPLOYMENTS, EVENTS);
    const closed = hosting.prepare(plan, options);
    await closed.close();

    await expect(used.deploy(DEPLOYMENTS, EVENTS)).rejects.toThrow(/I10.*deployed/);
    await expect(closed.deploy(DEPLOYMENTS, EVENTS)).rejects.toThrow(/I10.*closed/);
  });
});
