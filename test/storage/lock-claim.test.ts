import { describe, expect, it } from 'vitest';
import { decideClaim, type LockClaim } from '../../src/storage/lock-claim.ts';

const CLAIM: LockClaim = {
  pid: 7,
  host: 'h',
  bootId: 'boot-1',
  processStart: '100',
  thread: 9,
  threadStart: '120',
  instance: 'i',
  claimedAt: '',
  isReleased: false,
};
const ALIVE = { bootId: 'boot-1', processStart: '100', threadStart: '120' };

describe('decideClaim', () => {
  it.each([
    ['held while its process and thread run', CLAIM, ALIVE, 'held'],
    ['given up when it was released', { ...CLAIM, isReleased: true }, ALIVE, 'released'],
    ['stale after a reboot', CLAIM, { ...ALIVE, bootId: 'boot-2' }, 'other-boot'],
    ['stale when its process is gone', CLAIM, { ...ALIVE, processStart: undefined }, 'process-gone'],
    ['stale when another process has its id', CLAIM, { ...ALIVE, processStart: '200' }, 'process-id-reused'],
    ['stale when its thread has ended', CLAIM, { ...ALIVE, threadStart: undefined }, 'thread-gone'],
    ['stale when another thread has its number', CLAIM, { ...ALIVE, threadStart: '121' }, 'thread-gone'],
    [
      'held by the process id alone where the system says no more',
      { ...CLAIM, bootId: '', processStart: '', threadStart: '' },
      { bootId: '', processStart: '', threadStart: '' },
      'held',
    ],
  ] as const)('finds a claim %s', (_case, claim, facts, expected) => {
    expect(decideClaim(claim, facts)).toBe(expected);
  });
});
