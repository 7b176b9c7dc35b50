/**
 * Failures inside a process that lives on (reliability rows 1, 4, 5; R11), by the embedding API on real threads. In continuous mode
 * the job goes back to its last epoch, in microbatch mode the task is tried again; both end as if nothing had happened.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultSettings } from '../fixtures/recovery/rig-settings.ts';
import { expectNoViolations } from './support/expect-no-violations.ts';
import type { JobProcess } from './support/job-process.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';

const TIMEOUT_MS = 120_000;
const OPTIONS = {
  workers: 2,
  parallelism: 2,
  epoch: { intervalMs: 5 },
  channel: { ringBytes: 4096, localRecords: 16 },
  loop: { stepRecords: 8 },
  restart: { delayMs: 1 },
};

let job: LedgerUnderTest;

beforeEach(() => {
  job = new LedgerUnderTest(7, { transfers: 300, postings: 150 });
});

afterEach(() => job.remove());

function startWithFault(kind: FaultSettings['kind'], options: object): JobProcess {
  const marker = job.workspace.path('fault-happened');
  const faults: readonly FaultSettings[] = [{ kind, postingsBefore: 500, marker }];
  return job.start({ style: 'embedded', settings: { options: { ...OPTIONS, ...options }, spinMicros: 30, faults } });
}

describe('a job in continuous mode whose user code', () => {
  test.each([
    ['throws an error', 'throw', 'the ledger does not like this posting'],
    ['throws null', 'throw-null', 'threw: null'],
    ['ends its worker', 'exit', '7'],
    ['never returns', 'loop', ''],
  ] as const)('%s once goes on from its last epoch and ends right', { timeout: TIMEOUT_MS }, async (_, kind, said) => {
    const process = startWithFault(kind, { operatorTimeoutMs: kind === 'loop' ? 1500 : 30_000 });

    const exit = await process.exited;

    const finished = await process.event('finished');
    expect(exit, exit.stdout + exit.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(job.workspace.exists('fault-happened')).toBe(true);
    expect(finished?.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(finished?.status?.restarts).toBeGreaterThanOrEqual(1);
    expect(finished?.status?.lastFailure?.message).toContain(said);
    expect(finished?.status?.lastRecoveryMs).toBeGreaterThan(0);
    console.log(`recovery from "${kind}": ${finished?.status?.lastRecoveryMs?.toFixed(0)} ms`);
    await expectNoViolations((complain) => job.checkComplete(complain));
  });
});

describe('a task of a batch whose user code', () => {
  test.each([
    ['throws an error', 'throw'],
    ['throws null', 'throw-null'],
    ['ends its thread', 'exit'],
    ['never returns', 'loop'],
  ] as const)('%s once is tried again, and its batch does not fail', { timeout: TIMEOUT_MS }, async (_, kind) => {
    const process = startWithFault(kind, {
      mode: 'microbatch',
      batch: { recordsMax: 100 },
      operatorTimeoutMs: kind === 'loop' ? 1500 : 30_000,
    });

    const exit = await process.exited;

    const finished = await process.event('finished');
    expect(exit, exit.stdout + exit.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(job.workspace.exists('fault-happened')).toBe(true);
    expect(finished?.outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(finished?.status).toMatchObject({ mode: 'microbatch', restarts: 0, generation: 1 });
    expect(finished?.status?.lastFailure).toBeUndefined();
    await expectNoViolations((complain) => job.checkComplete(complain));
  });
});

describe.each(['continuous', 'microbatch'] as const)('a job in %s mode whose user code', (mode) => {
  test('throws more often than its budget allows ends as failed, names the operator, and can be started again', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const options = { mode, restart: { attemptsMax: 0 }, batch: { attemptsMax: 1, recordsMax: 100 } };
    const process = startWithFault('throw', options);

    const exit = await process.exited;

    const finished = await process.event('finished');
    expect(exit).toMatchObject({ code: 1, stderr: '' });
    expect(finished?.outcome).toMatchObject({ kind: 'failed', report: { node: 'ledger' } });
    await expectNoViolations((complain) => job.checkCut(complain));

    const again = await job.start({ style: 'embedded', settings: { options: OPTIONS } }).exited;

    expect(again, again.stdout).toMatchObject({ code: 0, stderr: '' });
    await expectNoViolations((complain) => job.checkComplete(complain));
  });
});
