import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WORKER_LOOP_LIMITS, WorkerLoop } from '../../src/actors/index.ts';
import { AssertionError, OperatorError, type StepResult, SystemClock } from '../../src/model/index.ts';
import { LoopBench } from './loop-bench.ts';

describe('turns', () => {
  test('nothing is stepped before start, nor in the turn of the event loop that calls it', () => {
    const bench = new LoopBench();
    const loop = bench.loop([bench.steppable('a')]);

    loop.start();

    expect(bench.log).toEqual([]);
    expect(loop.status).toBe('running');
    bench.turn();
    expect(bench.log).toContain('a');
  });

  test('steppables take turns in order, each with the budget', () => {
    const bench = new LoopBench();
    const all = ['a', 'b', 'c'].map((name) => bench.steppable(name));
    for (const one of all) one.rest = bench.taking(1, 'progress');
    const loop = bench.loop(all, { stepBudget: 7, eventLoopEveryMs: 9 });

    loop.start();
    bench.turn();

    expect(bench.log.join('')).toBe('abcabcabc');
    expect(all.flatMap((one) => one.budgets)).toEqual(new Array(9).fill(7));
  });

  test('the next turn goes on with whoever would have been next', () => {
    const bench = new LoopBench();
    const all = ['a', 'b', 'c'].map((name) => bench.steppable(name));
    for (const one of all) one.rest = bench.taking(1, 'progress');
    const loop = bench.loop(all, { eventLoopEveryMs: 4 });

    loop.start();
    bench.turn();
    bench.turn();
    bench.turn();

    expect(bench.log.join('')).toBe('abcabcabcabc');
  });

  test('whatever the results and durations, no active steppable waits for more than one step of each other', () => {
    const result = fc.constantFrom<StepResult>('progress', 'idle', 'blocked');
    const step = fc.record({ result, durationMs: fc.double({ min: 0, max: 12, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 20 }), { minLength: 1, maxLength: 6 }), (scripts) => {
        const bench = new LoopBench();
        const all = scripts.map((script, index) =>
          bench.steppable(String(index), ...script.map((one) => bench.taking(one.durationMs, one.result))),
        );
        const loop = bench.loop(all);

        loop.start();
        for (let i = 0; i < 40; i++) bench.turn();

        bench.log.forEach((name, at) => {
          expect(name).toBe(String(at % all.length));
        });
        expect(all.every((one) => one.script.length === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('one that is done is never stepped again and the others keep their order', () => {
    const bench = new LoopBench();
    const all = [
      bench.steppable('a', 'progress', 'progress'),
      bench.steppable('b', 'done'),
      bench.steppable('c', 'progress', 'progress'),
    ];
    const loop = bench.loop(all, { eventLoopEveryMs: 1 });

    loop.start();
    bench.turn();

    expect(bench.log.join('')).toMatch(/^abcacac/);
    expect(bench.log.filter((name) => name === 'b')).toHaveLength(1);
  });

  test('when all are done the loop finishes, leaves the thread to the event loop and counts as parked', () => {
    const bench = new LoopBench();
    const loop = bench.loop([bench.steppable('a', 'done'), bench.steppable('b', 'progress', 'done')]);

    loop.start();
    bench.turn();

    expect(loop.status).toBe('finished');
    expect(bench.turn()).toBe(false);
    expect(bench.heartbeat.states.at(-1)).toBe('parked');
    expect(bench.parker.timeouts).toEqual([]);
  });

  test('a loop without steppables finishes at once', () => {
    const bench = new LoopBench();
    const loop = bench.loop([]);

    loop.start();
    bench.turn();

    expect(loop.status).toBe('finished');
  });

  test('slow steps are counted and every step beats', () => {
    const bench = new LoopBench();
    const slow = bench.steppable('a', bench.taking(5.1, 'progress'), bench.taking(5, 'progress'), 'done');
    const loop = bench.loop([slow], { eventLoopEveryMs: 1000 });

    loop.start();
    bench.turn();

    expect(loop.stats()).toMatchObject({ steps: 3, slowSteps: 1 });
    expect(bench.heartbeat.beats).toBe(3);
  });

  test('starting twice is a bug', () => {
    const bench = new LoopBench();
    const loop = bench.loop([]);
    loop.start();

    expect(() => loop.start()).toThrow(AssertionError);
  });
});

describe('parking', () => {
  test('it parks when all were idle or blocked once, and not before', () => {
    const bench = new LoopBench();
    const a = bench.steppable('a', 'idle', 'progress');
    const b = bench.steppable('b', 'progress');
    b.rest = 'blocked';
    const loop = bench.loop([a, b]);

    loop.start();
    bench.turn();

    expect(bench.log.join('')).toBe('ababa');
    expect(bench.parker.timeouts).toHaveLength(1);
    expect(loop.stats().parks).toBe(1);
  });

  test('it sleeps until the earliest wakeAt of the idle ones, at most parkMaxMs', () => {
    const bench = new LoopBench();
    const begin = bench.clock.monotonic();
    const early = bench.steppable('early');
    const late = bench.steppable('late');
    early.wakeAt = () => (bench.clock.monotonic() < begin + 3 ? begin + 3 : Number.POSITIVE_INFINITY);
    late.wakeAt = () => (bench.clock.monotonic() < begin + 8 ? begin + 8 : Number.POSITIVE_INFINITY);
    const loop = bench.loop([late, early], { parkMaxMs: 50 });

    loop.start();
    bench.turn();

    expect(bench.parker.timeouts).toEqual([3, 5, 50]);
  });

  test('the wakeAt of a blocked one does not keep the thread awake', () => {
    const bench = new LoopBench();
    const blocked = bench.steppable('a');
    blocked.rest = 'blocked';
    blocked.wake = 0;
    const loop = bench.loop([blocked], { parkMaxMs: 20 });

    loop.start();
    bench.turn();

    expect(bench.parker.timeouts).toEqual([20]);
  });

  test('a wakeAt that has come means another step instead of a sleep', () => {
    const bench = new LoopBench();
    const due = bench.steppable('a', () => {
      due.wake = bench.clock.monotonic();
      return 'idle';
    });
    due.rest = () => {
      due.wake = Number.POSITIVE_INFINITY;
      return 'idle';
    };
    const loop = bench.loop([due], { parkMaxMs: 20 });

    loop.start();
    bench.turn();

    expect(bench.log).toHaveLength(2);
    expect(bench.parker.timeouts).toEqual([20]);
  });

  test('input that came between the last step and the sleep is not slept through', () => {
    const bench = new LoopBench();
    const a = bench.steppable('a', () => {
      a.input = true;
      return 'idle';
    });
    a.rest = () => {
      a.input = false;
      return 'done';
    };
    const loop = bench.loop([a]);
    const begin = bench.clock.monotonic();

    loop.start();
    bench.turn();

    expect(loop.status).toBe('finished');
    expect(bench.clock.monotonic()).toBe(begin);
  });

  test('a ring ends the sleep and the work goes on in the same turn of the event loop', () => {
    const bench = new LoopBench();
    const a = bench.steppable('a', 'idle', 'progress', 'idle');
    bench.parker.onPark = () => (bench.parker.timeouts.length === 1 ? 0.5 : 50);
    const loop = bench.loop([a]);

    loop.start();
    bench.turn();

    expect(bench.parker.timeouts).toHaveLength(2);
    expect(bench.log).toHaveLength(3);
    expect(loop.stats().eventLoopTurns).toBe(1);
  });

  test('the heartbeat says parked exactly while it sleeps', () => {
    const bench = new LoopBench();
    const loop = bench.loop([bench.steppable('a')]);
    const during: (string | undefined)[] = [];
    bench.parker.onPark = (timeoutMs) => {
      during.push(bench.heartbeat.states.at(-1));
      return timeoutMs;
    };

    loop.start();
    bench.turn();

    expect(during).toEqual(['parked']);
    expect(bench.heartbeat.states).toEqual(['running', 'parked', 'running']);
  });
});

describe('the event loop', () => {
  test('a busy loop visits it every eventLoopEveryMs', () => {
    const bench = new LoopBench();
    const busy = bench.steppable('a');
    busy.rest = bench.taking(1, 'progress');
    const loop = bench.loop([busy], { eventLoopEveryMs: 10 });

    loop.start();
    bench.turn();

    expect(bench.log).toHaveLength(10);
    expect(bench.turn()).toBe(true);
    expect(bench.log).toHaveLength(20);
  });

  test('a control signal during a step is answered behind that step, though all have work', () => {
    const bench = new LoopBench();
    const a = bench.steppable('a', 'progress', () => {
      bench.parker.isSignalled = true;
      return 'progress';
    });
    a.rest = 'done';
    const b = bench.steppable('b');
    b.rest = 'progress';
    const loop = bench.loop([a, b]);

    loop.start();
    bench.turn();

    expect(bench.log.join('')).toBe('aba');
    expect(loop.status).toBe('running');
  });

  test('a control signal ends a sleep and the event loop comes before the next step', () => {
    const bench = new LoopBench();
    const loop = bench.loop([bench.steppable('a')]);
    bench.parker.onPark = () => {
      bench.parker.isSignalled = true;
      return 0.1;
    };

    loop.start();
    bench.turn();

    expect(bench.log).toEqual(['a']);
    expect(bench.parker.timeouts).toHaveLength(1);
  });

  test('a control signal that comes as it falls asleep is not slept through, nor lost', () => {
    const bench = new LoopBench();
    const a = bench.steppable('a');
    a.hasInput = () => {
      throw new Error('not asked: the signal comes first');
    };
    const loop = bench.loop([a], { eventLoopEveryMs: 1000 });
    const begin = bench.clock.monotonic();
    const park = bench.parker.park.bind(bench.parker);
    bench.parker.park = (timeoutMs, hasWork) => {
      bench.parker.isSignalled = true;
      park(timeoutMs, hasWork);
    };

    loop.start();
    bench.turn();

    expect(bench.log).toEqual(['a']);
    expect(bench.clock.monotonic()).toBe(begin);
    expect(loop.status).toBe('running');
  });

  test('one control signal costs one visit: afterwards the loop steps on as before', () => {
    const bench = new LoopBench();
    const a = bench.steppable('a', 'idle');
    a.rest = bench.taking(1, 'progress');
    const loop = bench.loop([a], { eventLoopEveryMs: 10 });
    const park = bench.parker.park.bind(bench.parker);
    bench.parker.park = (timeoutMs, hasWork) => {
      bench.parker.isSignalled = true;
      park(timeoutMs, hasWork);
    };

    loop.start();
    bench.turn();
    expect(bench.log).toHaveLength(1);
    bench.turn();

    expect(bench.log).toHaveLength(11);
  });

  test('with something asynchronous pending an idle loop yields instead of sleeping', () => {
    const bench = new LoopBench();
    bench.isAsyncPending = true;
    const loop = bench.loop([bench.steppable('a')]);

    loop.start();
    for (let i = 0; i < 20; i++) bench.turn();

    expect(bench.parker.timeouts).toEqual([]);
    expect(bench.log).toHaveLength(20);
    bench.isAsyncPending = false;
    bench.turn();
    expect(bench.parker.timeouts).toEqual([WORKER_LOOP_LIMITS.parkMaxMs]);
  });

  test('a long asynchronous wait alternates with naps that are short beside the wait so far', () => {
    const bench = new LoopBench();
    bench.isAsyncPending = true;
    const loop = bench.loop([bench.steppable('a')], { asyncSpinMs: 2, asyncNapMaxMs: 1 });
    loop.start();
    bench.turn();

    bench.clock.advance(4);
    bench.turn();
    const first = bench.parker.timeouts[0]!;
    for (let i = 0; i < 100; i++) bench.turn();

    expect(first).toBeCloseTo(4 / 8);
    expect(Math.max(...bench.parker.timeouts)).toBe(1);
    expect(loop.stats().eventLoopTurns).toBe(102);
  });

  test('idleness before the asynchronous wait does not count as part of it', () => {
    const bench = new LoopBench();
    bench.isAsyncPending = true;
    const loop = bench.loop([bench.steppable('a')], { parkMaxMs: 50 });
    loop.start();
    bench.turn();
    bench.isAsyncPending = false;
    bench.turn();
    bench.turn();

    bench.isAsyncPending = true;
    bench.turn();
    bench.turn();

    expect(bench.parker.timeouts).toEqual([50, 50]);
  });

  test('progress begins the asynchronous wait anew', () => {
    const bench = new LoopBench();
    bench.isAsyncPending = true;
    const a = bench.steppable('a', 'idle', 'progress', 'idle');
    const loop = bench.loop([a]);
    loop.start();
    bench.turn();
    bench.clock.advance(100);

    bench.turn();

    expect(bench.log).toHaveLength(3);
    expect(bench.parker.timeouts).toEqual([]);
  });
});

describe('failure', () => {
  test('a throw is reported once, with the name of the steppable, and nothing is stepped any more', () => {
    const bench = new LoopBench();
    const a = bench.steppable('0.0', 'progress');
    const b = bench.steppable('1.0', () => {
      throw new OperatorError('cannot divide', { node: 'ratio', split: 'x', offset: '7' });
    });
    const loop = bench.loop([a, b]);

    loop.start();
    bench.turn();
    const more = bench.turn();

    expect(bench.failures).toHaveLength(1);
    expect(bench.failures[0]).toMatchObject({
      code: 'ERR_OPERATOR',
      subtask: '1.0',
      node: 'ratio',
      split: 'x',
      offset: '7',
    });
    expect(more).toBe(false);
    expect(loop.status).toBe('failed');
    expect(bench.heartbeat.states.at(-1)).toBe('stopped');
  });

  test.each([[null], [undefined], ['text'], [Symbol('s')], [() => 1]])(
    'whatever is thrown becomes data: %s',
    (thrown) => {
      const bench = new LoopBench();
      const loop = bench.loop([
        bench.steppable('0.0', () => {
          throw thrown;
        }),
      ]);

      loop.start();
      bench.turn();

      expect(structuredClone(bench.failures)).toMatchObject([
        { name: 'NonError', subtask: '0.0', recovery: 'restart' },
      ]);
    },
  );

  test('a failed loop still closes everything', async () => {
    const bench = new LoopBench();
    const all = [
      bench.steppable('a'),
      bench.steppable('b', () => {
        throw new Error('x');
      }),
    ];
    const loop = bench.loop(all);
    loop.start();
    bench.turn();

    await loop.stop();

    expect(all.map((one) => one.closed)).toEqual([1, 1]);
    expect(bench.failures).toHaveLength(1);
  });
});

describe('stop', () => {
  test('it closes in reverse order, once, those that were done as well', async () => {
    const bench = new LoopBench();
    const all = [bench.steppable('a'), bench.steppable('b', 'done'), bench.steppable('c')];
    const loop = bench.loop(all);
    loop.start();
    bench.turn();
    bench.log.length = 0;

    await Promise.all([loop.stop(), loop.stop()]);
    await loop.stop();

    expect(bench.log).toEqual(['close c', 'close b', 'close a']);
    expect(loop.status).toBe('stopped');
    expect(bench.turn()).toBe(true);
    expect(bench.log).toHaveLength(3);
    expect(bench.turn()).toBe(false);
  });

  test('what closing throws is returned and the others are closed all the same', async () => {
    const bench = new LoopBench();
    const all = [bench.steppable('0.0'), bench.steppable('1.0'), bench.steppable('2.0')];
    all[1]!.close = () => {
      throw new Error('still open');
    };
    const loop = bench.loop(all);
    loop.start();

    const reports = await loop.stop();

    expect(reports).toMatchObject([{ message: 'still open', subtask: '1.0' }]);
    expect([all[0]!.closed, all[2]!.closed]).toEqual([1, 1]);
    expect(bench.failures).toEqual([]);
  });

  test('a stop from inside a step lets that step end before anything is closed', async () => {
    const bench = new LoopBench();
    let stopped: Promise<unknown> | undefined;
    const a = bench.steppable('a', () => {
      stopped = loop.stop();
      bench.log.push('end of step');
      return 'progress';
    });
    const loop = bench.loop([a, bench.steppable('b')]);

    loop.start();
    bench.turn();
    await stopped;

    expect(bench.log).toEqual(['a', 'end of step', 'close b', 'close a']);
  });

  test('a loop that never started is closed too', async () => {
    const bench = new LoopBench();
    const a = bench.steppable('a');
    const loop = bench.loop([a]);

    await loop.stop();

    expect(a.closed).toBe(1);
  });
});

test('on the real event loop timers run beside a busy steppable', async () => {
  const bench = new LoopBench();
  const busy = bench.steppable('a');
  busy.rest = 'progress';
  const loop = new WorkerLoop({
    steppables: [busy],
    parker: bench.parker,
    heartbeat: bench.heartbeat,
    clock: new SystemClock(),
    isAsyncPending: () => false,
    onFailure: (report) => void bench.failures.push(report),
  });

  loop.start();
  await new Promise((resolve) => setTimeout(resolve, 1));
  await loop.stop();

  expect(busy.budgets.length).toBeGreaterThan(0);
  expect(busy.closed).toBe(1);
});
