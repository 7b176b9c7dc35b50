/** The plain array program over a timed graph: loops over all events, without watermarks, state or Millrace code. */
import type { Frame, SessionGap, TableRow, TimedEvent, TimedGraph, TimedNode } from './timed-graph.ts';

export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** What a window knows of its events. Without `least` and `greatest` where its aggregates must be able to take back. */
export interface Totals {
  readonly count: number;
  readonly sum: number;
  readonly least?: number | null;
  readonly greatest?: number | null;
}

/** By node: what comes out of it, in any order. */
export function interpretTimedGraph({ nodes }: TimedGraph): readonly (readonly TimedEvent[])[] {
  const outputs: (readonly TimedEvent[])[] = [];
  for (const node of nodes)
    outputs.push(
      interpretNode(
        node,
        node.inputs.map((input) => outputs[input]!),
      ),
    );
  return outputs;
}

export function interpretNode(node: TimedNode, inputs: readonly (readonly TimedEvent[])[]): readonly TimedEvent[] {
  const [events = [], others = []] = inputs;
  switch (node.kind) {
    case 'source':
      return node.splits.flatMap((split) => split.events);
    case 'filter':
      return events.filter((event) => event.amount % node.modulus !== 0);
    case 'map':
      return events.map((event) => added(event, node.add));
    case 'flatMap':
    case 'broadcast':
      return events.flatMap((event) => Array.from({ length: node.copies }, () => event));
    case 'rekey':
      return events.map((event) => rekeyed(event, node.groups));
    case 'rebalance':
    case 'resize':
    case 'witness':
      return events;
    case 'call':
      return events.map(called);
    case 'window':
      return windowsOf(events, node.frame).map(({ key, interval, within }) =>
        eventOfWindow(key, interval.end, totalsOf(within, node.isInvertible)),
      );
    case 'timers':
      return windowsOf(events, { kind: 'tumbling', sizeMs: node.sizeMs, offsetMs: 0 }).map(
        ({ key, interval, within }) => eventOfTimer(key, interval.end, within.length, sumOf(within)),
      );
    case 'session':
      return sessionsOf(events, node.gap).map(({ key, interval, within }) =>
        eventOfWindow(key, interval.end, totalsOf(within, node.isInvertible)),
      );
    case 'deduplicate':
      return [...new Map(events.map((event) => [identityOf(event), event])).values()];
    case 'merge':
      return [...events, ...others];
    case 'join': {
      const { beforeMs, afterMs, type } = node;
      const isMatch = (l: TimedEvent, r: TimedEvent): boolean =>
        l.key === r.key && l.at - beforeMs <= r.at && r.at <= l.at + afterMs;
      return joined(type, events, others, isMatch, pairOf);
    }
    case 'windowJoin':
      return intervalsOver([...events, ...others], node.frame).flatMap((interval) => {
        const isWithin = ({ at }: TimedEvent): boolean => interval.start <= at && at < interval.end;
        const isMatch = (l: TimedEvent, r: TimedEvent): boolean => l.key === r.key;
        const pair = (l: TimedEvent | null, r: TimedEvent | null) => ({ ...pairOf(l, r), at: interval.end - 1 });
        return joined(node.type, events.filter(isWithin), others.filter(isWithin), isMatch, pair);
      });
    case 'tableJoin':
      return events.flatMap((event) => {
        const at = Math.max(...others.filter(({ key, at }) => key === event.key && at <= event.at).map(({ at }) => at));
        const version = Number.isFinite(at) && !isEndOfVersion(at) ? at : null;
        return version === null && node.type === 'inner' ? [] : [versioned(event, version)];
      });
    case 'broadcastJoin':
      return events.flatMap((event) => {
        const row = node.table.findLast(({ key }) => key === event.key);
        const held = row === undefined || isEndOfRow(row) ? null : row;
        return held === null && node.type === 'inner' ? [] : [looked(event, held)];
      });
  }
}

type Pair = (left: TimedEvent | null, right: TimedEvent | null) => TimedEvent;

function joined(
  type: string,
  lefts: readonly TimedEvent[],
  rights: readonly TimedEvent[],
  isMatch: (left: TimedEvent, right: TimedEvent) => boolean,
  pair: Pair,
): readonly TimedEvent[] {
  const matched = lefts.filter((left) => rights.some((right) => isMatch(left, right)));
  const alone = lefts.filter((left) => !rights.some((right) => isMatch(left, right)));
  if (type === 'semi') return matched.map((left) => pair(left, null));
  if (type === 'anti') return alone.map((left) => pair(left, null));
  const rightsAlone = rights.filter((right) => !lefts.some((left) => isMatch(left, right)));
  return [
    ...lefts.flatMap((left) => rights.filter((right) => isMatch(left, right)).map((right) => pair(left, right))),
    ...(type === 'left' || type === 'full' ? alone.map((left) => pair(left, null)) : []),
    ...(type === 'right' || type === 'full' ? rightsAlone.map((right) => pair(null, right)) : []),
  ];
}

