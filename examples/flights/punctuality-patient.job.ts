/**
 * Punctuality for those who can wait: no flight of the data is overtaken by ten hours, so that none is late and both modes must
 * write the same rows. What `millrace compare` is run with.
 */
import type { JobDefinition } from 'millrace';
import { punctuality } from './punctuality.job.ts';

const job: JobDefinition = punctuality(10 * 3_600_000);

export default job;
