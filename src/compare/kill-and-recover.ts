/**
 * Kills a run in its middle the way `kill -9` does, starts it again from the same state directory, lets it run to its end, and
 * says how long it was away. All times are taken by this process, which lives through both.
 */
import { assert, type Cancellable, type DurationMs, type MonotonicMs } from '../model/index.ts';
import type { RecoveryFigures } from './comparison.ts';
import { runTrial, type TrialPorts } from './run-trial.ts';
import type { TrialMessage, TrialRequest } from './trial.ts';

interface Commit {
  readonly at: MonotonicMs;
  readonly recordsWritten: number;
}

/**
 * `durationMs`: how long the run would take. The kill comes half-way, or at the first commit behind that; `undefined` when the
 * run was over by then.
 */
export async function killAndRecover(
  request: TrialRequest,
  durationMs: DurationMs,
  ports: TrialPorts,
): Promise<RecoveryFigures | undefined> {
  const { clock } = ports;
  let lastCommit: Commit | undefined;
  let killedAt = Number.NaN;
  let timer: Cancellable | undefined;
  let isDue = false;
  const ended = await runTrial(request, {
    ...ports,
    onMessage: (message, kill) => {
      const killNow = (): void => {
        killedAt = clock.monotonic();
        kill();
      };
      if (message.kind === 'running') {
        timer = clock.schedule(durationMs / 2, () => {
          isDue = true;
          // Before the first commit there would be nothing to recover.
          if (lastCommit !== undefined) killNow();
        });
      }
      if (message.kind !== 'epoch' || !Number.isNaN(killedAt)) return;
      lastCommit = { at: clock.monotonic(), recordsWritten: message.recordsWritten };
      if (isDue) killNow();
    },
  }).finally(() => timer?.cancel());
  if (ended !== undefined) return undefined;
  const before = lastCommit;
  assert(before !== undefined, 'a trial is killed behind a commit');

  let firstCommit: MonotonicMs | undefined;
  let firstOutput: MonotonicMs | undefined;
  await runTrial(request, {
    ...ports,
    onMessage: (message: TrialMessage) => {
      if (message.kind !== 'epoch') return;
      firstCommit ??= clock.monotonic();
      if (message.recordsWritten > before.recordsWritten) firstOutput ??= clock.monotonic();
    },
  });
  // All was committed when the kill came: there was nothing to come back to.
  if (firstCommit === undefined) return undefined;
  return {
    firstCommitMs: firstCommit - killedAt,
    ...(firstOutput === undefined ? {} : { withoutOutputMs: firstOutput - before.at }),
  };
}
