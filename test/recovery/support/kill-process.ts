/** Runs one start of a job to its end, which may be a SIGKILL at a planned moment. */
import type { JobProcess, ProcessExit } from './job-process.ts';
import type { KillPlan } from './start-plan.ts';

/** How long starts take until the job runs, on this machine, under its present load. */
export class Pace {
  #startMs = 400;

  get startMs(): number {
    return this.#startMs;
  }

  observe(startMs: number): void {
    this.#startMs = this.#startMs * 0.8 + startMs * 0.2;
  }
}

/** `stopped`: by SIGTERM, behind a final epoch. */
export type StartEnd =
  | { readonly kind: 'killed' | 'stopped' | 'completed'; readonly exit: ProcessExit }
  | { readonly kind: 'failed'; readonly exit: ProcessExit; readonly reason: string };

/** A start that takes longer hangs. */
const START_MAX_MS = 60_000;
/** What the command line says when it is asked to stop. */
const DRAIN_NOTE = /\nSIGTERM: draining; [^\n]*\n/;
/** And what it says of a job that is started now as a module, now as a job file. */
const FORM_NOTE =
  /the job differs from the one that wrote its state; it goes on, with\n( {2}\w+: has (functions|expressions) now, [^\n]*\n)+/;

/** Nothing but the planned end, a death at a crash point or a success is expected, all in silence. */
export async function runToEnd(process: JobProcess, kill: KillPlan | undefined, pace: Pace): Promise<StartEnd> {
  const startedAt = performance.now();
  void process.event('running').then((event) => {
    if (event !== undefined) pace.observe(performance.now() - startedAt);
  });
  let isHanging = false;
  const guard = setTimeout(() => {
    isHanging = true;
    process.signal('SIGKILL');
  }, START_MAX_MS);
  if (kill !== undefined) void killAsPlanned(process, kill, pace);
  const exit = await process.exited;
  clearTimeout(guard);
  if (isHanging) return { kind: 'failed', exit, reason: `did not end within ${START_MAX_MS / 1000} s` };
  const unexpected = exit.stderr.replace(FORM_NOTE, '').replace(kill?.signal === 'SIGTERM' ? DRAIN_NOTE : '', '');
  if (unexpected !== '') return { kind: 'failed', exit, reason: 'wrote to its standard error' };
  // A SIGTERM that comes before anybody listens ends the process like a SIGKILL.
  if (exit.signal === 'SIGKILL' || (exit.signal === 'SIGTERM' && kill?.signal === 'SIGTERM'))
    return { kind: 'killed', exit };
  if (exit.code === 143 && kill?.signal === 'SIGTERM') return { kind: 'stopped', exit };
  if (exit.code === 0) return { kind: 'completed', exit };
  return { kind: 'failed', exit, reason: `ended with code ${exit.code}, signal ${exit.signal}` };
}

async function killAsPlanned(process: JobProcess, { after, delay, nth, signal }: KillPlan, pace: Pace): Promise<void> {
  if (after !== 'start') await process.event(after, nth);
  const delayMs = after === 'start' ? delay * pace.startMs : delay;
  const timer = setTimeout(() => process.signal(signal), delayMs);
  void process.exited.then(() => clearTimeout(timer));
}
