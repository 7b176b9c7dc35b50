import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideSupervision,
  ERR_WORKER_START,
  SUPERVISION_DEFAULTS,
  SUPERVISION_POLICY,
  type SupervisionDecision,
  type SupervisionPolicy,
  Supervisor,
} from '../../src/actors/index.ts';
import {
  AssertionError,
  ConnectorError,
  type ErrorReport,
  OperatorError,
  OptionError,
  toReport,
  ValueError,
  WorkerLostError,
} from '../../src/model/index.ts';
import { SimulatedClock } from './simulated-clock.ts';

const throwing: ErrorReport = toReport(new OperatorError('it threw'));
const startLoss: ErrorReport = toReport(new WorkerLostError('gone', { code: ERR_WORKER_START }));

class Bench {
  readonly clock = new SimulatedClock();
  readonly supervisor: Supervisor;
  chance = 0;
  /** Grows with each failure, as where every generation makes progress; `stuck` holds it. */
  epoch = 0;
  isStuck = false;

  constructor(policy: Partial<SupervisionPolicy> = {}) {
    this.supervisor = new Supervisor({ clock: this.clock, random: () => this.chance, policy });
  }

  /** A failure that comes when the generation, begun after the last backoff, has run for `ranForMs`. */
  failAfter(ranForMs: number, failure: ErrorReport = throwing): SupervisionDecision {
    this.clock.advance(ranForMs);
    if (!this.isStuck) this.epoch++;
    const decision = this.supervisor.judge(failure, this.epoch);
    if (decision.kind === 'restart') this.clock.advance(decision.delayMs);
    return decision;
  }
}

describe('what cannot be cured', () => {
  test.each([
    ['an assertion', new AssertionError('I2')],
    ['a wrong option', new OptionError('workers: 0')],
    ['a connector that says so', new ConnectorError('no such file', { recovery: 'none' })],
  ])('%s ends the job at once, with its own message in the reason', (_name, error) => {
    const bench = new Bench();

    const decision = bench.failAfter(0, toReport(error));

    expect(decision).toMatchObject({ kind: 'fail', reason: expect.stringContaining(error.message) });
    expect(bench.supervisor.restarts).toBe(0);
  });

  test('two workers in a row that were lost before they were ready end the job', () => {
    const bench = new Bench();

    expect(bench.failAfter(0, startLoss).kind).toBe('restart');
    expect(bench.failAfter(0, startLoss)).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining('2 workers in a row'),
    });
  });

  test('a worker that got ready in between breaks the row', () => {
    const bench = new Bench();

    bench.failAfter(0, startLoss);
    bench.failAfter(0, throwing);

    expect(bench.failAfter(0, startLoss).kind).toBe('restart');
  });
});

describe('backoff', () => {
  test('begins at 100 ms, doubles and stays at 30 s', () => {
    const bench = new Bench({ attemptsMax: 100 });

    const delays = Array.from({ length: 12 }, () => bench.failAfter(0)).map((decision) =>
      decision.kind === 'restart' ? decision.delayMs : Number.NaN,
    );

    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000]);
  });

  test('begins anew behind a generation that ran for quietMs, and only then', () => {
    const bench = new Bench();
    const { quietMs } = SUPERVISION_POLICY;
    bench.failAfter(0);

    expect(bench.failAfter(quietMs - 1)).toMatchObject({ delayMs: 200 });
    expect(bench.failAfter(quietMs)).toMatchObject({ delayMs: 100 });
    expect(bench.failAfter(0)).toMatchObject({ delayMs: 200 });
  });

  test('chance shortens a delay by a quarter at most', () => {
    const bench = new Bench();
    bench.chance = 0.999999;

    const decision = bench.failAfter(0);

    expect(decision.kind === 'restart' && decision.delayMs).toBeCloseTo(75, 3);
  });
});

describe('the budget', () => {
  test('is ten restarts in five minutes; the eleventh failure ends the job and names the option', () => {
    const bench = new Bench();

    const decisions = Array.from({ length: 11 }, () => bench.failAfter(1000));

    expect(decisions.slice(0, 10).map((decision) => decision.kind)).toEqual(new Array(10).fill('restart'));
    expect(decisions[10]).toMatchObject({ kind: 'fail', reason: expect.stringContaining('restart.attemptsMax') });
    expect(bench.supervisor.restarts).toBe(10);
  });

  test('is not touched by restarts longer ago than the window', () => {
    const bench = new Bench();

    const kinds = Array.from({ length: 50 }, () => bench.failAfter(31_000).kind);

    expect(kinds).toEqual(new Array(50).fill('restart'));
  });

  test('is whole again as soon as the first restart has left the window', () => {
    const bench = new Bench({ delayMs: 0, windowMs: 10_000 });
    for (let i = 0; i < 10; i++) bench.failAfter(i === 0 ? 0 : 1000);

    expect(bench.failAfter(1000).kind).toBe('restart');
    expect(bench.failAfter(999).kind).toBe('fail');
    expect(bench.failAfter(1).kind).toBe('restart');
  });

  test('of no restarts fails at the first failure', () => {
    expect(new Bench({ attemptsMax: 0 }).failAfter(0).kind).toBe('fail');
  });
});

