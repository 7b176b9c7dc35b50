import { describe, expect, it } from 'vitest';
import { ProgressReporter, renderProgress, renderRestart } from '../../src/cli/progress-reporter.ts';
import { renderSummary } from '../../src/cli/render-summary.ts';
import type { RestartSummary } from '../../src/index.ts';
import { FakePorts, statusOf } from './fake-ports.ts';

const restart = (number: number, parts: Partial<RestartSummary> = {}): RestartSummary => ({
  number,
  delayMs: 100 * 2 ** (number - 1),
  node: 'late',
  code: 'ERR_OPERATOR',
  message: 'operator late threw: boom',
  ...parts,
});

const LINE_1 =
  'delays: restart 1 from the last epoch in 100 ms, after ERR_OPERATOR in late: operator late threw: boom\n';
const LINE_2 =
  'delays: restart 2 from the last epoch in 200 ms, after ERR_OPERATOR in late: operator late threw: boom\n';

function reporting(isInteractive: boolean) {
  const ports = new FakePorts();
  ports.isInteractive = isInteractive;
  const reporter = new ProgressReporter(ports.terminal, ports.clock, () => ports.job.status());
  reporter.start();
  return { ports, reporter };
}

describe('a restart', () => {
  it('gets one plain line when piped, however long it lasts', () => {
    const { ports, reporter } = reporting(false);
    ports.job.current = statusOf({ state: 'restarting', restarts: 1, recentRestarts: [restart(1)] });

    ports.clock.advance(3000);
    reporter.stop();

    const lines = ports.err.split('\n');
    expect(`${lines[0]}\n`).toBe(LINE_1);
    expect(lines.filter((line) => line.includes('boom'))).toHaveLength(1);
    expect(lines[1]).toContain('1 restart');
    expect(lines[1]).not.toContain('1 restarts');
  });

  it('gets a line that stays above the one that is rewritten on a terminal', () => {
    const { ports } = reporting(true);
    ports.clock.advance(200);
    const shown = ports.err.length - 1;
    ports.err = '';

    ports.job.current = statusOf({ restarts: 2, recentRestarts: [restart(1), restart(2)] });
    ports.clock.advance(200);

    expect(ports.err.startsWith(`\r${' '.repeat(shown)}\r${LINE_1}${LINE_2}\rdelays running`)).toBe(true);
  });

  it('that comes after the last look is told before the end', () => {
    const { ports, reporter } = reporting(false);
    ports.job.current = statusOf({ restarts: 1, recentRestarts: [restart(1)] });

    reporter.stop();
    reporter.stop();

    expect(ports.err).toBe(LINE_1);
    expect(ports.clock.nextDueAt()).toBeUndefined();
  });

  it('is counted at least when there were more of them between two looks than a status holds', () => {
    const { ports, reporter } = reporting(false);
    ports.job.current = statusOf({ restarts: 40, recentRestarts: [restart(39), restart(40)] });

    reporter.stop();

    expect(ports.err.split('\n')[0]).toBe('delays: 38 more restarts, too fast to be shown');
    expect(ports.err.split('\n')).toHaveLength(4);
  });

  it('is not told by a reporter that was never started', () => {
    const ports = new FakePorts();
    ports.job.current = statusOf({ restarts: 1, recentRestarts: [restart(1)] });

    new ProgressReporter(ports.terminal, ports.clock, () => ports.job.status()).stop();

    expect(ports.err).toBe('');
  });

  it('cannot forge lines or move the cursor, and stays short', () => {
    const line = renderRestart(
      'a\u001b[2Jb',
      restart(1, { node: undefined, message: `x\ndone\r${'y'.repeat(10_000)}` }),
    );

    expect(
      line.startsWith('a\\u001b[2Jb: restart 1 from the last epoch in 100 ms, after ERR_OPERATOR: x\\ndone\\u000dyyy'),
    ).toBe(true);
    expect(line.length).toBeLessThan(600);
  });
});

it('the summary says why the job was restarted last', () => {
  const status = statusOf({ restarts: 2, recentRestarts: [restart(1), restart(2)] });

  const text = renderSummary(status, { kind: 'completed', stop: 'drain' });

  expect(text).toContain('  restarts  2; the last one after ERR_OPERATOR in late: operator late threw: boom\n');
});

it('records without event time stand in the progress and, with what to do, in the summary', () => {
  const { time } = statusOf();
  const heldBackBy = { source: 'flights', split: 'a.jsonl', watermark: undefined, untimed: 1200, silentMs: 0 };
  const status = statusOf({ late: { hourly: 1200 }, time: { ...time, heldBackBy, untimed: { flights: 1200 } } });

  expect(renderProgress(status, 0)).toContain(
    '  1,200 late  1,200 without event time  watermark waits for flights, split a.jsonl (1,200 records of it had no event time)',
  );
  expect(renderSummary(status, { kind: 'completed', stop: 'drain' })).toMatch(
    /^ {2}late {6}1,200 at hourly, since .*\n {2}untimed {3}1,200 records of flights, since the state directory began, had no event time: .*; check its field or function, and the unit$/m,
  );
});
