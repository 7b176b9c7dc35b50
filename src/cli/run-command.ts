/** `millrace run`: starts a job, shows how it gets on, answers signals, sums up. */
import type { JobOutcome } from '../index.ts';
import { decideExitCode, signalExitCode } from './decide-exit-code.ts';
import { escapeLines } from './escape-text.ts';
import { ProgressReporter } from './progress-reporter.ts';
import { renderFailure, renderJsonSummary, renderSummary } from './render-summary.ts';
import type { CliPorts, RunningJob, StopSignal, Terminal } from './runner.ts';
import { startOptions } from './start-options.ts';

/** Resolves with the exit code; rejects when the job could not be started. */
export async function runCommand(
  job: string,
  given: Readonly<Record<string, string | true>>,
  ports: CliPorts,
): Promise<number> {
  const { terminal, clock, runner } = ports;
  const options = startOptions(given);
  const stop = new StopRequest(ports);
  try {
    const running = await runner.start(job, options);
    stop.attach(running);
    noteChanges(running.status()?.allowedChanges ?? [], terminal);
    const progress = new ProgressReporter(terminal, clock, () => running.status());
    if (given['quiet'] !== true) progress.start();
    const outcome = await running.finished;
    progress.stop();
    sumUp(running, outcome, given, ports);
    return decideExitCode(outcome, stop.signal);
  } finally {
    stop.dispose();
  }
}

/** Said whatever else is quiet: a changed job goes on from the state of another one. */
function noteChanges(changes: readonly string[], { err }: Terminal): void {
  if (changes.length === 0) return;
  err(escapeLines(`the job differs from the one that wrote its state; it goes on, with\n  ${changes.join('\n  ')}\n`));
}

function sumUp(
  job: RunningJob,
  outcome: JobOutcome,
  given: Readonly<Record<string, string | true>>,
  { terminal }: CliPorts,
): void {
  const status = job.status();
  if (given['json'] === true) terminal.out(renderJsonSummary(status, outcome));
  else if (given['quiet'] !== true && status !== undefined) terminal.out(renderSummary(status, outcome));
  if (outcome.kind === 'failed') terminal.err(renderFailure(outcome));
}

/** The first signal drains the job, as soon as there is one; the second ends the process. */
class StopRequest {
  readonly #ports: CliPorts;
  readonly #dispose: () => void;
  #job: RunningJob | undefined;
  #signal: StopSignal | undefined;

  constructor(ports: CliPorts) {
    this.#ports = ports;
    this.#dispose = ports.onSignal((signal) => this.#hear(signal));
  }

  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  attach(job: RunningJob): void {
    this.#job = job;
    if (this.#signal !== undefined) void job.drain();
  }

  dispose(): void {
    this.#dispose();
  }

  #hear(signal: StopSignal): void {
    if (this.#signal !== undefined) {
      this.#ports.exitNow(signalExitCode(signal));
      return;
    }
    this.#signal = signal;
    this.#ports.terminal.err(`\n${signal}: draining; once more ends at once\n`);
    void this.#job?.drain();
  }
}
