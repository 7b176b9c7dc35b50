/** Worker threads from preparation to their end, with the worker entry of the product. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERR_WORKER_START } from '../../src/actors/index.ts';
import { type JobReference, loadJobModule } from '../../src/config/index.ts';
import { ThreadWorkerHosting } from '../../src/continuous/thread-worker-hosting.ts';
import type { PreparedWorkers } from '../../src/continuous/worker-hosting.ts';
import type { Deployment, WorkerEvents } from '../../src/execution/deployment.ts';
import { type JobOptions, resolveJobOptions } from '../../src/execution/options.ts';
import { AssertionError, type ErrorReport, type SubtaskSnapshot, SystemClock } from '../../src/model/index.ts';
import { compile, type PhysicalPlan } from '../../src/plan/index.ts';
import { openStateDirectory, type StateDirectory } from '../../src/storage/index.ts';
import type { WorkerJob } from '../../src/worker-job.ts';

const ENTRY = new URL('./fixtures/worker-entry.mjs', import.meta.url);
const JOBS = new URL('./fixtures/hosted-jobs.mjs', import.meta.url).href;
const WORKERS = 2;

let directory: string;
let state: StateDirectory | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-hosting-'));
});
afterEach(() => {
  state?.close();
  state = undefined;
  rmSync(directory, { recursive: true, force: true });
});

interface Hosted {
  readonly plan: PhysicalPlan;
  readonly workers: PreparedWorkers;
  readonly deployments: readonly Deployment[];
}

/** Prepares the workers of a job, as its driver would, with the state directory not opened yet. */
async function prepare(exportName: string, url: string = JOBS): Promise<Hosted> {
  const { definition } = await loadJobModule(JOBS, exportName);
  const options: JobOptions = resolveJobOptions({ workers: WORKERS, parallelism: WORKERS });
  const plan = compile(definition.build(), options);
  const reference: JobReference = { kind: 'module', url, exportName };
  const dataPath = join(directory, 'data.mdb');
  const hosting = new ThreadWorkerHosting<WorkerJob>({
    entry: ENTRY,
    job: { reference, dataPath },
    clock: new SystemClock(),
  });
  const deployments = Array.from(
    { length: WORKERS },
    (_, worker): Deployment => ({
      worker,
      generation: 1,
      options,
      fingerprint: plan.fingerprint,
      manifest: undefined,
      splits: { in: [['0'], ['1']] },
      baseDirectory: directory,
      pendingDirectories: {},
    }),
  );
  return { plan, workers: hosting.prepare(plan, options), deployments };
}

/** What a driver has open by the time it deploys. */
function openState({ plan }: Hosted): void {
  state = openStateDirectory({ path: directory, job: plan.job, keyGroups: plan.keyGroups, clock: new SystemClock() });
}

/** Events of which only one matters; failures end the test that does not expect any. */
function events(heard: Partial<WorkerEvents> = {}): WorkerEvents {
  return {
    snapshot: () => undefined,
    requestEpoch: () => undefined,
    status: () => undefined,
    failed: ({ message }: ErrorReport) => expect.fail(message),
    ...heard,
  };
}

/** Ports of a thread that has ended close within a few turns of the event loop. */
const TURNS_MAX = 10;

/** What is open of threads. */
async function threads(): Promise<readonly string[]> {
  for (let turn = 1; ; turn++) {
    await new Promise(setImmediate);
    const open = process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker');
    if (open.length === 0 || turn === TURNS_MAX) return open;
  }
}

