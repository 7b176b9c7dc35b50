/**
 * One state directory, several processes (reliability rows 18, 19; R14; I5): one owns it, the others are refused at once with
 * a sentence that names the owner; a dead owner is no obstacle.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectNoViolations } from './support/expect-no-violations.ts';
import type { JobProcess } from './support/job-process.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { untilWritten } from './support/once.ts';

const TIMEOUT_MS = 120_000;
const STARTERS = 4;

let job: LedgerUnderTest;
const started: JobProcess[] = [];

beforeEach(() => {
  job = new LedgerUnderTest(11, { transfers: 100, postings: 50 });
});

afterEach(async () => {
  for (const process of started.splice(0)) {
    process.signal('SIGKILL');
    await process.exited;
  }
  job.remove();
});

/** `follow`: never ends by itself. */
function start(style: 'embedded' | 'command', follow: boolean): JobProcess {
  const process = job.start({ style, settings: { follow, options: { epoch: { intervalMs: 10 } } } });
  started.push(process);
  return process;
}

describe('a second process on a state directory', () => {
  test('is refused at once, by a sentence with the pid, and disturbs nothing', { timeout: TIMEOUT_MS }, async () => {
    const owner = start('embedded', true);
    await owner.event('running');

    const command = await start('command', true).exited;
    const embedded = start('embedded', true);
    const refused = await embedded.event('refused');

    expect(command.code).toBe(1);
    expect(command.stderr.trim().split('\n'), command.stderr).toHaveLength(1);
    expect(command.stderr).toContain(`in use by process ${owner.pid} `);
    expect(refused?.report).toMatchObject({ code: 'ERR_LOCKED' });
    expect(refused?.report.message).toContain(`in use by process ${owner.pid} `);
    expect(owner.hasExited).toBe(false);
    console.log(
      `refused ${refused?.afterMs.toFixed(0)} ms after the call of start, ${command.durationMs.toFixed(0)} ms from start to end of a process`,
    );
  });

  test('takes over from a killed owner without a manual step', { timeout: TIMEOUT_MS }, async () => {
    const owner = start('embedded', true);
    await untilWritten(job.workspace.path('out/rows.jsonl'));
    owner.signal('SIGKILL');
    await owner.exited;

    const exit = await start('command', false).exited;

    expect(exit, exit.stderr).toMatchObject({ code: 0, stderr: '' });
    await expectNoViolations((complain) => job.checkComplete(complain));
  });

  test.each(['new', 'left by a killed owner'])(
    'starting with others on a directory that is %s: one of them wins',
    { timeout: TIMEOUT_MS },
    async (directory) => {
      if (directory !== 'new') {
        const owner = start('embedded', true);
        await owner.event('epoch');
        owner.signal('SIGKILL');
        await owner.exited;
      }

      const processes = Array.from({ length: STARTERS }, () => start('embedded', true));
      const outcomes = await Promise.all(
        processes.map((process) => Promise.race([process.event('running'), process.event('refused')])),
      );

      expect(outcomes.filter((outcome) => outcome?.event === 'running')).toHaveLength(1);
      const refusals = outcomes.flatMap((outcome) => (outcome?.event === 'refused' ? [outcome.report.code] : []));
      expect(refusals).toEqual(Array(STARTERS - 1).fill('ERR_LOCKED'));
      const winner = processes[outcomes.findIndex((outcome) => outcome?.event === 'running')]!;
      winner.signal('SIGTERM');
      await winner.exited;
      const last = await start('embedded', false).exited;
      expect(last, last.stdout).toMatchObject({ code: 0, stderr: '' });
      await expectNoViolations((complain) => job.checkComplete(complain));
    },
  );
});
