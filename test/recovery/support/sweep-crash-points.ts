/**
 * The death of the process at every named point of the product, for the first and later passes: then a start with other
 * options up to the end, and the full comparison.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Connectors from '../../../src/connectors/index.ts';
import type * as ExecutionPoints from '../../../src/execution/crash-points.ts';
import type * as MicrobatchPoints from '../../../src/microbatch/crash-points.ts';
import type * as Storage from '../../../src/storage/index.ts';
import { builtPackage } from './built-package.ts';
import type { JobUnderTest } from './job-under-test.ts';
import { Pace, runToEnd, type StartEnd } from './kill-process.ts';
import { describeFailure, guard } from './run-life.ts';
import { partSeed, SeededChoice } from './seeded-choice.ts';
import { pickOptions, type RigMode, type StartPlan } from './start-plan.ts';
import { Violations } from './violations.ts';

export interface CrashCase {
  readonly modes: RigMode;
  readonly point: string;
  readonly nth: number;
}

export interface CrashReport extends CrashCase {
  readonly job: string;
  /** Whether the process passed the point so often, and died there. */
  readonly isHit: boolean;
  /** Empty where nothing is wrong. */
  readonly failure: string;
}

/** Passed when markers go into the sources, which batches have none of. */
const CONTINUOUS_POINTS = ['epoch.begun'];

/** The points of the built package that a job passes in such a life, in the order of their layers. */
export async function listCrashPoints(modes: RigMode): Promise<readonly string[]> {
  const load = <T>(file: string): Promise<T> => import(pathToFileURL(join(builtPackage(), file)).href) as Promise<T>;
  const { EXECUTION_CRASH_POINTS } = await load<typeof ExecutionPoints>('dist/execution/crash-points.js');
  const { MICROBATCH_CRASH_POINTS } = await load<typeof MicrobatchPoints>('dist/microbatch/crash-points.js');
  const { STORAGE_CRASH_POINTS } = await load<typeof Storage>('dist/storage/index.js');
  const { FILE_SINK_CRASH_POINTS } = await load<typeof Connectors>('dist/connectors/index.js');
  const all: readonly string[] = [
    ...EXECUTION_CRASH_POINTS,
    ...STORAGE_CRASH_POINTS,
    ...FILE_SINK_CRASH_POINTS,
    ...MICROBATCH_CRASH_POINTS,
  ];
  const ofBatches = (point: string): boolean =>
    point.startsWith('storage.plan.') || MICROBATCH_CRASH_POINTS.some((own) => own === point);
  if (modes === 'continuous') return all.filter((point) => !ofBatches(point));
  if (modes === 'microbatch') return all.filter((point) => !CONTINUOUS_POINTS.includes(point));
  return all;
}

export async function runCrashCase(job: JobUnderTest, crash: CrashCase, seed: number): Promise<CrashReport> {
  const { modes, nth, point } = crash;
  const random = new SeededChoice(partSeed(seed, nth));
  const pace = new Pace();
  const armed = job.start(planArmed(random, modes), { MILLRACE_CRASH_AT: `${point}#${nth}` });
  const first = await runToEnd(armed, undefined, pace);
  let violations = await compare(job, first);
  if (violations.count === 0 && first.kind === 'killed') {
    const second = await runToEnd(job.start(planArmed(random, modes)), undefined, pace);
    violations = await compare(job, second);
    if (second.kind === 'killed') violations.complain('the start behind it was killed by somebody else');
  }
  const failure = violations.count === 0 ? '' : describeCase(job, seed, modes, `${point}#${nth}`, violations);
  if (failure === '') job.remove();
  return { job: job.name, ...crash, isHit: first.kind === 'killed', failure };
}

/**
 * The short form: one job dies at one point after the other, in one directory as long as it has work left, so that each start
 * recovers from the death of the one before. A point that was not passed is tried once more in a new directory.
 */
export async function runCrashChain(
  createJob: (seed: number) => JobUnderTest,
  { points, modes, seed }: { readonly points: readonly string[]; readonly modes: RigMode; readonly seed: number },
): Promise<readonly CrashReport[]> {
  const random = new SeededChoice(seed);
  const reports: CrashReport[] = [];
  const waiting = points.map((point) => ({ point, isRetry: false }));
  let job = createJob(seed);
  let deaths: string[] = [];
  for (let next = waiting.shift(); next !== undefined || deaths.length > 0; next = waiting.shift()) {
    const environment: Record<string, string> = next === undefined ? {} : { MILLRACE_CRASH_AT: `${next.point}#1` };
    const end = await runToEnd(job.start(planArmed(random, modes), environment), undefined, new Pace());
    if (next !== undefined) deaths.push(next.point);
    const violations = await compare(job, end);
    const failure = violations.count === 0 ? '' : describeCase(job, seed, modes, deaths.join(' '), violations);
    const isHit = end.kind === 'killed';
    if (next !== undefined && !isHit && !next.isRetry && failure === '') waiting.unshift({ ...next, isRetry: true });
    else if (next !== undefined || failure !== '')
      reports.push({ job: job.name, modes, point: next?.point ?? 'the last start', nth: 1, isHit, failure });
    if (isHit && failure === '') continue;
    if (failure === '') job.remove();
    job = createJob(seed + reports.length);
    deaths = [];
  }
  job.remove();
  return reports;
}

async function compare(job: JobUnderTest, end: StartEnd): Promise<Violations> {
  const violations = new Violations();
  if (end.kind === 'failed') violations.complain(describeFailure(end));
  else if (end.kind === 'killed') await guard(violations, 'after the crash', () => job.checkCut(violations.complain));
  else await guard(violations, 'at the end', () => job.checkComplete(violations.complain));
  return violations;
}

function describeCase(job: JobUnderTest, seed: number, modes: RigMode, points: string, violations: Violations): string {
  return `SEED=${seed} JOB=${job.name} MODES=${modes} MILLRACE_CRASH_AT=${points}\n${violations}\nkept for a look: ${job.directory}`;
}

/** Many short epochs, so that later passes exist, and folds are due. */
function planArmed(random: SeededChoice, modes: RigMode): StartPlan {
  const options = pickOptions(random, modes);
  return {
    style: 'embedded',
    form: random.between(0, 1),
    kill: undefined,
    settings: {
      options: {
        ...options,
        epoch: { intervalMs: random.pick([0, 1, 2]) },
        batch: { ...options.batch, recordsMax: random.pick([50, 100]), rateControl: 'off' },
        channel: { ...options.channel, ringBytes: 4096, localRecords: 2 },
        loop: { ...options.loop, stepRecords: random.pick([3, 8]) },
      },
      readBytes: random.pick([1000, 16_384]),
      spinMicros: 60,
      ...(modes === 'switching' ? { switchEveryEpochs: random.pick([1, 2]) } : {}),
    },
  };
}
