import { describe, expect, it } from 'vitest';
import { SourceSubtask, type SourceSubtaskOptions } from '../../src/continuous/source-subtask.ts';
import { SourceClock } from '../../src/execution/source-clock.ts';
import { END_OF_TIME, type SourceReader, StreamRecord, type Watermark } from '../../src/model/index.ts';
import { SimulatedClock } from '../../src/testing/index.ts';

const IDLE_MS = 100;

/** A source of one split whose reader does as it is told. */
function source(poll: SourceReader['poll']) {
  const clock = new SimulatedClock();
  const raised: Watermark[] = [];
  const eventTime = new SourceClock(
    { timestampOf: (value) => value as number, outOfOrderMs: 0, idleTimeoutMs: IDLE_MS },
    { splits: ['s'], seen: {}, isBounded: true, now: clock.monotonic() },
  );
  const host = {
    id: '0/0',
    stepBegins: () => {},
    isBlocked: () => false,
    advanceTime: () => false,
    encodeSlice: () => false,
    handOver: () => false,
    mayRead: () => true,
    raise: (watermark: Watermark) => raised.push(watermark),
  };
  const subtask = new SourceSubtask({
    host,
    node: 'source',
    head: { receive: () => {} },
    reader: { poll, wakeAt: () => END_OF_TIME },
    clock,
    refused: { isFull: () => false },
    eventTime,
    advance: 'record',
    watermarkIntervalMs: 0,
    epochRecords: 0,
    isHeldBack: false,
    isStateFull: () => false,
    onEnded: () => {},
  } as unknown as SourceSubtaskOptions);
  return { clock, raised, step: () => subtask.step(100) };
}

describe('what a watermark of a source was due at', () => {
  it('is what its last record was due at, and the present where silence or an end without records raised it', () => {
    const due = 3;
    let isRead = false;
    const { clock, raised, step } = source((out) => {
      if (isRead) return 'idle';
      out.emit(new StreamRecord(50, undefined, Number.NaN, due));
      isRead = true;
      return 'progress';
    });
    clock.advance(5);
    step();
    // It is silent from the first look in vain.
    step();
    clock.advance(IDLE_MS);
    step();

    expect(raised).toMatchObject([
      { time: 50, isIdle: false, ingestTime: due },
      { time: 50, isIdle: true, ingestTime: clock.monotonic() },
    ]);
  });

  it('is never the zero of the clock: a source may end without any record', () => {
    const { clock, raised, step } = source(() => 'ended');
    clock.advance(7_000);
    step();

    expect(raised).toMatchObject([{ time: END_OF_TIME, ingestTime: clock.monotonic() }]);
  });
});
