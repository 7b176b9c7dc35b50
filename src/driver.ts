/**
 * Composition root of a driver thread: one per job. It owns the coordinator and is the only writer of the job's state (I5).
 *
 * It is asked to stop and never terminated: a thread that dies inside a write transaction hangs the process (reliability F1).
 */
import { join, resolve } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { announceFailure, announceReady, type ControlPorts, connectControl, exposeControl } from './actors/index.ts';
import { loadJob } from './config/load-job.ts';
import { ContinuousEngine } from './continuous/continuous-engine.ts';
import { ThreadWorkerHosting } from './continuous/thread-worker-hosting.ts';
import { createCrashPoint } from './crash-point.ts';
import type { DriverCommands, DriverEvents, DriverJob, EpochSummary } from './driver-job.ts';
import type { EpochReport } from './execution/epoch-committer.ts';
import { JobRun, type JobRunOptions, type RunState } from './execution/job-run.ts';
import { type JobOptions, resolveJobOptions } from './execution/options.ts';
import { MicrobatchEngine } from './microbatch/microbatch-engine.ts';
import { assert, type CheckpointManifest, type Clock, IncompatiblePlanError, SystemClock } from './model/index.ts';
import { compile, type PhysicalPlan } from './plan/index.ts';
import { dataPathOf, decideCompatibility, openStateDirectory } from './storage/index.ts';
import type { WorkerJob } from './worker-job.ts';

const STATUS_INTERVAL_MS = 250;

const port = parentPort;
assert(port !== null, 'driver.ts is the entry of a driver thread');

try {
  await startDriver(workerData as { readonly job: DriverJob; readonly ports: ControlPorts });
  announceReady(port);
} catch (thrown) {
  announceFailure(port, thrown);
}

async function startDriver(data: { readonly job: DriverJob; readonly ports: ControlPorts }): Promise<void> {
  const { job, ports } = data;
  const clock = new SystemClock();
  const loaded = await loadJob(job.reference);
  const options = resolveJobOptions(loaded.options, job.options);
  const plan = compile(loaded.definition.build(), options);
  const statePath = resolveStatePath(job, loaded.stateDirectory, loaded.baseDirectory, plan.job);
  const crashPoint = createCrashPoint(process.env);
  const host = connectControl<DriverEvents>(ports.calls, { name: 'the host' });
  const say = (said: Promise<void>): void => void said.catch(() => undefined);

  const run = new JobRun({
    plan,
    options,
    until: job.until,
    engines: createEngines({ reference: job.reference, dataPath: dataPathOf(statePath) }, clock),
    baseDirectory: loaded.baseDirectory,
    clock,
    random: Math.random,
    crashPoint,
    openState: () => openState(statePath, plan, options, crashPoint),
    checkCompatible,
    onEpoch: (report) => say(host.remote.epoch(summarise(report))),
    onState: (state) => say(host.remote.state(state)),
    onLatency: (part) => say(host.remote.latency(part)),
  });

  const commands: DriverCommands = {
    drain: () => run.drain(),
    close: () => run.close(),
    switchMode: async (mode) => {
      const report = await run.switchMode(mode);
      // Whoever waited for the switch sees it in the status.
      await host.remote.status(run.status()).catch(() => undefined);
      return report;
    },
    status: () => run.status(),
  };
  const server = exposeControl({ ...commands }, ports.serves);
  const timer = setInterval(() => say(host.remote.status(run.status())), STATUS_INTERVAL_MS);
  void run.outcome.then(async (outcome) => {
    clearInterval(timer);
    await host.remote.finished(outcome, run.status()).catch(() => undefined);
    host.close();
    server.close();
    port?.close();
  });
  await run.start();
}

/** Neither does anything before it is asked to run. */
function createEngines(job: WorkerJob, clock: Clock): JobRunOptions['engines'] {
  return {
    continuous: new ContinuousEngine(
      new ThreadWorkerHosting({ entry: new URL('./worker.js', import.meta.url), job, clock }),
    ),
    microbatch: new MicrobatchEngine({
      open: async (plan, options) => {
        // Loaded when it is needed: a job that never runs in batches starts sooner without it.
        const { PiscinaTaskPoolHosting } = await import('./microbatch/piscina-task-pool.ts');
        const entry = new URL('./task-thread.cjs', import.meta.url);
        return new PiscinaTaskPoolHosting({ entry, job, clock }).open(plan, options);
      },
    }),
  };
}

function openState(
  path: string,
  plan: PhysicalPlan,
  options: JobOptions,
  crashPoint: (name: string) => void,
): RunState {
  return openStateDirectory({
    path,
    job: plan.job,
    keyGroups: plan.keyGroups,
    retainEpochs: options.state.retainEpochs,
    foldEveryEpochs: options.state.foldEveryEpochs,
    unfoldedBytesMax: options.state.unfoldedBytesMax,
    clock: new SystemClock(),
    crashPoint,
  });
}

function checkCompatible(manifest: CheckpointManifest, plan: PhysicalPlan, options: JobOptions): readonly string[] {
  const policy = { before: manifest.time.policy, after: options.watermark.policy };
  const { refused, allowed } = decideCompatibility(manifest.nodes, plan.nodes, policy);
  if (refused.length === 0) return allowed;
  throw new IncompatiblePlanError(
    `the state of job ${plan.job} was written by another shape of it:\n  ${refused.join('\n  ')}\nUndo the change, or start with a new state directory`,
  );
}

function resolveStatePath(job: DriverJob, ofJob: string | undefined, baseDirectory: string, name: string): string {
  if (job.stateDirectory !== undefined) return resolve(job.stateDirectory);
  if (ofJob !== undefined) return resolve(baseDirectory, ofJob);
  return join(resolve(job.parentDirectory ?? join(baseDirectory, '.millrace')), encodeURIComponent(name));
}

function summarise(report: EpochReport): EpochSummary {
  const { manifest, alignMs, sealMs, commitMs, publishMs, deltaBytes, foldedThrough, isFinal } = report;
  const { epoch, generation, totals } = manifest;
  return { epoch, generation, totals, alignMs, sealMs, commitMs, publishMs, deltaBytes, foldedThrough, isFinal };
}
