import { describe, expect, test } from 'vitest';
import { ERR_WORKER_START } from '../../src/actors/index.ts';
import { describeWorkerLoss, type WorkerEnd } from '../../src/actors/worker-loss.ts';
import { AssertionError, OperatorError, toReport } from '../../src/model/index.ts';

/** What node makes of an error that crosses threads: class gone, own properties and cause kept. */
function crossed(error: Error): Error {
  const { message, cause, ...own } = { ...error, message: error.message, cause: error.cause };
  return Object.assign(new Error(message, { cause }), own);
}

describe('the report of a loss', () => {
  test('keeps code, place and recovery of an error of ours whose class was lost', () => {
    const thrown = crossed(new OperatorError('cannot divide', { node: 'ratio', split: 's', offset: '7' }));

    const report = describeWorkerLoss('worker 1', { kind: 'threw', thrown }, true);

    expect(report).toMatchObject({ code: 'ERR_WORKER_LOST', recovery: 'backoff' });
    expect(report.cause).toMatchObject({ code: 'ERR_OPERATOR', node: 'ratio', split: 's', offset: '7' });
  });

  test('of a failed assertion says that a restart cannot help', () => {
    const thrown = crossed(new AssertionError('I2: epoch 5 after 3'));

    const report = describeWorkerLoss('worker 1', { kind: 'threw', thrown }, true);

    expect(report).toMatchObject({ code: 'ERR_WORKER_LOST', recovery: 'none', cause: { code: 'ERR_INTERNAL' } });
  });

  test('does not believe properties that only look like ours', () => {
    const thrown = Object.assign(new Error('x'), { code: 'ENOENT', domain: 7, recovery: 'none', place: 'here' });

    const report = describeWorkerLoss('worker 1', { kind: 'threw', thrown }, true);

    expect(report).toMatchObject({ recovery: 'backoff', cause: { code: 'ENOENT', recovery: 'restart' } });
  });

  test.each<[WorkerEnd, RegExp]>([
    [{ kind: 'threw', thrown: undefined }, /undefined/],
    [{ kind: 'could-not-start', report: toReport(new Error('no export')) }, /could not start: no export/],
    [{ kind: 'start-timeout', timeoutMs: 50 }, /50 ms \(startTimeoutMs\)/],
    [{ kind: 'unreadable-message', thrown: new Error('bad bytes') }, /cannot be read here: bad bytes/],
    [{ kind: 'exited', code: 0 }, /process\.exit\(\)/],
    [{ kind: 'exited', code: 9 }, /exit code 9/],
    [{ kind: 'exited', code: 13 }, /top-level await .* never comes/],
  ])('says what happened, to whom, and whether it had been ready: %o', (end, message) => {
    const before = describeWorkerLoss('worker 1', end, false);
    const after = describeWorkerLoss('worker 1', end, true);

    expect(before.message).toMatch(message);
    expect(before.message).toMatch(/^worker 1 /);
    expect([before.code, after.code]).toEqual([ERR_WORKER_START, 'ERR_WORKER_LOST']);
    expect(structuredClone(after)).toEqual(after);
  });
});
