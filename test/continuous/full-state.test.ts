import { describe, expect, it } from 'vitest';
import { createBrake, SharedBrake } from '../../src/channels/shared-brake.ts';
import { SourceSubtask, type SourceSubtaskOptions } from '../../src/continuous/source-subtask.ts';
import { SourceClock } from '../../src/execution/source-clock.ts';
import { SubtaskHost, type SubtaskHostOptions } from '../../src/execution/subtask-host.ts';
import { END_OF_TIME, type Marker, StreamRecord, type Watermark } from '../../src/model/index.ts';
import { SimulatedClock } from '../../src/testing/index.ts';

const DIRTY_BYTES_MAX = 1000;
const IDLE_MS = 100;

/** A subtask whose changed state is as large as the test says. */
function subtaskWithState() {
  const said: string[] = [];
  const state = {
    bytes: 0,
    dirtyBytes: () => state.bytes,
    freeze: () => {
      state.bytes = 0;
    },
    encodeFrozen: () => true,
    takeDelta: () => undefined,
  };
  const time = {
    watermark: 0,
    isSettled: () => true,
    flush: () => {},
    nextTimers: () => ({ event: END_OF_TIME, processing: END_OF_TIME }),
    takeLate: () => ({}),
  };
  const host = new SubtaskHost({
    id: '1.0',
    subtask: 0,
    generation: 1,
    restoredEpoch: 0,
    chain: { states: [state], sinks: [], time },
    outputs: [],
    probe: { takeWritten: () => 0 },
    pauses: { record: () => {} },
    clock: new SimulatedClock(),
    encodeSliceMs: 1,
    dirtyBytesMax: DIRTY_BYTES_MAX,
    deliver: () => {},
    requestEpoch: () => said.push('epoch'),
    holdSources: (isHeld: boolean) => said.push(isHeld ? 'hold' : 'go on'),
    fail: () => {},
  } as unknown as SubtaskHostOptions);
  return { host, state, said };
}

/** A source with a record at every poll, of each split in turn. */
function sourceWithBrake(splits: readonly string[] = ['s']) {
  const clock = new SimulatedClock();
  const brake = new SharedBrake(createBrake());
  const raised: Watermark[] = [];
  const sealed: Marker[] = [];
  let polls = 0;
  const options = {
    host: {
      id: '0.0',
      stepBegins: () => {},
      isBlocked: () => false,
      advanceTime: () => false,
      encodeSlice: () => false,
      handOver: () => false,
      mayRead: () => true,
      isWaitingForCalls: () => false,
      wakeAt: () => END_OF_TIME,
      raise: (watermark: Watermark) => raised.push(watermark),
      seal: (marker: Marker) => sealed.push(marker),
    },
    node: 'source',
    head: { receive: () => {} },
    reader: {
      poll: (out: { emit(record: StreamRecord): void; enterSplit(split: string): void }) => {
        out.enterSplit(splits[polls % splits.length]!);
        out.emit(new StreamRecord(++polls, undefined, Number.NaN, clock.monotonic()));
        return 'progress';
      },
      offsets: () => ({ s: polls }),
      wakeAt: () => 0,
    },
    clock,
    refused: { isFull: () => false, take: () => ({ deadLetters: [], skipped: 0 }) },
    eventTime: new SourceClock(
      { timestampOf: (value) => value as number, outOfOrderMs: 0, idleTimeoutMs: IDLE_MS },
      { splits, seen: {}, isBounded: true, now: clock.monotonic() },
    ),
    advance: 'record',
    watermarkIntervalMs: 0,
    epochRecords: 0,
    isHeldBack: false,
    isStateFull: () => brake.isPressed(),
    onEnded: () => {},
  } as unknown as SourceSubtaskOptions;
  return { clock, brake, raised, sealed, polls: () => polls, subtask: new SourceSubtask(options) };
}

describe('a subtask with much changed state', () => {
  it('asks for an epoch, and holds the sources when it has twice as much before the marker has come', () => {
    const { host, state, said } = subtaskWithState();
    state.bytes = DIRTY_BYTES_MAX;
    host.encodeSlice();
    host.encodeSlice();
    expect(said).toEqual(['epoch']);

    state.bytes = 2 * DIRTY_BYTES_MAX;
    host.encodeSlice();
    host.encodeSlice();
    expect(said).toEqual(['epoch', 'hold']);

    host.seal({ kind: 'marker', epoch: 1, isFinal: false }, {
      offsets: {},
      deadLetters: [],
      counts: { recordsRead: 0, recordsSkipped: 0, deadLetters: 0 },
      splits: {},
    } as unknown as Parameters<SubtaskHost['seal']>[1]);
    host.encodeSlice();
    expect(said).toEqual(['epoch', 'hold', 'go on']);
  });
});

describe('a source whose operators hold too much changed state', () => {
  it('reads nothing, puts the marker in, and reads on when the last of them has let go', () => {
    const { brake, sealed, polls, subtask } = sourceWithBrake();
    brake.press();
    brake.press();
    subtask.tell({ kind: 'begin-epoch', marker: { kind: 'marker', epoch: 1, isFinal: false } });
    subtask.step(100);
    brake.release();
    subtask.step(100);
    expect(polls()).toBe(0);
    expect(sealed).toHaveLength(1);

    brake.release();
    subtask.step(100);
    expect(polls()).toBe(1);
  });

  it('has not fallen silent, however long it takes, and looks again soon', () => {
    const { brake, clock, raised, subtask } = sourceWithBrake();
    subtask.step(100);
    brake.press();
    clock.advance(2 * IDLE_MS);
    subtask.step(100);
    expect(subtask.wakeAt()).toBeGreaterThan(clock.monotonic());
    expect(subtask.wakeAt()).toBeLessThanOrEqual(clock.monotonic() + 1);

    brake.release();
    subtask.step(100);
    expect(raised).toMatchObject([
      { time: 1, isIdle: false },
      { time: 2, isIdle: false },
    ]);
  });

  it('waits for all its splits when it reads again, not only for the one that is read first', () => {
    const { brake, clock, raised, subtask } = sourceWithBrake(['a', 'b']);
    subtask.step(100);
    subtask.step(100);
    brake.press();
    subtask.step(100);
    clock.advance(2 * IDLE_MS);
    subtask.step(100);
    brake.release();
    subtask.step(100);
    subtask.step(100);

    expect(raised.map(({ time }) => time)).toEqual([1, 2, 3]);
  });
});
