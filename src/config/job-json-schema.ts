/** The JSON Schema of job files, for editors and for `schema/job.schema.json`. Generated, never written by hand. */
import { z } from 'zod';
import { jobFileSchema } from './job-schema.ts';

export const JOB_SCHEMA_FILE: string = 'schema/job.schema.json';

/** The text of {@link JOB_SCHEMA_FILE}. */
export function renderJobJsonSchema(): string {
  const schema = z.toJSONSchema(jobFileSchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: 'Millrace job', ...schema }, null, 2)}\n`;
}