describe('poison', () => {
  const at = (offset: string): ErrorReport =>
    toReport(new OperatorError('cannot parse', { node: 'parse', split: 'a.jsonl', offset }));

  test('the third failure at one record ends the job and names the record', () => {
    const bench = new Bench();

    expect(bench.failAfter(0, at('12')).kind).toBe('restart');
    expect(bench.failAfter(0, at('12')).kind).toBe('restart');
    expect(bench.failAfter(0, at('12'))).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/split 'a.jsonl' offset 12.*3 times.*cannot parse/),
    });
  });

  test('other records do not count, failures in between do not matter', () => {
    const bench = new Bench();

    const kinds = ['1', '2', '1', '3', '4'].map((offset) => bench.failAfter(0, at(offset)).kind);

    expect(kinds).toEqual(new Array(5).fill('restart'));
    expect(bench.failAfter(0, at('1')).kind).toBe('fail');
  });

  test('a commit between the failures does not acquit a record: split and offset name it for ever', () => {
    const bench = new Bench();

    const kinds = ['12', '12', '12'].map((offset) => bench.failAfter(1000, at(offset)).kind);

    expect(bench.epoch).toBe(3);
    expect(kinds).toEqual(['restart', 'restart', 'fail']);
  });

  test('the record may be named by a cause', () => {
    const bench = new Bench();
    const inWorker = toReport(
      new WorkerLostError('worker 1 ended', { cause: new OperatorError('x', { split: 'a', offset: '3' }) }),
    );

    bench.failAfter(0, inWorker);
    bench.failAfter(0, inWorker);

    expect(bench.failAfter(0, inWorker)).toMatchObject({ reason: expect.stringContaining("split 'a' offset 3") });
  });

  test('an outage is not held against the record that meets it', () => {
    const bench = new Bench();
    bench.isStuck = true;
    const away = toReport(new ConnectorError('broker away', { node: 'out', key: 'ATL', split: 'a', offset: '1' }));

    const kinds = Array.from({ length: 10 }, () => bench.failAfter(0, away).kind);

    expect(kinds).toEqual(new Array(10).fill('restart'));
  });
});

describe('a key', () => {
  const at = (key: string, offset?: string): ErrorReport =>
    toReport(new OperatorError('service not reachable', { node: 'sum', key, split: offset && 'a', offset }));

  test('that fails now and then, with commits in between, is a hot key and no poison', () => {
    const bench = new Bench();

    const kinds = Array.from({ length: 10 }, () => bench.failAfter(1000, at('hot')).kind);

    expect(kinds).toEqual(new Array(10).fill('restart'));
    expect(bench.failAfter(1000, at('hot'))).toMatchObject({ reason: expect.stringContaining('restart.attemptsMax') });
  });

  test('that fails three times with nothing committed in between ends the job and is named', () => {
    const bench = new Bench();
    bench.isStuck = true;
    const inWorker = toReport(new WorkerLostError('worker 1 ended', { cause: new OperatorError('x', { key: 'k' }) }));

    expect(bench.failAfter(0, at('ATL')).kind).toBe('restart');
    expect(bench.failAfter(0, inWorker).kind).toBe('restart');
    expect(bench.failAfter(0, at('ATL')).kind).toBe('restart');
    expect(bench.failAfter(0, at('ATL'))).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/key 'ATL' at 'sum'.*3 times with nothing committed in between.*not reachable/),
    });
  });

  test('counts anew behind each commit', () => {
    const bench = new Bench();
    const kinds: string[] = [];
    for (let i = 0; i < 8; i++) {
      bench.isStuck = i % 2 === 1;
      kinds.push(bench.failAfter(1000, at('ATL')).kind);
    }

    expect(kinds).toEqual(new Array(8).fill('restart'));
  });

  test('counts though the source stood elsewhere each time: chains replay in other portions', () => {
    const bench = new Bench();
    bench.isStuck = true;

    const kinds = ['1', '2', '3'].map((offset) => bench.failAfter(0, at('ATL', offset)).kind);

    expect(kinds).toEqual(['restart', 'restart', 'fail']);
  });
});

