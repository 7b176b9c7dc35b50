import { describe, expect, test } from 'vitest';
import { createDoorbell, createRing } from '../../src/channels/index.ts';
import type { ChannelThreadData, ChannelThreadReport } from './channel-thread.ts';
import { spawn } from './spawn.ts';

type Role = ChannelThreadData['role'];

/** Two threads with a ring each way and a doorbell each. */
async function runPair(
  roles: readonly [Role, Role],
  options: { readonly ringBytes: number; readonly records: number; readonly spinMsMax: number },
): Promise<readonly [ChannelThreadReport, ChannelThreadReport]> {
  const { ringBytes, ...rest } = options;
  const forth = createRing(ringBytes);
  const back = createRing(ringBytes);
  const bells = [createDoorbell(), createDoorbell()] as const;
  return Promise.all([
    spawn<ChannelThreadReport>('./channel-thread.ts', {
      ...rest,
      role: roles[0],
      ringOut: forth,
      ringIn: back,
      ownBell: bells[0],
      otherBell: bells[1],
    }),
    spawn<ChannelThreadReport>('./channel-thread.ts', {
      ...rest,
      role: roles[1],
      ringOut: back,
      ringIn: forth,
      ownBell: bells[1],
      otherBell: bells[0],
    }),
  ]);
}

describe('channels between two threads', () => {
  test.each([
    ['a small ring, never spinning', { ringBytes: 4096, spinMsMax: 0, records: 1_000_000 }],
    ['a larger ring, spinning', { ringBytes: 1 << 18, spinMsMax: 0.05, records: 1_000_000 }],
  ])(
    'a million records arrive complete, unchanged and in order through %s (I1, I5, I11)',
    async (_, options) => {
      const [producer, consumer] = await runPair(['produce', 'consume'], options);

      expect(consumer.records).toBe(1_000_000);
      expect(consumer.markers).toBe(20);
      expect(consumer.checksum).toBe(producer.checksum);
      expect([producer.timeouts, consumer.timeouts]).toEqual([0, 0]);
      expect(producer.parks).toBeGreaterThan(0);
    },
    60_000,
  );

  test.each([0, 0.02])(
    'no wake-up is lost in 20,000 exchanges with spins of %d ms',
    async (spinMsMax) => {
      const options = { ringBytes: 1024, records: 20_000, spinMsMax };

      const [ping, pong] = await runPair(['ping', 'pong'], options);

      expect([ping.records, pong.records]).toEqual([20_000, 20_000]);
      expect([ping.timeouts, pong.timeouts]).toEqual([0, 0]);
      expect(ping.parks + pong.parks).toBeGreaterThan(20_000);
    },
    60_000,
  );
});
