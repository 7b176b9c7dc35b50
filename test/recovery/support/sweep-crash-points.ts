/**
 * The death of the process at every named point of the product, for the first and later passes: then a start with other
 * options up to the end, and the full comparison.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Connectors from '../../../src/connectors/index.ts';
import type * as ExecutionPoints from '../../../src/execution/crash-points.ts';
import type * as Storage from '../../../src/storage/index.ts';
import { builtPackage } from './built-package.ts';
import type { JobUnderTest } from './job-under-test.ts';
import { Pace, runToEnd } from './kill-process.ts';
import { describeFailure, guard } from './run-life.ts';
import { partSeed, SeededChoice } from './seeded-choice.ts';
import { pickOptions, type StartPlan } from './start-plan.ts';
import { Violations } from './violations.ts';

export interface CrashCase {
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

/** All points of the built package, in the order of their layers. */
export async function listCrashPoints(): Promise<readonly string[]> {
  const load = <T>(file: string): Promise<T> => import(pathToFileURL(join(builtPackage(), file)).href) as Promise<T>;
  const { EXECUTION_CRASH_POINTS } = await load<typeof ExecutionPoints>('dist/execution/crash-points.js');
  const { STORAGE_CRASH_POINTS } = await load<typeof Storage>('dist/storage/index.js');
  const { FILE_SINK_CRASH_POINTS } = await load<typeof Connectors>('dist/connectors/index.js');
  return [...EXECUTION_CRASH_POINTS, ...STORAGE_CRASH_POINTS, ...FILE_SINK_CRASH_POINTS];
}

export async function runCrashCase(job: JobUnderTest, { point, nth }: CrashCase, seed: number): Promise<CrashReport> {
  const random = new SeededChoice(partSeed(seed, nth));
  const pace = new Pace();
  const violations = new Violations();
  const armed = job.start(planArmed(random), { MILLRACE_CRASH_AT: `${point}#${nth}` });
  const first = await runToEnd(armed, undefined, pace);
  if (first.kind === 'failed') violations.complain(`armed: ${describeFailure(first)}`);
  await guard(violations, 'after the crash', () => job.checkCut(violations.at('after the crash')));
  if (violations.count === 0) {
    const second = await runToEnd(job.start(planArmed(random)), undefined, pace);
    if (second.kind !== 'completed') violations.complain(`the start behind it: ${second.kind}`);
    if (second.kind === 'failed') violations.complain(describeFailure(second));
    await guard(violations, 'at the end', () => job.checkComplete(violations.at('at the end')));
  }
  const failure =
    violations.count === 0
      ? ''
      : `SEED=${seed} JOB=${job.name} MILLRACE_CRASH_AT=${point}#${nth}\n${violations}\nkept for a look: ${job.directory}`;
  if (failure === '') job.remove();
  return { job: job.name, point, nth, isHit: first.kind === 'killed', failure };
}

/** Many short epochs, so that later passes exist, and folds are due. */
function planArmed(random: SeededChoice): StartPlan {
  const options = pickOptions(random);
  return {
    style: 'embedded',
    form: random.between(0, 1),
    kill: undefined,
    settings: {
      options: {
        ...options,
        epoch: { intervalMs: random.pick([0, 1, 2]) },
        channel: { ...options.channel, ringBytes: 4096, localRecords: 2 },
        loop: { ...options.loop, stepRecords: random.pick([3, 8]) },
      },
      readBytes: random.pick([1000, 16_384]),
      spinMicros: 60,
    },
  };
}