describe('an error that depends on the input alone', () => {
  const outside = toReport(new ValueError('value.f is a function', { node: 'score' }));
  const noValue = toReport(new OperatorError('no such field', { code: 'ERR_EXPRESSION', node: 'late', key: 'ATL' }));

  test.each([
    ['a value outside the domain', outside, 'ERR_VALUE at node .score.*is a function'],
    ['an expression without a value', noValue, "key 'ATL' at 'late'.*no such field"],
    ['one that took its worker along', { ...toReport(new WorkerLostError('gone')), cause: outside }, "node 'score'"],
  ])('%s ends the job when it comes back without a commit in between', (_name, failure, said) => {
    const bench = new Bench();
    bench.isStuck = true;

    expect(bench.failAfter(0, failure).kind).toBe('restart');
    expect(bench.failAfter(0, failure)).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(new RegExp(`came back after a restart.*${said}`)),
    });
  });

  test('restarts within the budget while epochs are committed, and at other places', () => {
    const bench = new Bench();
    const elsewhere = toReport(new ValueError('value.f is a function', { node: 'other' }));

    expect(bench.failAfter(0, outside).kind).toBe('restart');
    expect(bench.failAfter(0, outside).kind).toBe('restart');
    bench.isStuck = true;
    expect(bench.failAfter(0, elsewhere).kind).toBe('restart');
    expect(bench.failAfter(0, outside).kind).toBe('fail');
  });

  test('is not assumed of what other user code throws', () => {
    const bench = new Bench();
    bench.isStuck = true;
    const thrown = toReport(new OperatorError('timeout', { node: 'score' }));

    const kinds = Array.from({ length: 10 }, () => bench.failAfter(0, thrown).kind);

    expect(kinds).toEqual(new Array(10).fill('restart'));
  });
});

describe('whatever happens', () => {
  const failure = fc.constantFrom(
    throwing,
    startLoss,
    toReport(new ConnectorError('away')),
    toReport(new OperatorError('r', { split: 's', offset: '1' })),
    toReport(new OperatorError('k', { key: 'k' })),
    toReport(null),
  );
  const schedule = fc.array(fc.record({ failure, ranForMs: fc.integer({ min: 0, max: 200_000 }) }), { maxLength: 60 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('delays stay within the policy, and no window ever holds more restarts than the budget', () => {
    fc.assert(
      fc.property(schedule, chance, (failures, jitter) => {
        const bench = new Bench();
        bench.chance = jitter;
        const policy = SUPERVISION_POLICY;
        const restarts: number[] = [];
        for (const one of failures) {
          bench.clock.advance(one.ranForMs);
          const at = bench.clock.monotonic();
          const decision = bench.supervisor.judge(one.failure, 0);
          if (decision.kind === 'fail') break;
          restarts.push(at);
          expect(decision.delayMs).toBeLessThanOrEqual(policy.delayMaxMs);
          expect(decision.delayMs).toBeGreaterThanOrEqual(policy.delayMs * (1 - policy.jitterFraction));
          expect(restarts.filter((other) => at - other < policy.windowMs).length).toBeLessThanOrEqual(
            policy.attemptsMax,
          );
          bench.clock.advance(decision.delayMs);
        }
      }),
    );
  });

  test('the decision is a function of what it is given', () => {
    fc.assert(
      fc.property(failure, chance, fc.integer({ min: 0, max: 1e9 }), (one, jitter, now) => {
        const site = { record: undefined, key: "key 'k'", certain: undefined };
        const history = [{ at: now - 5, delayMs: 1, committedEpoch: 3, site, wasStarting: true }];
        const decide = () =>
          decideSupervision({ report: one, committedEpoch: 3, now }, history, SUPERVISION_POLICY, jitter);

        expect(decide()).toEqual(decide());
        expect(history).toHaveLength(1);
      }),
    );
  });

  test('a job that fails for ever ends', () => {
    fc.assert(
      fc.property(failure, fc.integer({ min: 0, max: 20_000 }), (one, ranForMs) => {
        const bench = new Bench();

        const kinds = Array.from({ length: 12 }, () => bench.failAfter(ranForMs / 12, one).kind);

        expect(kinds).toContain('fail');
      }),
    );
  });
});

test('every setting has a unit and a reason, and ten restarts with full backoff fit into the window', () => {
  for (const row of Object.values(SUPERVISION_DEFAULTS)) {
    expect(row.unit).not.toBe('');
    expect(row.reason).not.toBe('');
  }
  const policy = SUPERVISION_POLICY;
  const delays = Array.from({ length: policy.attemptsMax }, (_, i) =>
    Math.min(policy.delayMaxMs, policy.delayMs * 2 ** i),
  );
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeLessThan(policy.windowMs);
});
