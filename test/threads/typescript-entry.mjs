// Entry of worker threads in tests: Node 20 does not load TypeScript, and `--import` does not reach workers there.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
