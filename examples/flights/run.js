/**
 * Entry of the example: loads TypeScript on every supported Node. `node --import tsx main.ts` would do as well, but each
 * thread that Millrace starts would inherit the option and load the compiler once more.
 */
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
