export { renderJobJsonSchema } from './job-json-schema.ts';
export type { JobReference, LoadedJob } from './job-reference.ts';
export { loadJob, loadJobFile, loadJobModule } from './load-job.ts';
export { JOB_FILE_BYTES_MAX } from './parse-job-file.ts';
export { referenceTo } from './reference-to.ts';
export { suggest } from './suggest.ts';
