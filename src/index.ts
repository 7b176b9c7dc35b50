/** The public API. Explicit names, grouped; nothing else. */

export { sinks, sources } from './connectors/index.ts';
// Running it
export { JobHandle, Millrace, type MillraceOptions, type StartOptions } from './launch.ts';
// Writing a job
export { aggregates, defineProcess } from './operators/index.ts';
export { defineJob, type JobDefinition } from './plan/index.ts';
