import { beforeEach, describe, expect, test } from 'vitest';
import { createDoorbell, SharedDoorbell, SharedParker } from '../../src/channels/index.ts';
import type { Cancellable, Clock } from '../../src/model/index.ts';

/** Each look at the monotonic clock costs `stepMs`; `park` without a ring would end by its real timeout. */
class SteppingClock implements Clock {
  stepMs = 0.01;
  nowMs = 0;

  now(): number {
    return 0;
  }

  monotonic(): number {
    this.nowMs += this.stepMs;
    return this.nowMs;
  }

  schedule(): Cancellable {
    throw new Error('not used');
  }
}

const SLEEPING = 1;

describe('a parker', () => {
  let bell: SharedArrayBuffer;
  let doorbell: SharedDoorbell;
  let clock: SteppingClock;
  let parker: SharedParker;
  const isSleepAnnounced = (): boolean => new Int32Array(bell)[SLEEPING] === 1;

  beforeEach(() => {
    bell = createDoorbell();
    doorbell = new SharedDoorbell(bell);
    clock = new SteppingClock();
    parker = new SharedParker({ bell, clock, spinMsMax: 0.08 });
  });

  test('does not sleep, spin or read the clock when there is work', () => {
    parker.park(10_000, () => true);

    expect(clock.nowMs).toBe(0);
  });

  test.each([0, -1, Number.NaN])('does not sleep for %d ms', (timeoutMs) => {
    parker.park(timeoutMs, () => false);

    expect(clock.nowMs).toBe(0);
  });

  test('looks for work once more after announcing that it sleeps', () => {
    const announced: boolean[] = [];

    parker.park(10_000, () => {
      announced.push(isSleepAnnounced());
      return isSleepAnnounced();
    });

    expect(announced.filter(Boolean)).toHaveLength(1);
    expect(announced.at(-1)).toBe(true);
    expect(isSleepAnnounced()).toBe(false);
  });

  test('a ring between the last look and the wait ends the wait at once', () => {
    parker.park(10_000, () => {
      if (isSleepAnnounced()) doorbell.ring();
      return false;
    });

    expect(isSleepAnnounced()).toBe(false);
  });

  test('a ring while nobody sleeps leaves the doorbell untouched', () => {
    doorbell.ring();

    expect([...new Int32Array(bell)].every((word) => word === 0)).toBe(true);
  });

  test('ends by its timeout when nobody rings', () => {
    const before = performance.now();

    parker.park(5, () => false);

    expect(performance.now() - before).toBeGreaterThan(3);
  });

  test('a control message ends the sleep and is signalled once', () => {
    expect(parker.takeControlSignal()).toBe(false);

    parker.park(10_000, () => {
      if (isSleepAnnounced()) doorbell.ringControl();
      return false;
    });
    parker.park(10_000, () => false);

    expect(parker.takeControlSignal()).toBe(true);
    expect(parker.takeControlSignal()).toBe(false);
  });

  test('spins less the more often it is in vain, and more again when it pays', () => {
    const lengths: number[] = [parker.spinMs()];
    const announce = (): boolean => isSleepAnnounced();
    for (let i = 0; i < 3; i++) {
      parker.park(10_000, announce);
      lengths.push(parker.spinMs());
    }
    expect(lengths).toEqual([0.08, 0.04, 0.02, 0.01]);

    let looks = 0;
    parker.park(10_000, () => ++looks > 3);
    expect(parker.spinMs()).toBe(0.02);

    for (let i = 0; i < 20; i++) parker.park(10_000, announce);
    expect(parker.spinMs()).toBe(0.002);
  });

  test('stops spinning for a while after the core was taken away during a spin', () => {
    clock.stepMs = 1;
    parker.park(10_000, isSleepAnnounced);
    expect(parker.spinMs()).toBe(0);

    const before = clock.nowMs;
    for (let i = 0; i < 64; i++) parker.park(10_000, isSleepAnnounced);
    expect(clock.nowMs).toBe(before);

    clock.stepMs = 0.01;
    parker.park(10_000, isSleepAnnounced);
    expect(clock.nowMs).toBeGreaterThan(before);
    expect(parker.spinMs()).toBeGreaterThan(0);
  });

  test('never spins when told so', () => {
    const still = new SharedParker({ bell, clock, spinMsMax: 0 });

    still.park(10_000, isSleepAnnounced);

    expect(clock.nowMs).toBe(0);
    expect(still.spinMs()).toBe(0);
  });
});
