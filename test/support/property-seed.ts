/**
 * Property tests draw the same values in every run, so that a change is judged by itself. `PROPERTY_SEED=random` (npm run test:fuzz)
 * draws others; a failure prints its seed and path, and what it found belongs among the examples of its test.
 */
import fc from 'fast-check';

const wanted = process.env['PROPERTY_SEED'] ?? '20261122';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
