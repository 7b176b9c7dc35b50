import { describe, expect, test } from 'vitest';
import {
  type ConnectOptions,
  connectControl,
  createControlPorts,
  exposeControl,
  withTransfer,
} from '../../src/actors/index.ts';
import { AssertionError, type ErrorReport, OperatorError, toReport, WorkerLostError } from '../../src/model/index.ts';
import { withThread } from './thread-bench.ts';

interface Api {
  double(value: number): number;
  doubleLater(value: number): Promise<number>;
  bytes(bytes: Uint8Array): Uint8Array;
  fail(thrown: unknown): void;
  failKnown(): void;
  returnFunction(): unknown;
  open(): Promise<string>;
}

/** Both ends in this thread. */
function connected(options: Partial<ConnectOptions> = {}) {
  const ports = createControlPorts();
  const rings = { caller: 0, server: 0 };
  const received: Uint8Array[] = [];
  let finishOpen: (value: string) => void = () => undefined;
  const api: Api = {
    double: (value) => value * 2,
    doubleLater: async (value) => value * 2,
    bytes: (bytes) => {
      received.push(bytes);
      return withTransfer(bytes, [bytes.buffer as ArrayBuffer]);
    },
    fail: (thrown) => {
      throw thrown;
    },
    failKnown: () => {
      throw new OperatorError('cannot divide', { node: 'ratio', offset: '7', cause: new TypeError('by zero') });
    },
    returnFunction: () => () => 1,
    open: () =>
      new Promise((resolve) => {
        finishOpen = resolve;
      }),
  };
  const server = exposeControl(api, ports.worker.serves, { ring: () => void rings.server++ });
  const connection = connectControl<Api>(ports.driver.calls, {
    name: 'worker 1',
    ring: () => void rings.caller++,
    ...options,
  });
  return {
    remote: connection.remote,
    connection,
    server,
    rings,
    received,
    /** The calling end has noticed that the other one is closed. */
    portClosed: new Promise<void>((resolve) => ports.driver.calls.once('close', resolve)),
    finishOpen: (value: string) => finishOpen(value),
    close: () => {
      connection.close();
      server.close();
      ports.driver.serves.close();
    },
  };
}

describe('a call', () => {
  test('is answered, whether the command is synchronous or not, and both ends ring behind their message', async () => {
    const { remote, rings, close } = connected();

    expect(await remote.double(4)).toBe(8);
    expect(rings).toEqual({ caller: 1, server: 1 });
    expect(await remote.doubleLater(5)).toBe(10);
    expect(rings).toEqual({ caller: 2, server: 2 });
    close();
  });

  test('carries an error with code, recovery, place and cause', async () => {
    const { remote, close } = connected();

    const error = await remote.failKnown().catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      name: 'OperatorError',
      message: 'cannot divide',
      code: 'ERR_OPERATOR',
      recovery: 'restart',
      place: { node: 'ratio', offset: '7' },
      cause: { name: 'TypeError', message: 'by zero' },
    });
    close();
  });

  test.each([null, undefined, 'text', 7])('carries %s thrown as an error', async (thrown) => {
    const { remote, close } = connected();

    await expect(remote.fail(thrown)).rejects.toThrow(`a value that is not an Error was thrown: ${String(thrown)}`);
    close();
  });

  test('moves marked buffers in both directions instead of copying them', async () => {
    const { remote, received, close } = connected();
    const bytes = new Uint8Array([1, 2, 3]);

    const back = await remote.bytes(withTransfer(bytes, [bytes.buffer]));

    expect(bytes.byteLength).toBe(0);
    expect(received[0]!.byteLength).toBe(0);
    expect([...back]).toEqual([1, 2, 3]);
    close();
  });

  test('of a command that does not exist, or with a value that cannot be cloned, is an error of its own', async () => {
    const { remote, close } = connected();
    const unknown = remote as unknown as Record<string, () => Promise<unknown>>;

    await expect(unknown['nothing']!()).rejects.toMatchObject({ code: 'ERR_CONTROL_CALL', recovery: 'none' });
    await expect(unknown['constructor']!()).rejects.toMatchObject({ code: 'ERR_CONTROL_CALL' });
    await expect(remote.fail(() => 1)).rejects.toMatchObject({ code: 'ERR_CONTROL_CALL' });
    await expect(remote.returnFunction()).rejects.toMatchObject({ code: 'ERR_CONTROL_CALL' });
    expect(await remote.double(1)).toBe(2);
    close();
  });

  test('counts as pending at both ends until it is answered', async () => {
    const { remote, connection, server, finishOpen, close } = connected();

    const call = remote.open();
    expect(connection.pending()).toBe(1);
    await remote.double(1);
    expect(server.pending()).toBe(1);
    finishOpen('done');

    expect(await call).toBe('done');
    expect([connection.pending(), server.pending()]).toEqual([0, 0]);
    close();
  });
});

describe('the remote', () => {
  test('can be returned from an async function: it is not a promise', async () => {
    const { remote, close } = connected();

    const same = await (async () => remote)();

    expect(same).toBe(remote);
    close();
  });

  test('has one function per command, however often it is asked for', () => {
    const { remote, close } = connected();

    expect(remote.double).toBe(remote.double);
    close();
  });

  test('needs an API with own functions', () => {
    const ports = createControlPorts();
    class Methods {
      run(): void {}
    }

    expect(() => exposeControl(new Methods(), ports.worker.serves)).toThrow(AssertionError);
    for (const port of [...Object.values(ports.driver), ...Object.values(ports.worker)]) port.close();
  });
});

