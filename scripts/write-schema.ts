/** Writes `schema/job.schema.json` from the validator: `npm run schema`. A test fails when the checked-in file is stale. */
import { writeFileSync } from 'node:fs';
import { JOB_SCHEMA_FILE, renderJobJsonSchema } from '../src/config/job-json-schema.ts';

writeFileSync(new URL(`../${JOB_SCHEMA_FILE}`, import.meta.url), renderJobJsonSchema());
