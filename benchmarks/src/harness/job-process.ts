/** The process of one run of a job: a service that embeds Millrace and watches. Forked by `runJob`. */
import { Millrace } from 'millrace';
import { machineTimeMs, readSettings, sendResult } from './fork.ts';
import { foldedAt, type JobRunResult, type JobRunSettings, type ObservedEpoch } from './job-run.ts';

const settings = readSettings<JobRunSettings>();
const epochs: ObservedEpoch[] = [];

function recordsMax(): number {
  const { untilFolded, untilRecords } = settings;
  if (untilFolded === undefined) return untilRecords ?? Number.POSITIVE_INFINITY;
  return (foldedAt(epochs, untilFolded.records) ?? Number.POSITIVE_INFINITY) + untilFolded.behind;
}

const millrace = await Millrace.open();
const job = await millrace.start(new URL(`../jobs/${settings.job}`, import.meta.url), {
  ...settings.options,
  stateDirectory: settings.stateDirectory,
});
job.on('epoch', (epoch) => {
  const { user, system } = process.cpuUsage();
  epochs.push({ ...epoch, atMs: machineTimeMs(), cpuMs: (user + system) / 1000 });
  if (epochs.length === 1 && settings.runMs !== undefined) setTimeout(() => void job.close(), settings.runMs);
  if (epoch.totals.recordsRead >= recordsMax()) void job.close();
});
const outcome = await job.finished;
const result: JobRunResult = {
  outcome,
  status: job.status(),
  epochs,
  residentBytesMax: process.resourceUsage().maxRSS * 1024,
};
await millrace.close();
sendResult(result);