describe('the end of a connection', () => {
  test('the loss of the worker rejects what is open, with the reason, and everything after it', async () => {
    let lose: (report: ErrorReport) => void = () => undefined;
    const lost = new Promise<ErrorReport>((resolve) => {
      lose = resolve;
    });
    const { remote, connection, close } = connected({ lost });
    const open = remote.open();

    lose(toReport(new WorkerLostError('worker 1 ended by itself with exit code 3')));

    await expect(open).rejects.toMatchObject({
      code: 'ERR_WORKER_LOST',
      message: "'open' was not answered: worker 1 ended by itself with exit code 3",
    });
    await expect(remote.double(1)).rejects.toMatchObject({ code: 'ERR_WORKER_LOST' });
    expect(connection.pending()).toBe(0);
    close();
  });

  test('a call made between the closing of the port and the exit of the thread waits for the reason', async () => {
    let lose: (report: ErrorReport) => void = () => undefined;
    const lost = new Promise<ErrorReport>((resolve) => {
      lose = resolve;
    });
    const { remote, connection, server, portClosed, close } = connected({ lost });
    server.close();
    await portClosed;

    const between = remote.double(1);
    expect(connection.pending()).toBe(1);
    lose(toReport(new WorkerLostError('worker 1 ended by itself with exit code 3')));

    await expect(between).rejects.toThrow("'double' was not answered: worker 1 ended by itself with exit code 3");
    await expect(remote.double(1)).rejects.toThrow('exit code 3');
    close();
  });

  test('closing settles a call that waits for a reason', async () => {
    const { remote, connection, server, portClosed, close } = connected({ lost: new Promise(() => undefined) });
    server.close();
    await portClosed;

    const between = remote.double(1);
    connection.close();

    await expect(between).rejects.toThrow('the control connection to worker 1 is closed');
    close();
  });

  test('without a notice of loss the closing of the other end serves', async () => {
    const { remote, server, close } = connected();
    const open = remote.open();

    server.close();

    await expect(open).rejects.toThrow("'open' was not answered: the control connection to worker 1 is closed");
    close();
  });

  test('closing rejects what is open and is idempotent', async () => {
    const { remote, connection, close } = connected();
    const open = remote.open();

    connection.close();
    connection.close();

    await expect(open).rejects.toBeInstanceOf(WorkerLostError);
    await expect(remote.double(1)).rejects.toBeInstanceOf(WorkerLostError);
    close();
  });
});

describe('between threads', () => {
  test('a worker asleep in its loop answers, because the call rings', async () => {
    await withThread('loop', async (bench) => {
      await bench.ref.ready;
      const latencies: number[] = [];

      for (let i = 0; i < 50; i++) {
        await bench.parked();
        const begin = bench.clock.monotonic();
        expect(await bench.connection.remote.echo(i)).toBe(i);
        latencies.push(bench.clock.monotonic() - begin);
      }

      // The sleep lasts 60 s: answers at all are the proof.
      expect(bench.rings).toBe(50);
      expect(await bench.connection.remote.parks()).toBeGreaterThanOrEqual(50);
      latencies.sort((a, b) => a - b);
      console.log(
        `control call to a parked worker: p50 ${latencies[25]!.toFixed(3)} ms, max ${latencies[49]!.toFixed(3)} ms`,
      );
    });
  });

  test('without a ring it would sleep on; a ring that comes later is early enough', async () => {
    await withThread('loop', async (bench) => {
      await bench.ref.ready;
      await bench.parked();
      const count = bench.heartbeat.count();
      bench.isRinging = false;
      let isAnswered = false;

      const call = bench.connection.remote.echo(1).then(() => {
        isAnswered = true;
      });
      for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
      expect([isAnswered, bench.heartbeat.count()]).toEqual([false, count]);
      bench.bell.ringControl();

      await call;
    });
  });

  test('a worker that waits for an answer of its driver does not sleep through it', async () => {
    await withThread('loop', async (bench) => {
      await bench.ref.ready;
      await bench.parked();

      expect(await bench.connection.remote.askDriver('ready?')).toBe('ready?!');
      expect(bench.questions).toEqual(['ready?']);
    });
  });

  test('bytes move to the worker and back', async () => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;
      const bytes = new Uint8Array(1000).fill(1);

      expect(await connection.remote.sum(withTransfer(bytes, [bytes.buffer]))).toBe(1000);
      expect(bytes.byteLength).toBe(0);
      expect((await connection.remote.bytes(5)).join()).toBe('7,7,7,7,7');
    });
  });

  test('an error crosses with code, place and cause', async () => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;

      await expect(connection.remote.failWithReport()).rejects.toMatchObject({
        code: 'ERR_OPERATOR',
        place: { node: 'ratio' },
        cause: { message: 'by zero' },
      });
    });
  });

  test('calls that race with the exit of the worker all settle: answered or lost, with the reason', async () => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;

      const never = connection.remote.never();
      const racing = [
        ...Array.from({ length: 20 }, (_, i) => connection.remote.echo(i)),
        connection.remote.exit(3),
        ...Array.from({ length: 20 }, (_, i) => connection.remote.echo(i)),
      ];
      const settled = await Promise.allSettled(racing);

      await expect(never).rejects.toThrow("'never' was not answered: worker 1 ended by itself with exit code 3");
      const lost = settled.filter((one) => one.status === 'rejected');
      expect(lost.length).toBeGreaterThanOrEqual(1);
      for (const one of lost) expect(one.reason).toBeInstanceOf(WorkerLostError);
      await expect(connection.remote.echo(1)).rejects.toBeInstanceOf(WorkerLostError);
    });
  });

  test('calls open when the thread is terminated reject', async () => {
    await withThread('serve', async ({ ref, connection }) => {
      await ref.ready;
      const never = connection.remote.never();

      void ref.terminate();

      await expect(never).rejects.toThrow("'never' was not answered: worker 1 was stopped");
    });
  });
});
