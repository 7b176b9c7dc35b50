/**
 * One life of a job: started, killed, started differently, killed again, until it completes; compared with its oracle after
 * every end. All choices come from one seed.
 */
import type { JobProcess } from './job-process.ts';
import type { JobUnderTest } from './job-under-test.ts';
import { type Pace, runToEnd, type StartEnd } from './kill-process.ts';
import { SeededChoice } from './seeded-choice.ts';
import { planStart, type RigMode, type StartPlan } from './start-plan.ts';
import { Violations } from './violations.ts';

export interface LifeReport {
  readonly job: string;
  readonly modes: RigMode;
  readonly seed: number;
  readonly starts: number;
  readonly kills: number;
  /** From the start of a process that was killed to the end of the comparison behind it. */
  readonly cycleMs: readonly number[];
  /** Live changes of mode that were told of. */
  readonly switches: number;
  /** Kills between the question for another mode and its answer. */
  readonly switchKills: number;
  /** Faults of user code. */
  readonly faults: number;
  /** Empty where nothing is wrong; else what is, and how to see it again. */
  readonly failure: string;
}

export interface LifePlan {
  readonly seed: number;
  readonly modes: RigMode;
  readonly killsMax: number;
}

export async function runLife(job: JobUnderTest, life: LifePlan, pace: Pace): Promise<LifeReport> {
  const { seed, modes, killsMax } = life;
  const random = new SeededChoice(seed);
  const violations = new Violations();
  const history: string[] = [];
  const cycleMs: number[] = [];
  let kills = 0;
  let switches = 0;
  let switchKills = 0;
  let end: StartEnd | undefined;
  while (end?.kind !== 'completed' && violations.count === 0) {
    const plan = planStart(random, kills >= killsMax, modes);
    const startedAt = performance.now();
    const process = job.start(plan);
    end = await runToEnd(process, plan.kill, pace);
    history.push(describeStart(history.length + 1, plan, end));
    const place = `after start ${history.length}`;
    if (end.kind === 'failed') violations.complain(`${place}: ${describeFailure(end)}`);
    for (const sentence of findUnexpected(process, plan)) violations.complain(`${place}: ${sentence}`);
    switches += countEvents(process, 'switched');
    await guard(violations, place, () => job.checkCut(violations.at(place)));
    if (end.kind === 'killed') {
      kills++;
      if (countEvents(process, 'switching') > countEvents(process, 'switched')) switchKills++;
      cycleMs.push(performance.now() - startedAt);
    }
  }
  if (violations.count === 0)
    await guard(violations, 'at the end', () => job.checkComplete(violations.at('at the end')));
  if (violations.count === 0 && random.chance(0.25)) {
    const again = await runToEnd(job.start(planStart(random, true, modes)), undefined, pace);
    history.push(`  start ${history.length + 1}: once more behind the end: ${again.kind}`);
    if (again.kind === 'failed') violations.complain(`once more behind the end: ${describeFailure(again)}`);
    await guard(violations, 'once more', () => job.checkComplete(violations.at('once more behind the end')));
  }
  const failure = violations.count === 0 ? '' : describeLife(job, life, history, violations);
  const faults = job.faultsHappened();
  if (failure === '') job.remove();
  return {
    job: job.name,
    modes,
    seed,
    starts: history.length,
    kills,
    cycleMs,
    switches,
    switchKills,
    faults,
    failure,
  };
}

/** A task that fails is tried again, and its batch knows nothing of it; a change of mode is refused to nobody who waits for the last one. */
function findUnexpected({ events }: JobProcess, { settings }: StartPlan): readonly string[] {
  return events.flatMap((event) => {
    if (event.event === 'unswitched') return [`a change of mode failed: ${event.message}`];
    if (event.event !== 'finished' || settings.options?.mode !== 'microbatch') return [];
    if (settings.switchEveryEpochs !== undefined || event.status?.restarts === 0) return [];
    return [`a batch failed: ${JSON.stringify(event.status?.recentRestarts)}`];
  });
}

function countEvents({ events }: JobProcess, kind: string): number {
  return events.filter(({ event }) => event === kind).length;
}

/** A comparison that cannot even read what is there has found a violation too. */
export async function guard(violations: Violations, place: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    violations.complain(`${place}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

export function describeFailure({ exit, reason }: Extract<StartEnd, { kind: 'failed' }>): string {
  return `the process ${reason}\n${exit.stdout.slice(-2000)}\n${exit.stderr.slice(-4000)}`;
}

function describeStart(number: number, { kill, settings, style, form }: StartPlan, end: StartEnd): string {
  const planned =
    kill === undefined
      ? 'no kill planned'
      : `${kill.signal} after ${kill.after} ${kill.nth} + ${kill.delay.toFixed(2)}`;
  return `  start ${number}: ${end.kind} after ${end.exit.durationMs.toFixed(0)} ms (${planned}), ${style}, form ${form}, ${JSON.stringify(settings)}`;
}

function describeLife(
  job: JobUnderTest,
  { modes, seed }: LifePlan,
  history: readonly string[],
  violations: Violations,
): string {
  return `SEED=${seed} JOB=${job.name} MODES=${modes} (again: npm run test:kill -- --job ${job.name} --modes ${modes} --seed ${seed})\n${violations.count} violations:\n${violations}\nstarts:\n${history.join('\n')}\nkept for a look: ${job.directory}`;
}
