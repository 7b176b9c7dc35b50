import type { JobDefinition } from 'millrace';
import { wordCounts } from './word-counts.js';

const job: JobDefinition = wordCounts('module');
export default job;