export interface WindowOfKey {
  readonly key: string;
  readonly interval: Interval;
  readonly within: readonly TimedEvent[];
}

/** Every window of a key that has an event. */
export function windowsOf(events: readonly TimedEvent[], frame: Frame): readonly WindowOfKey[] {
  return [...new Set(events.map(({ key }) => key))].flatMap((key) => {
    const ofKey = events.filter((event) => event.key === key);
    return intervalsOver(ofKey, frame).map((interval) => ({
      key,
      interval,
      within: ofKey.filter(({ at }) => interval.start <= at && at < interval.end),
    }));
  });
}

/** All intervals that hold an event. */
function intervalsOver(events: readonly TimedEvent[], frame: Frame): readonly Interval[] {
  const slideMs = frame.kind === 'sliding' ? frame.slideMs : frame.sizeMs;
  const starts = new Set<number>();
  for (const { at } of events) {
    let start = frame.offsetMs + Math.floor((at - frame.offsetMs) / slideMs) * slideMs;
    for (; start + frame.sizeMs > at; start -= slideMs) starts.add(start);
  }
  return [...starts].map((start) => ({ start, end: start + frame.sizeMs }));
}

function sessionsOf(events: readonly TimedEvent[], gap: SessionGap): readonly WindowOfKey[] {
  return [...new Set(events.map(({ key }) => key))].flatMap((key) => {
    const sessions: WindowOfKey[] = [];
    const ofKey = events.filter((event) => event.key === key).toSorted((a, b) => a.at - b.at);
    for (const event of ofKey) {
      const open = sessions.at(-1);
      const end = event.at + gapOf(event, gap);
      if (open === undefined || event.at > open.interval.end) {
        sessions.push({ key, interval: { start: event.at, end }, within: [event] });
        continue;
      }
      const interval = { start: open.interval.start, end: Math.max(open.interval.end, end) };
      sessions[sessions.length - 1] = { key, interval, within: [...open.within, event] };
    }
    return sessions;
  });
}

export function totalsOf(events: readonly TimedEvent[], isInvertible: boolean): Totals {
  const count = events.length;
  const sum = sumOf(events);
  if (isInvertible) return { count, sum };
  const amounts = events.map(({ amount }) => amount);
  return { count, sum, least: Math.min(...amounts), greatest: Math.max(...amounts) };
}

function sumOf(events: readonly TimedEvent[]): number {
  return events.reduce((sum, { amount }) => sum + amount, 0);
}

// What a job does with single records; the job calls the same functions.

/** Whole, not negative, small. */
const small = (value: number): number => ((value % 997) + 997) % 997;

export const added = (event: TimedEvent, add: number): TimedEvent => ({ ...event, amount: small(event.amount + add) });

export const rekeyed = (event: TimedEvent, groups: number): TimedEvent => ({
  ...event,
  key: `g${event.amount % groups}`,
});

export const called = (event: TimedEvent): TimedEvent => added(event, 7);

export const identityOf = ({ key, at, amount }: TimedEvent): string => `${key}|${at}|${amount}`;

export const gapOf = ({ amount }: TimedEvent, { gapMs, isOfRecord }: SessionGap): number =>
  isOfRecord ? gapMs + (amount % 5) * 10 : gapMs;

export const eventOfWindow = (key: string, end: number, { count, sum, least, greatest }: Totals): TimedEvent => ({
  key,
  at: end - 1,
  amount: small(count * 101 + sum + (least ?? 0) * 31 + (greatest ?? 0) * 17),
});

/** Its time is that of the timer, behind the last event of its window. */
export const eventOfTimer = (key: string, end: number, count: number, sum: number): TimedEvent => ({
  key,
  at: end,
  amount: small(count * 101 + sum),
});

export const pairOf: Pair = (left, right) => ({
  key: (left ?? right)!.key,
  at: Math.max(left?.at ?? Number.NEGATIVE_INFINITY, right?.at ?? Number.NEGATIVE_INFINITY),
  amount: small((left?.amount ?? 501) * 31 + (right?.amount ?? 502) * 17),
});

export const isEndOfVersion = (at: number): boolean => at % 3 === 0;

export const versioned = (event: TimedEvent, version: number | null): TimedEvent =>
  added(event, version === null ? 55 : version * 3);

export const isEndOfRow = (row: TableRow): boolean => row.amount % 4 === 0;

export const looked = (event: TimedEvent, row: TableRow | null): TimedEvent => added(event, row?.amount ?? 333);
