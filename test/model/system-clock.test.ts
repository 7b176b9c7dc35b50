import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';

describe('the system clock', () => {
  test('has one base in all threads, to a few microseconds', async () => {
    // Only the first clock of a thread meets a `performance` that is not loaded yet.
    const worker = new Worker(new URL('./fixtures/clock-thread.mjs', import.meta.url));

    const [{ behindMs, aheadMs }] = (await once(worker, 'message')) as [{ behindMs: number; aheadMs: number }];

    expect(behindMs).toBeLessThan(0.05);
    expect(aheadMs).toBeGreaterThan(-0.05);
    await worker.terminate();
  });
});
