import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveWatch, isHung } from '../../src/actors/heartbeat-watch.ts';
import { HeartbeatMonitor } from '../../src/actors/index.ts';
import type { ErrorReport, HeartbeatReader, HeartbeatState } from '../../src/model/index.ts';
import { SimulatedClock } from './simulated-clock.ts';

class SettableHeartbeat implements HeartbeatReader {
  beats = 0;
  now: HeartbeatState = 'running';

  count(): number {
    return this.beats;
  }

  state(): HeartbeatState {
    return this.now;
  }
}

function bench() {
  const clock = new SimulatedClock();
  const monitor = new HeartbeatMonitor({ clock, operatorTimeoutMs: 30_000 });
  const heartbeat = new SettableHeartbeat();
  const hung: ErrorReport[] = [];
  const unwatch = monitor.watch('worker 1', heartbeat, (report) => void hung.push(report));
  monitor.start();
  return { clock, monitor, heartbeat, hung, unwatch };
}

describe('the monitor', () => {
  test('tells of a busy worker whose heart stands still, once, after the timeout', () => {
    const { clock, hung } = bench();

    clock.advance(29_999);
    expect(hung).toEqual([]);
    clock.advance(1);
    clock.advance(300_000);

    expect(hung).toHaveLength(1);
    expect(hung[0]).toMatchObject({ code: 'ERR_WORKER_HUNG', recovery: 'backoff' });
    expect(hung[0]!.message).toMatch(/worker 1 .* 30000 ms \(operatorTimeoutMs\)/);
  });

  test('a worker that hangs while it starts is told of as well', () => {
    const { clock, heartbeat, hung } = bench();
    heartbeat.now = 'starting';

    clock.advance(30_000);

    expect(hung).toHaveLength(1);
  });

  test.each<HeartbeatState>(['parked', 'stopped'])('a worker that is %s does not hang', (state) => {
    const { clock, heartbeat, hung } = bench();
    heartbeat.now = state;

    clock.advance(3_600_000);

    expect(hung).toEqual([]);
  });

  test('one beat within the timeout is enough', () => {
    const { clock, heartbeat, hung } = bench();

    for (let i = 0; i < 20; i++) {
      clock.advance(29_000);
      heartbeat.beats++;
    }

    expect(hung).toEqual([]);
  });

  test('row 7: time in which the monitor itself did not run is not held against the worker', () => {
    const { clock, heartbeat, hung } = bench();

    for (let i = 0; i < 5; i++) {
      clock.advance(20_000);
      clock.stall(60_000);
      heartbeat.beats++;
      clock.advance(1000);
    }

    expect(hung).toEqual([]);
  });

  test('row 7: a hang is noticed in spite of pauses of the monitor, by the time it did run', () => {
    const { clock, hung } = bench();

    clock.advance(15_000);
    clock.stall(600_000);
    expect(hung).toEqual([]);
    clock.advance(16_000);

    expect(hung).toHaveLength(1);
  });

  test('a worker no longer watched is not told of, and a stopped monitor leaves no timer', () => {
    const { clock, monitor, hung, unwatch } = bench();

    unwatch();
    clock.advance(60_000);
    monitor.stop();

    expect(hung).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test('time between stop and start does not count', () => {
    const { clock, monitor, hung } = bench();
    clock.advance(20_000);

    monitor.stop();
    clock.advance(500_000);
    monitor.start();
    monitor.start();
    clock.advance(9_000);
    expect(hung).toEqual([]);
    clock.advance(1_000);

    expect(hung).toHaveLength(1);
  });
});

test('whatever the ticks, a worker is judged hung only after that much monitor time without a beat', () => {
  const tick = fc.record({
    elapsedMs: fc.integer({ min: 1, max: 400 }),
    hasBeaten: fc.boolean(),
    state: fc.constantFrom<HeartbeatState>('starting', 'running', 'parked', 'stopped'),
  });
  fc.assert(
    fc.property(fc.array(tick, { maxLength: 60 }), (ticks) => {
      let watch = { count: 0, stillMs: 0 };
      let count = 0;
      let expected = 0;
      for (const { elapsedMs, hasBeaten, state } of ticks) {
        if (hasBeaten) count++;
        const isBusy = state === 'running' || state === 'starting';
        if (hasBeaten || !isBusy) expected = 0;
        else if (elapsedMs < 200) expected += elapsedMs;

        watch = deriveWatch(watch, count, state, elapsedMs, 100);

        expect(watch).toEqual({ count, stillMs: expected });
        expect(isHung(watch, 500)).toBe(expected >= 500);
      }
    }),
  );
});
