/**
 * Entry of a thread of the pool. CommonJS, because Piscina requires its entry first and imports it only when that fails: Node 20 aborts the
 * whole process when a thread is ended while an ES module that was required is being linked.
 */
import type { PoolMessage, PoolReply } from './microbatch/piscina-task-pool.ts' with { 'resolution-mode': 'import' };

async function runTask(message: PoolMessage): Promise<PoolReply> {
  const worker = await import('./task-worker.ts');
  return worker.runTask(message);
}

module.exports = { runTask };
