/**
 * From the start of a process, after its predecessor was killed with SIGKILL, to the first epoch it commits. The state holds
 * a million keys; nothing of it is lost, and counting goes on.
 */
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataPathOf, inspectState, openStateReader } from '../../dist/storage/index.js';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { median } from './harness/distribution.ts';
import { forkScript, machineTimeMs } from './harness/fork.ts';
import type { RestartMoment } from './jobs/restart.job.ts';
import type { RestartMessage, RestartSettings } from './micro/restart-process.ts';

const KEYS = 1_000_000;
const FILL_RATE = 1_000_000;
const RATE = 20_000;
/** While folding catches up. */
const QUIET_RATE = 100;
const EPOCH_MS = 1000;
const SAMPLES = 10;

interface RestartCase {
  readonly of: string;
  /** Whether the killed process had time to fold what it had committed. */
  readonly isFolded: boolean;
  readonly state: NonNullable<RestartSettings['options']['state']>;
}

/** Deltas of epochs that are retained are not folded: retaining many keeps every key in a delta. */
const CASES: readonly RestartCase[] = [
  { of: 'folded', isFolded: true, state: { foldEveryEpochs: 1 } },
  { of: 'all in unfolded deltas', isFolded: false, state: { retainEpochs: 1000 } },
];

export const restart: Benchmark = {
  name: 'restart',
  question: 'after kill -9, how long until a new process has committed its first epoch?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const each of CASES) measurements.push(...(await measure(context, each)));
    return {
      conditions: {
        keys: KEYS,
        'records/s after the restart': RATE,
        'epoch ms': EPOCH_MS,
        workers: 2,
        parallelism: 2,
        'page cache': 'warm: the machine stays up',
        clock: 'from the fork of the new process',
      },
      measurements,
    };
  },
};

async function measure(context: BenchmarkContext, each: RestartCase): Promise<Measurement[]> {
  const directory = context.freshDirectory();
  const stateDirectory = join(directory, 'state');
  const settings: RestartSettings = {
    jobSettings: { keys: KEYS, rate: RATE, momentsPath: join(directory, 'moments.txt') },
    options: { workers: 2, parallelism: 2, state: each.state, epoch: { intervalMs: EPOCH_MS } },
    stateDirectory,
  };
  context.progress(`${each.of}: fill`);
  await fill(settings);
  if (each.isFolded) await foldAll(settings);
  const restarts: Restart[] = [];
  for (let i = 0; i < Math.max(2, Math.round(SAMPLES * context.scale)); i++) {
    context.progress(`${each.of}: restart ${i + 1}`);
    restarts.push(await restartOnce(settings));
  }
  const { epochs, unfoldedEpochs } = look(stateDirectory);
  const medians = [...restarts[0]!.keys()].map((moment) => ({
    moment,
    times: restarts.map((times) => times.get(moment)!),
  }));
  medians.sort((a, b) => median(a.times) - median(b.times));
  return medians.map(({ moment, times }, index) => ({
    of: `${each.of}: ${moment}`,
    figures: {
      'median ms': median(times),
      'max ms': Math.max(...times),
      'step ms': median(times) - (index === 0 ? 0 : median(medians[index - 1]!.times)),
      samples: times.length,
      ...(index === medians.length - 1 ? { epochs, 'unfolded epochs': unfoldedEpochs } : {}),
    },
  }));
}

/** Every key once, fast, then SIGKILL. */
async function fill(settings: RestartSettings): Promise<void> {
  const fast = { ...settings, jobSettings: { ...settings.jobSettings, rate: FILL_RATE } };
  await spawnAndKill(fast, ({ recordsRead }) => recordsRead >= KEYS);
}

/** Runs on, almost idle, until every epoch of the filling is in the base tables. */
async function foldAll(settings: RestartSettings): Promise<void> {
  const quiet = { ...settings, jobSettings: { ...settings.jobSettings, rate: QUIET_RATE } };
  const filled = look(settings.stateDirectory).epochs;
  const reader = openStateReader(dataPathOf(settings.stateDirectory));
  await spawnAndKill(quiet, () => reader.refresh() >= filled);
  reader.close();
}

/** Milliseconds from the fork to each moment. */
type Restart = ReadonlyMap<string, number>;

async function restartOnce(settings: RestartSettings): Promise<Restart> {
  const { momentsPath } = settings.jobSettings;
  if (existsSync(momentsPath)) rmSync(momentsPath);
  const forkedAt = machineTimeMs();
  const messages = await spawnAndKill(settings, () => true);
  const times = new Map<string, number>();
  for (const message of messages) {
    if (message.kind === 'moment') times.set(message.name, message.atMs - forkedAt);
    if (message.kind === 'epoch') times.set('first commit', message.atMs - forkedAt);
  }
  const noted = (moment: RestartMoment): number[] =>
    readFileSync(momentsPath, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith(moment))
      .map((line) => Number.parseFloat(line) - forkedAt);
  times.set('driver has loaded the job', Math.min(...noted('job module loaded')));
  times.set('workers have loaded the job', Math.max(...noted('job module loaded')));
  times.set('state restored', Math.max(...noted('state restored')));
  times.set('first record out', Math.min(...noted('first record out')));
  return times;
}

type EpochMessage = Extract<RestartMessage, { kind: 'epoch' }>;

/** Starts the job and kills its process at the first epoch that is `due`. */
async function spawnAndKill(
  settings: RestartSettings,
  isDue: (epoch: EpochMessage) => boolean,
): Promise<readonly RestartMessage[]> {
  const child = forkScript(new URL('./micro/restart-process.js', import.meta.url), settings);
  const exited = once(child, 'exit');
  const messages: RestartMessage[] = [];
  let isKilled = false;
  let ended: unknown;
  child.on('message', (received) => {
    const message = received as RestartMessage;
    if (isKilled) return;
    messages.push(message);
    if (message.kind === 'ended') ended = message.outcome;
    if (message.kind !== 'epoch' || !isDue(message)) return;
    isKilled = true;
    child.kill('SIGKILL');
  });
  await exited;
  if (!isKilled) throw new Error(`the job ended before it was killed: ${JSON.stringify(ended)}`);
  return messages;
}

/** What the last kill left behind. */
function look(stateDirectory: string): { readonly epochs: number; readonly unfoldedEpochs: number } {
  const inspection = inspectState(stateDirectory);
  const epochs = inspection.list().at(-1)!.epoch;
  inspection.close();
  const reader = openStateReader(dataPathOf(stateDirectory));
  const foldedThrough = reader.foldedThrough();
  reader.close();
  return { epochs, unfoldedEpochs: epochs - foldedThrough };
}
