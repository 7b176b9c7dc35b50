/** A service that is killed: starts the job, reports every moment to its parent, and runs until it is no more. Forked by `restart`. */
import type { JobOptionsInput } from 'millrace';
import { machineTimeMs, readSettings } from '../harness/fork.ts';
import type { RestartJobSettings } from '../jobs/restart.job.ts';

export interface RestartSettings {
  readonly jobSettings: RestartJobSettings;
  readonly options: JobOptionsInput;
  readonly stateDirectory: string;
}

export type RestartMessage =
  | { readonly kind: 'moment'; readonly name: 'process' | 'library loaded' | 'running'; readonly atMs: number }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly recordsRead: number; readonly atMs: number }
  | { readonly kind: 'ended'; readonly outcome: unknown };

const tell = (message: RestartMessage): void => void process.send?.(message);

tell({ kind: 'moment', name: 'process', atMs: machineTimeMs() });
const { options, stateDirectory } = readSettings<RestartSettings>();
const { Millrace } = await import('millrace');
tell({ kind: 'moment', name: 'library loaded', atMs: machineTimeMs() });
const millrace = await Millrace.open();
const job = await millrace.start(new URL('../jobs/restart.job.js', import.meta.url), { ...options, stateDirectory });
job.on('epoch', ({ epoch, totals }) => {
  tell({ kind: 'epoch', epoch, recordsRead: totals.recordsRead, atMs: machineTimeMs() });
});
tell({ kind: 'moment', name: 'running', atMs: machineTimeMs() });
tell({ kind: 'ended', outcome: await job.finished });
