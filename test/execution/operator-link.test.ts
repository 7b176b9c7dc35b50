import { describe, expect, it } from 'vitest';
import { OperatorLink, type OperatorLinkParts } from '../../src/execution/operator-link.ts';
import type { AsynchronousWork, Operator, TimestampMs, Watermark } from '../../src/model/index.ts';

/** A link around calls that settle when the test says so, and what goes on behind it: `time`, with `idle` where it is. */
function linkOfCalls() {
  const calls = { pending: 0, held: [] as TimestampMs[], hasSettled: false };
  const work = {
    holdWatermark: (watermark) => calls.held.push(watermark),
    hasSettled: () => calls.hasSettled,
    pending: () => calls.pending + calls.held.length,
    emitSettled: (_out, passWatermark) => {
      calls.pending = 0;
      calls.hasSettled = false;
      for (const watermark of calls.held.splice(0)) passWatermark(watermark);
      return true;
    },
  } as Partial<AsynchronousWork>;
  const passed: string[] = [];
  const restored: TimestampMs[] = [];
  const link = new OperatorLink({
    node: 'calls',
    operator: { process: () => {}, asynchronous: work } as unknown as Operator,
    state: undefined,
    out: {},
    time: { time: Number.NEGATIVE_INFINITY },
    clock: { now: 0, ingestTime: 0 },
    targets: [
      {
        rise: ({ time, isIdle }: Watermark) => passed.push(isIdle ? `${time} idle` : `${time}`),
        restore: (time: TimestampMs) => restored.push(time),
      },
    ],
  } as unknown as OperatorLinkParts);
  const rise = (time: TimestampMs, isIdle: boolean): void =>
    link.rise({ kind: 'watermark', time, isIdle, ingestTime: 0 });
  return { link, calls, passed, restored, rise };
}

describe('what is behind calls under way', () => {
  it('is idle only when they have settled: their results must find it waiting', () => {
    const { link, calls, passed, rise } = linkOfCalls();
    calls.pending = 2;
    rise(5, true);
    expect(passed).toEqual([]);

    calls.hasSettled = true;
    link.emitSettled();
    expect(passed).toEqual(['5 idle']);
  });

  it('is awake again with what is in front of it', () => {
    const { calls, passed, rise } = linkOfCalls();
    calls.hasSettled = true;
    rise(5, true);
    calls.hasSettled = true;
    rise(9, false);
    expect(passed).toEqual(['5 idle', '5', '9']);
  });

  it('is not under the watermark of a checkpoint again while some are asked again: their results are older', () => {
    const { link, calls, passed, restored, rise } = linkOfCalls();
    calls.pending = 2;
    link.restore(5);
    rise(5, false);
    expect({ at: link.watermark, passed, restored }).toEqual({ at: 5, passed: [], restored: [] });

    calls.hasSettled = true;
    link.emitSettled();
    expect({ passed, restored }).toEqual({ passed: ['5'], restored: [] });
  });

  it('is under the watermark of a checkpoint again where there are none', () => {
    const { link, restored } = linkOfCalls();
    link.restore(5);
    expect({ at: link.watermark, restored }).toEqual({ at: 5, restored: [5] });
  });
});
