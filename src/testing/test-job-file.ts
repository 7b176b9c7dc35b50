import { loadJob, referenceTo } from '../config/index.ts';
import { DrivenJob } from './driven-job.ts';
import type { TestJob, TestJobOptions } from './test-job.ts';

/**
 * As `testJob`, of a job file (JSON), or of a module whose default export is a job. Its options hold where the test gives none; nothing
 * that its sources and sinks name is opened. Rejects with `OptionError` that lists everything wrong with the file.
 */
export async function testJobFile(path: string | URL, options: TestJobOptions = {}): Promise<TestJob> {
  const loaded = await loadJob(await referenceTo(path));
  return new DrivenJob(loaded.definition, options, loaded.options);
}
