/** R13: a signal drains the job: everything read is committed and visible, and the next run reads no record twice. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectNoViolations } from './support/expect-no-violations.ts';
import { expectLedger } from './support/ledger-oracle.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { untilWritten } from './support/once.ts';

const TIMEOUT_MS = 120_000;

let job: LedgerUnderTest;

beforeEach(() => {
  job = new LedgerUnderTest(13);
});

afterEach(() => job.remove());

describe('a job that is asked to stop', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'by %s ends with code %i, and the next run goes on at the record behind',
    { timeout: TIMEOUT_MS },
    async (signal, code) => {
      const options = { workers: 2, parallelism: 3, epoch: { intervalMs: 5 }, loop: { stepRecords: 8 } };
      const total = expectLedger(job.input).recordsRead;
      const process = job.start({ style: 'command', settings: { spinMicros: 2000, options } });
      await untilWritten(job.workspace.path('out/rows.jsonl'));

      process.signal(signal);
      const exit = await process.exited;

      expect(exit, exit.stderr).toMatchObject({ code, signal: null });
      const readBefore = await job.recordsRead();
      expect(readBefore).toBeGreaterThan(0);
      expect(readBefore).toBeLessThan(total);
      await expectNoViolations((complain) => job.checkCut(complain));

      const next = job.start({ style: 'embedded', settings: { options: { workers: 1, parallelism: 2 } } });
      const finished = await next.event('finished');
      await next.exited;

      expect(finished?.outcome).toEqual({ kind: 'completed', stop: 'complete' });
      expect(finished?.status?.recordsReadByRun).toBe(total - readBefore);
      await expectNoViolations((complain) => job.checkComplete(complain));
    },
  );
});
