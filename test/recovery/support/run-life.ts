/**
 * One life of a job: started, killed, started differently, killed again, until it completes; compared with its oracle after
 * every end. All choices come from one seed.
 */
import type { JobUnderTest } from './job-under-test.ts';
import { type Pace, runToEnd, type StartEnd } from './kill-process.ts';
import { SeededChoice } from './seeded-choice.ts';
import { planStart, type StartPlan } from './start-plan.ts';
import { Violations } from './violations.ts';

export interface LifeReport {
  readonly job: string;
  readonly seed: number;
  readonly starts: number;
  readonly kills: number;
  /** From the start of a process that was killed to the end of the comparison behind it. */
  readonly cycleMs: readonly number[];
  /** Empty where nothing is wrong; else what is, and how to see it again. */
  readonly failure: string;
}

export async function runLife(job: JobUnderTest, seed: number, killsMax: number, pace: Pace): Promise<LifeReport> {
  const random = new SeededChoice(seed);
  const violations = new Violations();
  const history: string[] = [];
  const cycleMs: number[] = [];
  let kills = 0;
  let end: StartEnd | undefined;
  while (end?.kind !== 'completed' && violations.count === 0) {
    const plan = planStart(random, kills >= killsMax);
    const startedAt = performance.now();
    end = await runToEnd(job.start(plan), plan.kill, pace);
    history.push(describeStart(history.length + 1, plan, end));
    const place = `after start ${history.length}`;
    if (end.kind === 'failed') violations.complain(`${place}: ${describeFailure(end)}`);
    await guard(violations, place, () => job.checkCut(violations.at(place)));
    if (end.kind === 'killed') {
      kills++;
      cycleMs.push(performance.now() - startedAt);
    }
  }
  if (violations.count === 0)
    await guard(violations, 'at the end', () => job.checkComplete(violations.at('at the end')));
  if (violations.count === 0 && random.chance(0.25)) {
    const again = await runToEnd(job.start(planStart(random, true)), undefined, pace);
    history.push(`  start ${history.length + 1}: once more behind the end: ${again.kind}`);
    if (again.kind === 'failed') violations.complain(`once more behind the end: ${describeFailure(again)}`);
    await guard(violations, 'once more', () => job.checkComplete(violations.at('once more behind the end')));
  }
  const failure = violations.count === 0 ? '' : describeLife(job, seed, history, violations);
  if (failure === '') job.remove();
  return { job: job.name, seed, starts: history.length, kills, cycleMs, failure };
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

function describeLife(job: JobUnderTest, seed: number, history: readonly string[], violations: Violations): string {
  return `SEED=${seed} JOB=${job.name} (again: npm run test:kill -- --job ${job.name} --seed ${seed})\n${violations.count} violations:\n${violations}\nstarts:\n${history.join('\n')}\nkept for a look: ${job.directory}`;
}
