/** The process of a job that is switched to and fro. Forked by the benchmark of switches. */
import { Millrace, type SwitchReport } from 'millrace';
import { readSettings, sendResult } from './fork.ts';
import type { JobRunSettings } from './job-run.ts';

export interface SwitchingSettings extends JobRunSettings {
  readonly switches: number;
  readonly dwellMs: number;
}

export interface SwitchingResult {
  readonly reports: readonly SwitchReport[];
}

const settings = readSettings<SwitchingSettings>();
const reports: SwitchReport[] = [];

const millrace = await Millrace.open();
const job = await millrace.start(new URL(`../jobs/${settings.job}`, import.meta.url), {
  ...settings.options,
  stateDirectory: settings.stateDirectory,
});
for (let i = 0; i < settings.switches; i++) {
  await new Promise((resolve) => setTimeout(resolve, settings.dwellMs));
  reports.push(await job.switchMode(job.status().mode === 'continuous' ? 'microbatch' : 'continuous'));
}
await job.close();
await millrace.close();
const result: SwitchingResult = { reports };
sendResult(result);
