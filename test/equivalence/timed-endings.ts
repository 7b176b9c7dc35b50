/** What jobs over timed graphs end in: results that are shown more than once, or that follow from the order of arrival, each with its own test of rows. */
import { expect } from 'vitest';
import { aggregates, type KeyedStream, records, type Stream, sinks, states, windows } from '../../src/index.ts';
import { totalsOf, windowsOf } from './interpret-timed-graph.ts';
import type { Ending, Frame, TimedEvent } from './timed-graph.ts';

interface WindowRow {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly count: number;
  readonly sum: number;
  readonly isFinal?: boolean;
}

interface CountRow {
  readonly key: string;
  readonly count: number;
  readonly sum: number;
}

const FIELDS = { count: aggregates.count(), sum: aggregates.sum(({ amount }: TimedEvent) => amount) };

const windowOf = (frame: Frame) => (frame.kind === 'tumbling' ? windows.tumbling(frame) : windows.sliding(frame));

export class EndingUnderTest {
  readonly #ending: Ending;
  readonly #windows = sinks.memory<WindowRow>();
  readonly #counts = sinks.memory<CountRow>();
  readonly #events = sinks.memory<TimedEvent>();

  constructor(ending: Ending) {
    this.#ending = ending;
  }

  end(stream: Stream<TimedEvent>, name: string): void {
    const ending = this.#ending;
    const keyed = stream.keyBy(({ key }) => key);
    switch (ending.kind) {
      case 'update':
        keyed.window(windowOf(ending.frame), { emit: 'update' }).aggregate(FIELDS).to(name, this.#windows);
        return;
      case 'early': {
        const early = { everyMs: 2, everyRecords: ending.everyRecords };
        keyed.window(windowOf(ending.frame), { early }).aggregate(FIELDS).to(name, this.#windows);
        return;
      }
      case 'complete': {
        const options = { emit: 'complete', completeEveryMs: ending.everyMs } as const;
        keyed.window(windowOf(ending.frame), options).aggregate(FIELDS).to(name, this.#windows);
        return;
      }
      case 'count':
        keyed
          .window(windows.count({ size: ending.size }))
          .aggregate(FIELDS)
          .to(name, this.#counts);
        return;
      case 'global':
        keyed.window(windows.global()).aggregate(FIELDS).to(name, this.#counts);
        return;
      case 'batcher':
        batched(keyed, ending.delayMs).to(name, this.#events);
        return;
    }
  }

  expectRows(events: readonly TimedEvent[]): void {
    const ending = this.#ending;
    switch (ending.kind) {
      case 'update':
      case 'early':
      case 'complete':
        this.#expectWindows(events, ending);
        return;
      case 'count':
        this.#expectCounts(events, ending.size);
        return;
      case 'global':
        this.#expectCounts(events, Number.POSITIVE_INFINITY);
        return;
      case 'batcher':
        expect(sorted(this.#events.records), 'batcher').toEqual(sorted(events));
        return;
    }
  }

  #expectWindows(events: readonly TimedEvent[], { kind, frame }: Ending & { readonly frame: Frame }): void {
    const rows = this.#windows.records;
    const found = windowsOf(events, frame);
    const expected = found.map(({ key, interval, within }) => ({
      key,
      windowStart: interval.start,
      windowEnd: interval.end,
      ...totalsOf(within, true),
    }));
    const isShown = (row: WindowRow): boolean => kind !== 'early' || row.isFinal === true;
    const shown = rows.filter(isShown).map(({ isFinal, ...row }) => row);
    const last = new Map(shown.map((row) => [`${row.windowStart} ${row.key}`, row]));
    expect(sorted([...last.values()]), kind).toEqual(sorted(expected));
    if (kind === 'early') expect(shown, kind).toHaveLength(expected.length);
    if (kind === 'update') expect(shown, kind).toHaveLength(found.reduce((sum, { within }) => sum + within.length, 0));
    if (kind === 'update') expectEveryCount(shown);
  }

  /** Which events are in which window follows from the order of arrival; how many, and what they come to, does not. */
  #expectCounts(events: readonly TimedEvent[], size: number): void {
    const rows = this.#counts.records;
    const keys = [...new Set(events.map(({ key }) => key))];
    expect(new Set(rows.map(({ key }) => key))).toEqual(new Set(keys));
    for (const key of keys) {
      const { count, sum } = totalsOf(
        events.filter((event) => event.key === key),
        true,
      );
      const ofKey = rows.filter((row) => row.key === key);
      const full = size === Number.POSITIVE_INFINITY ? 0 : Math.floor(count / size);
      const rest = count - (full === 0 ? 0 : full * size);
      expect(ofKey.map((row) => row.count)).toEqual([...Array<number>(full).fill(size), ...(rest > 0 ? [rest] : [])]);
      expect(ofKey.reduce((total, row) => total + row.sum, 0)).toBe(sum);
    }
  }
}

/** A row for every event of a window, each of one event more. */
function expectEveryCount(rows: readonly WindowRow[]): void {
  const counts = new Map<string, number>();
  for (const { key, windowStart, count } of rows) {
    const id = `${windowStart} ${key}`;
    expect(count).toBe((counts.get(id) ?? 0) + 1);
    counts.set(id, count);
  }
}

/** Holds the events of a key back until a timer of the wall clock lets them go, together. */
function batched(stream: KeyedStream<TimedEvent, string>, delayMs: number): Stream<TimedEvent> {
  return stream.process({
    states: { held: states.list<TimedEvent>() },
    emits: records<TimedEvent>(),
    process(event, { now, processingTimers, states: { held } }) {
      held.append(event);
      if (processingTimers.get('flush') === undefined) processingTimers.set('flush', now + delayMs);
    },
    onTimer(_timer, { states: { held }, emit }) {
      for (const event of held.values()) emit(event);
      held.clear();
    },
  });
}

const sorted = (items: readonly unknown[]): readonly string[] => items.map((item) => JSON.stringify(item)).sort();
