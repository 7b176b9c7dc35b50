/** Entry of the punctuality example; see `run.js`. */
import { register } from 'tsx/esm/api';

register();
await import('./punctuality.ts');
