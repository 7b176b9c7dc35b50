export { suggest } from '../model/index.ts';
export { renderJobJsonSchema } from './job-json-schema.ts';
export { JOB_FILE_BYTES_MAX, type JobReference, type LoadedJob, type Rehearsal } from './job-reference.ts';
export { loadJob, loadJobModule } from './load-job.ts';
export { loadJobFile } from './load-job-file.ts';
export { referenceTo } from './reference-to.ts';