describe('workers on threads', () => {
  it('are prepared without a state directory, then deployed, and deliver their parts of an epoch', async () => {
    const hosted = await prepare('counting');
    await hosted.workers.ready;
    openState(hosted);
    const heard = new Set<string>();
    let hearAll: () => void = () => {};
    const heardAll = new Promise<void>((resolve) => {
      hearAll = resolve;
    });
    const subtasks = hosted.plan.stages.reduce((sum, stage) => sum + stage.parallelism, 0);
    const snapshot = ({ subtask }: SubtaskSnapshot): void => {
      heard.add(subtask);
      if (heard.size === subtasks) hearAll();
    };

    const links = await hosted.workers.deploy(hosted.deployments, events({ snapshot }));
    await Promise.all(links.map((link) => link.run()));
    await Promise.all(links.map((link) => link.beginEpoch({ kind: 'marker', epoch: 1, isFinal: false })));
    await heardAll;
    await Promise.all(links.map((link) => link.end()));

    expect(subtasks).toBe(4);
    expect(await threads()).toEqual([]);
  });

  it('leave nothing behind when they are closed without having been deployed, and are not deployed later (I10)', async () => {
    const { workers, deployments } = await prepare('counting');
    await workers.ready;

    await workers.close();
    await workers.close();

    expect(await threads()).toEqual([]);
    await expect(workers.deploy(deployments, events())).rejects.toThrow(AssertionError);
  });

  it('are closed at once while they come up', async () => {
    const { workers } = await prepare('counting');

    await workers.close();

    expect(await threads()).toEqual([]);
    await expect(workers.ready).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });

  it('stay as they are when somebody closes them behind their deployment; they end by their links', async () => {
    const hosted = await prepare('counting');
    openState(hosted);
    const links = await hosted.workers.deploy(hosted.deployments, events());

    await hosted.workers.close();

    await Promise.all(links.map((link) => link.run()));
    await Promise.all(links.map((link) => link.end()));
    expect(await threads()).toEqual([]);
  });

  it('serve one generation: a second deployment is refused (I10)', async () => {
    const hosted = await prepare('counting');
    openState(hosted);
    const links = await hosted.workers.deploy(hosted.deployments, events());

    await expect(hosted.workers.deploy(hosted.deployments, events())).rejects.toThrow(/I10/);

    await Promise.all(links.map((link) => link.end()));
  });
});

describe('workers that do not get ready', () => {
  it('name the job module that cannot be loaded in them, and all end', async () => {
    const { workers } = await prepare('counting', new URL('./fixtures/throws-in-workers.mjs', import.meta.url).href);

    const ready = workers.ready;

    await expect(ready).rejects.toMatchObject({ code: ERR_WORKER_START, recovery: 'none' });
    await expect(ready).rejects.toThrow(
      /^worker \d could not start: the module .*throws-in-workers\.mjs could not be loaded: Error: no licence/,
    );
    expect(await threads()).toEqual([]);
  });

  it('tell whoever deploys them as well', async () => {
    const { workers, deployments } = await prepare(
      'counting',
      new URL('./fixtures/throws-in-workers.mjs', import.meta.url).href,
    );

    await expect(workers.deploy(deployments, events())).rejects.toThrow(/no licence/);

    expect(await threads()).toEqual([]);
  });

  it('refuse to be prepared for a job that is another one in each thread (I9)', async () => {
    const { workers } = await prepare('unlike');

    await expect(workers.ready).rejects.toThrow(/^worker \d could not start: job unlike builds another plan/);

    expect(await threads()).toEqual([]);
  });

  it('are found out when one is lost between preparation and deployment, and the others end', async () => {
    const hosted = await prepare('counting');
    await hosted.workers.ready;
    openState(hosted);
    const orders = new BroadcastChannel('millrace-test-orders');
    const exiting = new Promise<void>((resolve) => {
      orders.onmessage = () => resolve();
    });
    orders.postMessage('exit');
    await exiting;
    orders.close();

    const deployed = hosted.workers.deploy(hosted.deployments, events());

    await expect(deployed).rejects.toMatchObject({ code: ERR_WORKER_START });
    await expect(deployed).rejects.toThrow(/^worker \d ended by itself with exit code 3/);
    expect(await threads()).toEqual([]);
  });

  it('name the operator that cannot be opened in them, and all end', async () => {
    const hosted = await prepare('unopenable');
    openState(hosted);

    const deployed = hosted.workers.deploy(hosted.deployments, events());

    await expect(deployed).rejects.toMatchObject({ code: ERR_WORKER_START });
    await expect(deployed).rejects.toThrow(/^worker \d could not start: .*the model file is missing/);
    expect(await threads()).toEqual([]);
  });

  it('name the state that they cannot open', async () => {
    const hosted = await prepare('counting');

    const deployed = hosted.workers.deploy(hosted.deployments, events());

    await expect(deployed).rejects.toThrow(/^worker \d could not start: /);
    expect(await threads()).toEqual([]);
  });
});
