import { describe, expect, test } from 'vitest';
import { ERR_WORKER_START, HeartbeatMonitor, type WorkerState } from '../../src/actors/index.ts';
import { AssertionError } from '../../src/model/index.ts';
import type { Hang } from './fixtures/worker-behaviour.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { ThreadBench, withThread } from './thread-bench.ts';

describe('the start of a worker', () => {
  test('it is ready when it has said so', async () => {
    await withThread('serve', async ({ ref }) => {
      const states: WorkerState[] = [ref.state];
      ref.observe((state) => void states.push(state));

      await ref.ready;

      expect(states).toEqual(['starting', 'running']);
    });
  });

  test('row 6: an error that it names itself arrives whole and is not worth a restart', async () => {
    await withThread('refuse', async ({ ref }) => {
      await expect(ref.ready).rejects.toMatchObject({ code: ERR_WORKER_START, recovery: 'none' });

      const report = await ref.exited;

      expect(report.message).toBe('worker 1 could not start: jobs/flights.ts has no default export');
      expect(report.cause).toMatchObject({ name: 'OptionError', code: 'ERR_OPTION', recovery: 'none' });
      expect(ref.state).toBe('lost');
    });
  });

  test.each([
    ['a module that throws', 'throw', {}, /failed while it started: cannot be loaded/],
    [
      'a syntax error',
      'throw',
      { entry: new URL('./fixtures/bad-syntax.mjs', import.meta.url) },
      /failed while it started/,
    ],
    [
      'a module that is not there',
      'throw',
      { entry: new URL('./fixtures/absent.mjs', import.meta.url) },
      /absent\.mjs/,
    ],
  ] as const)('row 6: %s is told by name', async (_what, behaviour, options, message) => {
    await withThread(
      behaviour,
      async ({ ref }) => {
        await expect(ref.ready).rejects.toThrow(message);

        expect(await ref.exited).toMatchObject({ code: ERR_WORKER_START });
      },
      options,
    );
  });

  test('row 6: one that says nothing is given up after startTimeoutMs', async () => {
    await withThread(
      'silent',
      async ({ ref }) => {
        await expect(ref.ready).rejects.toThrow(/was not ready after 50 ms \(startTimeoutMs\)/);

        expect(ref.state).toBe('lost');
      },
      { startTimeoutMs: 50 },
    );
  });
});

test('the time to get ready ends with being ready', async () => {
  const clock = new SimulatedClock();
  await withThread(
    'serve',
    async ({ ref, connection }) => {
      await ref.ready;

      expect(clock.timers).toBe(0);
      clock.advance(60_000);
      expect(await connection.remote.echo('still there')).toBe('still there');
    },
    { clock },
  );
});

describe('a worker that waits to be told what to do', () => {
  test('is prepared, and ready when it has said so', async () => {
    await withThread('prepare', async ({ ref, connection }) => {
      const states: WorkerState[] = [ref.state];
      ref.observe((state) => void states.push(state));
      await ref.prepared;

      ref.expectReady();
      await connection.remote.getReady();
      await ref.ready;

      expect(states).toEqual(['starting', 'prepared', 'running']);
    });
  });

  test('waits for as long as it likes, and then has the start timeout once more', async () => {
    const clock = new SimulatedClock();
    await withThread(
      'prepare',
      async ({ ref }) => {
        await ref.prepared;
        clock.advance(60_000);
        expect(clock.timers).toBe(0);

        ref.expectReady();
        clock.advance(15_000);

        await expect(ref.ready).rejects.toThrow(/was not ready after 15000 ms \(startTimeoutMs\).*an operator/);
        expect(await ref.exited).toMatchObject({ code: ERR_WORKER_START });
      },
      { clock },
    );
  });

  test('is lost before it was ready when its thread ends meanwhile', async () => {
    await withThread('prepare', async ({ ref, connection }) => {
      await ref.prepared;

      await expect(connection.remote.exit(3)).rejects.toMatchObject({ code: 'ERR_WORKER_LOST' });

      await expect(ref.ready).rejects.toMatchObject({ code: ERR_WORKER_START });
      expect(ref.state).toBe('lost');
      ref.expectReady();
    });
  });

  test('names what keeps it from getting ready', async () => {
    await withThread('prepare', async ({ ref, connection }) => {
      await ref.prepared;
      ref.expectReady();

      await connection.remote.refuseLate().catch(() => undefined);

      expect(await ref.exited).toMatchObject({
        code: ERR_WORKER_START,
        message: 'worker 1 could not start: the model file is missing',
        cause: { node: 'score' },
      });
    });
  });

  test('is not expected to get ready before it is prepared', async () => {
    await withThread('prepare', async ({ ref }) => {
      expect(() => ref.expectReady()).toThrow(AssertionError);
    });
  });

  test('can be stopped instead', async () => {
    await withThread('prepare', async ({ ref, connection }) => {
      await ref.prepared;

      expect(await ref.stop(() => connection.remote.close(), 15_000)).toBe('asked');

      await expect(ref.ready).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
      expect(ref.state).toBe('stopped');
    });
  });
});

