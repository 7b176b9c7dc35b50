/**
 * What the sensors job must write for its input: a plain program over arrays, without watermarks, epochs or any code of the product.
 *
 * Strays are late or not as they come. Which of them were is read from the job's own late output; then everything else follows.
 */
import {
  AFTER_MS,
  type Alarm,
  BEFORE_MS,
  BUCKET_MS,
  CALM_EVERY,
  CLOSE_MS,
  type Gauged,
  type Joined,
  levelOf,
  REGION_SIZE_MS,
  REGION_SLIDE_MS,
  type Reading,
  type Reminder,
  type Repair,
  regionOf,
  SESSION_GAP_MS,
  SLIDING_SIZE_MS,
  SLIDING_SLIDE_MS,
  TAKEN_BACK_EVERY,
  TUMBLING_MS,
} from '../../fixtures/recovery/sensors-model.ts';
import type { SensorsInput } from './sensors-input.ts';
import type { Complain } from './violations.ts';

export interface WindowRow {
  readonly key: string | number;
  readonly windowStart: number;
  readonly windowEnd: number;
}

export interface StrayRow extends WindowRow {
  readonly readings: number;
  readonly levels: number;
  readonly strays: number;
  readonly strayLevels: number;
}

export interface SensorsExpectation {
  readonly tumbling: readonly StrayRow[];
  readonly regions: readonly StrayRow[];
  readonly singles: readonly WindowRow[];
  readonly sliding: readonly WindowRow[];
  readonly sessions: readonly WindowRow[];
  readonly joined: readonly Joined[];
  readonly alarms: readonly Alarm[];
  readonly reminders: readonly Reminder[];
  /** Readings without a time, each of them, as the deduplication has them. */
  readonly untimed: readonly Gauged[];
  /** Readings without a time and all strays: more than this is never late. */
  readonly lateAtMost: readonly Gauged[];
}

/** `lateStrays`: ids of the strays that came too late. */
export function expectSensors(
  { readings, repairs }: SensorsInput,
  lateStrays: ReadonlySet<string>,
): SensorsExpectation {
  const all = readings.flatMap(({ records }) => records).map(gauged);
  const timed = all.filter(isTimed);
  const taken = timed.filter(({ id, isStray }) => !isStray || !lateStrays.has(id));
  const once = [...new Map(timed.filter(({ isStray }) => !isStray).map((reading) => [reading.id, reading])).values()];
  const tumbling = expectTumbling(taken);
  const pairs = expectPairs(
    once,
    repairs.flatMap(({ records }) => records),
  );
  const untimed = all.filter(({ at }) => at === null);
  return {
    tumbling,
    regions: expectRegions(tumbling),
    singles: once.map(({ id, at, level }) => {
      const windowStart = floorTo(at, TUMBLING_MS);
      return { key: id, windowStart, windowEnd: windowStart + TUMBLING_MS, levels: level };
    }),
    sliding: expectSliding(once),
    sessions: expectSessions(once),
    joined: pairs.map(({ row }) => row),
    alarms: expectAlarms(pairs),
    reminders: pairs
      .filter(({ row }) => row.value % TAKEN_BACK_EVERY !== 0)
      .map(({ row }) => ({ sensor: row.sensor, name: `${row.reading}/${row.repair ?? ''}`, pending: 1 })),
    untimed,
    lateAtMost: [...untimed, ...timed.filter(({ isStray }) => isStray)],
  };
}

/**
 * Rows as a multiset. `isPart`: some may be missing, because their windows are open, their timers pending, or their epoch is not all
 * visible yet; what is there has to be right all the same.
 */
export function checkBag(
  what: string,
  found: readonly object[],
  wanted: readonly object[],
  isPart: boolean,
  complain: Complain,
): void {
  const left = new Map<string, number>();
  for (const row of wanted.map(canonical)) left.set(row, (left.get(row) ?? 0) + 1);
  for (const row of found.map(canonical)) {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    if (count <= 0) complain(`${what}: a row too many: ${shorten(row)}`);
  }
  if (isPart) return;
  for (const [row, count] of left) if (count > 0) complain(`${what}: ${count} times missing: ${shorten(row)}`);
}

/** While strays are still under way: each window once, and all but the strays in it as it has to be. */
export function checkWithoutStrays(
  what: string,
  found: readonly StrayRow[],
  wanted: readonly StrayRow[],
  complain: Complain,
): void {
  const withoutStrays = (rows: readonly StrayRow[]): readonly object[] =>
    rows.filter(({ readings }) => readings > 0).map((row) => ({ ...row, strays: 0, strayLevels: 0 }));
  checkBag(what, withoutStrays(found), withoutStrays(wanted), true, complain);
  const seen = new Set<string>();
  for (const { key, windowStart, readings, strays } of found) {
    const window = `${key}@${windowStart}`;
    if (seen.has(window)) complain(`${what}: the window ${shorten(window)} is there twice`);
    if (readings + strays === 0) complain(`${what}: the window ${shorten(window)} has nothing in it`);
    seen.add(window);
  }
}

type TimedReading = Gauged & { readonly at: number };

const isTimed = (reading: Gauged): reading is TimedReading => reading.at !== null;
const gauged = (reading: Reading): Gauged => ({ ...reading, level: levelOf(reading.value) });

