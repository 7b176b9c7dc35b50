/**
 * What windows have to do, as plain programs over arrays: every window is a list of the values in it, and nothing is shared between windows.
 * Written from the semantics, not from the operators.
 */
import { END_OF_TIME, type Key, StreamRecord, type TimestampMs } from '../../../src/model/index.ts';
import type { HarnessStep } from '../../../src/testing/operator-harness.ts';

export interface PlainWindow {
  readonly start: number;
  readonly end: number;
  readonly values: number[];
}

/** One emission: the values of the window at that moment. */
export interface PlainRow {
  readonly key: Key;
  readonly start: number;
  readonly end: number;
  readonly values: readonly number[];
  readonly isFinal: boolean;
}

export interface PlainResult {
  readonly rows: readonly PlainRow[];
  readonly late: readonly number[];
}

export interface PlainOptions {
  readonly windowsOf: (time: TimestampMs) => readonly (readonly [start: number, end: number])[];
  readonly emit?: 'append' | 'update' | 'complete';
  readonly latenessMs?: number;
  readonly completeEveryMs?: number;
  readonly earlyRecords?: number;
}

/** Windows in event time whose places do not depend on the records. */
export function plainTimeWindows(input: readonly HarnessStep<number>[], options: PlainOptions): PlainResult {
  const { windowsOf, emit = 'append', latenessMs = 0, completeEveryMs = 1, earlyRecords } = options;
  const keys = new Map<Key, Map<number, PlainWindow & { isClosed: boolean }>>();
  const rows: PlainRow[] = [];
  const late: number[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  const show = (key: Key, { start, end, values }: PlainWindow, isFinal = true) =>
    rows.push({ key, start, end, values: [...values], isFinal });
  const onRecord = (key: Key, time: number, value: number) => {
    const live = Number.isNaN(time)
      ? []
      : windowsOf(time).filter(([, end]) => emit === 'complete' || end + latenessMs > watermark);
    if (live.length === 0) late.push(value);
    else if (!keys.has(key)) keys.set(key, new Map());
    for (const [start, end] of live) {
      const windows = keys.get(key)!;
      const window = windows.get(start) ?? { start, end, values: [], isClosed: end <= watermark };
      windows.set(start, window);
      window.values.push(value);
      if (emit === 'update' || (emit === 'append' && window.isClosed)) show(key, window);
      else if (earlyRecords !== undefined && window.values.length % earlyRecords === 0) show(key, window, false);
    }
  };
  const onWatermark = (to: number) => {
    const hasPassed = watermark < Math.floor(to / completeEveryMs) * completeEveryMs || to === END_OF_TIME;
    watermark = to;
    for (const [key, windows] of keys) {
      const ascending = [...windows.values()].sort((a, b) => a.start - b.start);
      if (emit === 'complete') {
        if (hasPassed) for (const window of ascending) show(key, window);
        continue;
      }
      for (const window of ascending) {
        if (emit === 'append' && !window.isClosed && window.end <= to) {
          show(key, window);
          window.isClosed = true;
        }
        if (window.end + latenessMs <= to) windows.delete(window.start);
      }
    }
  };
  takeAll(input, onRecord, onWatermark);
  return { rows, late };
}

/** Sessions in event time: all intervals of a key that overlap or touch, found anew at each step. */
export function plainSessions(
  input: readonly HarnessStep<number>[],
  options: {
    readonly gapOf: (value: number) => number | null;
    readonly latenessMs?: number;
    readonly earlyRecords?: number;
  },
): PlainResult {
  const { gapOf, latenessMs = 0 } = options;
  type Part = { start: number; end: number; value: number };
  const keys = new Map<Key, { parts: Part[]; isClosed: boolean }[]>();
  const rows: PlainRow[] = [];
  const late: number[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  const startOf = (parts: readonly Part[]) => Math.min(...parts.map(({ start }) => start));
  const endOf = (parts: readonly Part[]) => Math.max(...parts.map(({ end }) => end));
  const show = (key: Key, parts: readonly Part[]) =>
    rows.push({
      key,
      start: startOf(parts),
      end: endOf(parts),
      values: parts.map(({ value }) => value),
      isFinal: true,
    });
  const onRecord = (key: Key, time: number, value: number) => {
    const gap = gapOf(value);
    if (gap === null || !(gap > 0) || Number.isNaN(time) || time + gap + latenessMs <= watermark) {
      late.push(value);
      return;
    }
    const parts: Part[] = [{ start: time, end: time + gap, value }];
    const others: { parts: Part[]; isClosed: boolean }[] = [];
    for (const session of keys.get(key) ?? []) {
      if (startOf(session.parts) <= time + gap && endOf(session.parts) >= time) parts.unshift(...session.parts);
      else others.push(session);
    }
    const isClosed = endOf(parts) <= watermark;
    keys.set(key, [...others, { parts, isClosed }]);
    if (isClosed) show(key, parts);
  };
  const onWatermark = (to: number) => {
    watermark = to;
    for (const [key, sessions] of keys) {
      sessions.sort((a, b) => startOf(a.parts) - startOf(b.parts));
      for (const session of sessions) {
        if (session.isClosed || endOf(session.parts) > to) continue;
        show(key, session.parts);
        session.isClosed = true;
      }
      keys.set(
        key,
        sessions.filter(({ parts, isClosed }) => !isClosed || endOf(parts) + latenessMs > to),
      );
    }
  };
  takeAll(input, onRecord, onWatermark);
  return { rows, late };
}

function takeAll(
  input: readonly HarnessStep<number>[],
  onRecord: (key: Key, time: number, value: number) => void,
  onWatermark: (to: number) => void,
): void {
  let watermark = Number.NEGATIVE_INFINITY;
  for (const taken of input) {
    if (taken instanceof StreamRecord) onRecord(taken.key!, taken.timestamp, taken.value);
    else if (taken.kind === 'watermark' && taken.time > watermark) {
      watermark = taken.time;
      onWatermark(watermark);
    }
  }
}

/** Windows of `size` that begin every `slide`, found by looking at all that may hold `time`. */
export function slidingWindowsOf(size: number, slide: number, offset: number) {
  return (time: number): (readonly [number, number])[] => {
    const found: (readonly [number, number])[] = [];
    const near = Math.round((time - size - offset) / slide) * slide + offset;
    for (let start = near - 2 * slide; start <= time; start += slide) {
      if (start <= time && time < start + size) found.push([start, start + size]);
    }
    return found;
  };
}