describe('the loss of a worker', () => {
  test.each([
    ['null', null],
    ['undefined', undefined],
    ['a string', 'text'],
  ])('row 1: %s thrown outside of any call becomes a report', async (_what, value) => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;

      await connection.remote.throwLater(value);
      const report = await ref.exited;

      expect(report).toMatchObject({ code: 'ERR_WORKER_LOST', recovery: 'backoff' });
      expect(report.cause).toMatchObject({ name: 'NonError', message: expect.stringContaining(String(value)) });
    });
  });

  test('row 2: so does a rejection that nothing caught', async () => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;

      await connection.remote.rejectLater();

      expect(await ref.exited).toMatchObject({
        message: 'worker 1 ended by an error that nothing in it caught: nobody caught this',
      });
    });
  });

  test.each([
    [0, /ended by itself: .*process\.exit/],
    [3, /exit code 3/],
  ])('row 5: process.exit(%i) is a loss, though there is no error', async (code, message) => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;

      await expect(connection.remote.exit(code)).rejects.toMatchObject({ code: 'ERR_WORKER_LOST' });
      const report = await ref.exited;

      expect(report.message).toMatch(message);
      expect(ref.state).toBe('lost');
    });
  });

  test('row 3: gradual growth of the heap is contained and told', async () => {
    await withThread(
      'serve',
      async ({ ref }) => {
        const report = await ref.exited;

        expect(report.message).toMatch(/memory limit/);
        expect(report.cause).toMatchObject({ code: 'ERR_WORKER_OUT_OF_MEMORY' });
      },
      { resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 } },
    );
  });

  test.each<Hang>(['endless-loop', 'slow-regex', 'atomics-wait'])(
    'row 4: a worker in %s is found by the monitor and terminated',
    async (how) => {
      await withThread('loop', async ({ ref, connection, heartbeat, clock }) => {
        await ref.ready;
        const monitor = new HeartbeatMonitor({ clock, operatorTimeoutMs: 200, intervalMs: 20 });
        monitor.watch(ref.name, heartbeat, (report) => void ref.terminate(report));
        monitor.start();

        await connection.remote.hang(how);
        const report = await ref.exited;
        monitor.stop();

        expect(report).toMatchObject({ code: 'ERR_WORKER_HUNG', recovery: 'backoff' });
        expect(ref.state).toBe('lost');
      });
    },
  );
});

describe('the stop of a worker', () => {
  test('it ends by itself when it is asked to, and that is no failure', async () => {
    await withThread('loop', async ({ ref, connection }) => {
      await ref.ready;

      const outcome = await ref.stop(() => connection.remote.close(), 15_000);

      expect(outcome).toBe('asked');
      expect(await ref.exited).toMatchObject({ code: 'ERR_CANCELLED' });
      expect(ref.state).toBe('stopped');
      expect(await ref.stop(() => connection.remote.close(), 15_000)).toBe('already-gone');
    });
  });

  test('it is terminated when it does not answer in time', async () => {
    await withThread('loop', async ({ ref, connection }) => {
      await ref.ready;

      const outcome = await ref.stop(() => connection.remote.never(), 50);

      expect(outcome).toBe('terminated');
      expect(ref.state).toBe('stopped');
    });
  });

  test('it is terminated when the question itself fails', async () => {
    await withThread('serve', async ({ ref }) => {
      await ref.ready;

      const outcome = await ref.stop(() => Promise.reject(new Error('no port')), 10);

      expect(outcome).toBe('terminated');
    });
  });

  test('terminated before it was ready, it rejects the wait for that', async () => {
    await withThread('silent', async ({ ref }) => {
      const gone = ref.terminate();

      await expect(ref.ready).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
      expect(await gone).toMatchObject({ code: 'ERR_CANCELLED' });
    });
  });
});

describe('F1: a thread that can write to LMDB', () => {
  test('is never terminated: not on request, not when it is late with its stop', async () => {
    const clock = new SimulatedClock();
    const bench = new ThreadBench('serve', { isTerminable: false, clock });
    await bench.ref.ready;
    expect(() => bench.ref.terminate()).toThrow(AssertionError);

    let close: () => Promise<void> = () => Promise.resolve();
    const stopped = bench.ref.stop(
      () =>
        new Promise<void>((resolve) => {
          close = async () => {
            await bench.connection.remote.close();
            resolve();
          };
        }),
      1000,
    );
    await Promise.resolve();
    clock.advance(60_000);
    expect(await bench.connection.remote.echo('alive')).toBe('alive');
    await close();

    expect(await stopped).toBe('asked');
    expect(bench.ref.state).toBe('stopped');
    bench.close();
  });

  test('late with its start it is given up, told of and left to end by itself', async () => {
    const clock = new SimulatedClock();
    const bench = new ThreadBench('serve', { isTerminable: false, clock });

    clock.advance(60_000);
    await expect(bench.ref.ready).rejects.toMatchObject({ code: ERR_WORKER_START });
    expect(await bench.connection.remote.echo('alive')).toBe('alive');
    await bench.ref.stop(() => bench.connection.remote.close(), 1000);

    expect(await bench.ref.exited).toMatchObject({ code: ERR_WORKER_START });
    bench.close();
  });

  test('ends when it says that it could not start', async () => {
    const bench = new ThreadBench('refuse', { isTerminable: false });

    await expect(bench.ref.ready).rejects.toThrow(/has no default export/);

    expect(await bench.ref.exited).toMatchObject({ recovery: 'none' });
    bench.close();
  });
});