function expectTumbling(readings: readonly TimedReading[]): readonly StrayRow[] {
  const windows = groupBy(readings, ({ sensor, at }) => [sensor, floorTo(at - 30, TUMBLING_MS) + 30] as const);
  return windows.map(({ group: [key, windowStart], items }) => {
    const strays = items.filter(({ isStray }) => isStray);
    const own = items.filter(({ isStray }) => !isStray);
    return {
      key,
      windowStart,
      windowEnd: windowStart + TUMBLING_MS,
      readings: own.length,
      levels: sumOf(own, ({ level }) => level),
      strays: strays.length,
      strayLevels: sumOf(strays, ({ level }) => level),
    };
  });
}

/** Of the tumbling rows, whose time is the last in their windows. */
function expectRegions(rows: readonly StrayRow[]): readonly StrayRow[] {
  const placed = rows.flatMap((row) =>
    startsOf(row.windowEnd - 1, REGION_SIZE_MS, REGION_SLIDE_MS, 0).map((start) => ({ row, start })),
  );
  const windows = groupBy(placed, ({ row, start }) => [regionOf(String(row.key)), start] as const);
  return windows.map(({ group: [key, windowStart], items }) => ({
    key,
    windowStart,
    windowEnd: windowStart + REGION_SIZE_MS,
    readings: sumOf(items, ({ row }) => row.readings),
    levels: sumOf(items, ({ row }) => row.levels),
    strays: sumOf(items, ({ row }) => row.strays),
    strayLevels: sumOf(items, ({ row }) => row.strayLevels),
  }));
}

function expectSliding(readings: readonly TimedReading[]): readonly WindowRow[] {
  const placed = readings.flatMap((reading) =>
    startsOf(reading.at, SLIDING_SIZE_MS, SLIDING_SLIDE_MS, -50).map((start) => ({ reading, start })),
  );
  const windows = groupBy(placed, ({ reading, start }) => [reading.sensor, start] as const);
  return windows.map(({ group: [key, windowStart], items }) => ({
    key,
    windowStart,
    windowEnd: windowStart + SLIDING_SIZE_MS,
    readings: items.length,
    worst: Math.max(...items.map(({ reading }) => reading.value)),
    levels: sumOf(items, ({ reading }) => reading.level),
  }));
}

function expectSessions(readings: readonly TimedReading[]): readonly WindowRow[] {
  return groupBy(readings, ({ sensor }) => [sensor] as const).flatMap(({ group: [key], items }) => {
    const sessions: (WindowRow & { windowEnd: number; readings: number; levels: number })[] = [];
    for (const { at, level } of items.toSorted((a, b) => a.at - b.at)) {
      const last = sessions.at(-1);
      if (last !== undefined && at <= last.windowEnd) {
        last.windowEnd = at + SESSION_GAP_MS;
        last.readings++;
        last.levels += level;
      } else sessions.push({ key, windowStart: at, windowEnd: at + SESSION_GAP_MS, readings: 1, levels: level });
    }
    return sessions;
  });
}

interface Pair {
  readonly row: Joined;
  /** Event time of the joined row: the later of both. */
  readonly at: number;
}

function expectPairs(readings: readonly TimedReading[], repairs: readonly Repair[]): readonly Pair[] {
  return readings.flatMap(({ id, sensor, at, value }): readonly Pair[] => {
    const near = repairs.filter(
      (repair) => repair.sensor === sensor && repair.at >= at - BEFORE_MS && repair.at <= at + AFTER_MS,
    );
    const row = { sensor, reading: id, value };
    if (near.length === 0) return [{ row: { ...row, repair: null }, at }];
    return near.map((repair) => ({ row: { ...row, repair: repair.id }, at: Math.max(at, repair.at) }));
  });
}

function expectAlarms(pairs: readonly Pair[]): readonly Alarm[] {
  const buckets = groupBy(pairs, ({ row, at }) => [row.sensor, floorTo(at, BUCKET_MS) / BUCKET_MS] as const);
  return buckets.flatMap(({ group: [sensor, bucket], items }): readonly Alarm[] => {
    const end = (bucket + 1) * BUCKET_MS;
    const rows = items.length;
    const close: Alarm = { kind: 'close', sensor, bucket, at: end + CLOSE_MS, rows };
    if (items.some(({ row }) => row.value % CALM_EVERY === 0)) return [close];
    const at = end + Math.max(...items.map(({ row }) => row.value));
    return [{ kind: 'alarm', sensor, bucket, at, rows }, close];
  });
}

/** Starts of all windows that hold a time. */
function startsOf(at: number, size: number, slide: number, offset: number): readonly number[] {
  const starts: number[] = [];
  for (let start = floorTo(at - offset, slide) + offset; start + size > at; start -= slide) starts.push(start);
  return starts;
}

function floorTo(at: number, width: number): number {
  return Math.floor(at / width) * width;
}

function groupBy<T, G extends readonly unknown[]>(
  items: readonly T[],
  groupOf: (item: T) => G,
): readonly { readonly group: G; readonly items: readonly T[] }[] {
  const groups = new Map<string, { readonly group: G; readonly items: T[] }>();
  for (const item of items) {
    const group = groupOf(item);
    const id = JSON.stringify(group);
    const known = groups.get(id);
    if (known === undefined) groups.set(id, { group, items: [item] });
    else known.items.push(item);
  }
  return [...groups.values()];
}

function sumOf<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + numberOf(item), 0);
}

/** As text, independent of the order of fields. */
function canonical(row: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}... (${text.length} characters)`;
}
