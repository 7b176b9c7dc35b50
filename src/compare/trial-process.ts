/**
 * Entry of the process of one trial: runs the job it is sent, measures, says what it measured, ends.
 *
 * It ends as well when whoever started it is gone. It takes no part in a Ctrl-C: its parent decides.
 */
import { rehearsalPath } from '../config/rehearse.ts';
import { readVisibility, type Visibility } from '../connectors/visibility-log.ts';
import { LatencyHistogram } from '../execution/latency-histogram.ts';
import { JobHandle } from '../launch.ts';
import { SystemClock } from '../model/index.ts';
import { distributionPercentiles } from './distribution-points.ts';
import type { TrialMessage, TrialRequest, TrialResult } from './trial.ts';
import { visibleLatency } from './visible-latency.ts';
import { withoutWarmUp } from './without-warm-up.ts';

process.once('message', (request: TrialRequest) => {
  const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
  void runTrial(request)
    .then<TrialMessage, TrialMessage>(
      (result) => ({ kind: 'ended', result }),
      (thrown: unknown) => ({ kind: 'failed', message: messageOf(thrown) }),
    )
    // Not before it has left: what is still in the channel is lost with it.
    .then((last) => say(last, () => process.disconnect()));
});
process.on('SIGINT', () => {});

/** Rejects with one sentence when the job did not run to its end. */
async function runTrial(request: TrialRequest): Promise<TrialResult> {
  const { reference, options, stateDirectory, warmUpMs } = request;
  const clock = new SystemClock();
  const latencies = new LatencyHistogram();
  const handle = new JobHandle(reference, {}, { ...options, stateDirectory });
  process.once('disconnect', () => void handle.close());
  let startedAt = clock.monotonic();
  let startedCpuMs = cpuMs();
  let committedAt = startedAt;
  let endedCpuMs = startedCpuMs;
  let wasRunning = false;
  handle.on('state', (state) => {
    if (state !== 'running' || wasRunning) return;
    wasRunning = true;
    startedAt = clock.monotonic();
    startedCpuMs = cpuMs();
    say({ kind: 'running' });
  });
  handle.on('epoch', ({ epoch, totals, deltaBytes }) => {
    committedAt = clock.monotonic();
    endedCpuMs = cpuMs();
    say({ kind: 'epoch', epoch, recordsWritten: totals.recordsWritten, stateBytes: deltaBytes });
  });
  handle.on('status', ({ recordsRead, recordsWritten, mode, epochInFlight }) => {
    const isInBatch = mode === 'microbatch' && epochInFlight !== undefined;
    say({ kind: 'progress', recordsRead, recordsWritten, isInBatch });
  });
  handle.on('latency', (part) => latencies.add(withoutWarmUp(part, clock.monotonic(), startedAt + warmUpMs)));

  await handle.start();
  const outcome = await handle.finished;

  if (outcome.kind === 'failed') throw new Error(outcome.reason);
  if (outcome.kind === 'closed') throw new Error('the trial was ended from outside');
  const status = handle.status();
  const percentiles = distributionPercentiles(latencies.summary().count);
  const values = latencies.valuesAt(percentiles);
  return {
    elapsedMs: committedAt - startedAt,
    recordsRead: status.recordsRead,
    recordsWritten: status.recordsWritten,
    recordsRefused: status.deadLetters + status.recordsSkipped,
    epochs: status.epochsCommitted,
    restarts: status.restarts,
    cpuMs: endedCpuMs - startedCpuMs,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    commits: status.commits,
    latency: latencies.summary(),
    distribution: percentiles.map((percentile, index) => ({ percentile, ms: values[index]! })),
    visible: visibleLatency(readVisibilities(request), warmUpMs),
  };
}

function readVisibilities({ reference, timedSinks }: TrialRequest): readonly Visibility[] {
  const { rehearsal } = reference;
  if (rehearsal === undefined) return [];
  return timedSinks.flatMap((sink) => readVisibility(rehearsalPath(rehearsal.outputDirectory, sink)));
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Nobody to tell is no failure: the parent is gone, and this process ends by itself. */
function say(message: TrialMessage, done: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, done);
}
