import { describe, expect, it } from 'vitest';
import { decideFoldPace } from '../../src/execution/decide-fold-pace.ts';

describe('decideFoldPace', () => {
  it.each([
    ['little is unfolded', 0, false, { size: 'small', pauseMs: 2 }],
    ['half of what may be is unfolded', 500, false, { size: 'small', pauseMs: 2 }],
    ['more than half is unfolded', 501, false, { size: 'large', pauseMs: 0 }],
    ['the sources wait for it', 5000, false, { size: 'large', pauseMs: 0 }],
    ['an epoch is being committed', 5000, true, { size: 'small', pauseMs: 2 }],
  ] as const)('when %s', (_case, unfoldedBytes, isCommitting, pace) => {
    expect(decideFoldPace({ unfoldedBytes, unfoldedBytesMax: 1000, isCommitting })).toEqual(pace);
  });
});
