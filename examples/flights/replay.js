/** Entry of `replay.ts`; see `run.js`. */
import { register } from 'tsx/esm/api';

register();
const { writeReplay } = await import('./replay.ts');
console.log(
  `${writeReplay().toLocaleString('en-US')} flights in the order of their departure: replay/departures.jsonl`,
);
