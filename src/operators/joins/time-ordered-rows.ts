/**
 * Rows of the current key in the order of their times, ties in the order in which they came.
 *
 * A tree of two levels. Its leaves, chunks of a few rows, are the entries of a map state: an epoch writes the chunks that changed, and not
 * all rows of a key. The index, one value state, says at what time each chunk begins: a range is found by bisection, and reading it costs the
 * rows that are in it, however many there are. A key without rows has neither.
 */
import {
  assert,
  type MapState,
  type NodeSignature,
  type StateAccess,
  type TimestampMs,
  type ValueState,
} from '../../model/index.ts';

export interface TimedRow {
  /** Never NaN. */
  readonly time: TimestampMs;
}

/** What becomes of a row that was looked at. `changed`: in place. `stop`: it stays, and is the last one. */
export type Verdict = 'keep' | 'changed' | 'remove' | 'stop';

/** Small, so that an epoch rewrites little around a row that changed; not so small that the index becomes the larger part. */
export const ROWS_PER_CHUNK_MAX: number = 32;

/** Two parallel lists, never empty. */
interface ChunkIndex {
  /** Time of the first row of each chunk, ascending. */
  readonly times: number[];
  /** Key of each chunk in the map. */
  readonly ids: number[];
  nextId: number;
}

export class TimeOrderedRows<Row extends TimedRow> {
  readonly #index: ValueState<ChunkIndex>;
  readonly #chunks: MapState<Row[]>;

  constructor(state: StateAccess, name: string) {
    this.#index = state.value<ChunkIndex>(indexName(name));
    this.#chunks = state.map<Row[]>(chunksName(name));
  }

  /** +Infinity where there are no rows. */
  firstTime(): TimestampMs {
    const index = this.#index.get();
    return index === undefined ? Number.POSITIVE_INFINITY : index.times[0]!;
  }

  /** Behind all rows of the same time. */
  insert(row: Row): void {
    const index = this.#index.get();
    if (index === undefined) {
      this.#chunks.set(0, [row]);
      this.#index.set({ times: [row.time], ids: [0], nextId: 1 });
      return;
    }
    const at = Math.max(firstAbove(index.times, row.time) - 1, 0);
    const id = index.ids[at]!;
    const rows = this.#chunk(id);
    const place = firstRowAbove(rows, row.time);
    if (rows.length < ROWS_PER_CHUNK_MAX) {
      rows.splice(place, 0, row);
      this.#chunks.set(id, rows);
    } else if (place === rows.length) {
      this.#addChunk(index, at + 1, [row]);
    } else {
      const upper = rows.splice(rows.length >> 1);
      if (place <= rows.length) rows.splice(place, 0, row);
      else upper.splice(place - rows.length, 0, row);
      this.#chunks.set(id, rows);
      this.#addChunk(index, at + 1, upper);
    }
    if (place === 0) {
      index.times[at] = row.time;
      this.#index.set(index);
    }
  }

  /** Shows the rows with `from <= time <= to`, ascending, until one verdict is `stop`. The visitor must not change this state itself. */
  visit(from: TimestampMs, to: TimestampMs, visitor: (row: Row) => Verdict): void {
    const index = this.#index.get();
    if (index === undefined) return;
    // Rows at `from` may begin in the chunk before the first one that begins at it.
    let at = Math.max(firstAtOrAbove(index.times, from) - 1, 0);
    let isAtEnd = false;
    while (!isAtEnd && at < index.times.length && index.times[at]! <= to) {
      const id = index.ids[at]!;
      const rows = this.#chunk(id);
      const sizeBefore = rows.length;
      let isChanged = false;
      let read = firstRowAtOrAbove(rows, from);
      let write = read;
      for (; read < rows.length; read++) {
        const row = rows[read]!;
        isAtEnd = row.time > to;
        if (isAtEnd) break;
        const verdict = visitor(row);
        isAtEnd = verdict === 'stop';
        if (isAtEnd) break;
        if (verdict === 'changed') isChanged = true;
        if (verdict !== 'remove') rows[write++] = row;
      }
      if (write < read) rows.splice(write, read - write);
      if (rows.length < sizeBefore) at += this.#shrunk(index, at, rows);
      else {
        if (isChanged) this.#chunks.set(id, rows);
        at++;
      }
    }
  }

  /** The last row with `row.time <= time`. */
  latest(time: TimestampMs): Row | undefined {
    const index = this.#index.get();
    const at = index === undefined ? -1 : firstAbove(index.times, time) - 1;
    if (at < 0) return undefined;
    const rows = this.#chunk(index!.ids[at]!);
    return rows[firstRowAbove(rows, time) - 1];
  }

  /** Writes a chunk that has lost rows, or removes it. Returns how many chunks to go on by. */
  #shrunk(index: ChunkIndex, at: number, rows: Row[]): 0 | 1 {
    const id = index.ids[at]!;
    const first = rows[0];
    if (first === undefined) {
      this.#chunks.delete(id);
      index.times.splice(at, 1);
      index.ids.splice(at, 1);
      if (index.times.length === 0) this.#index.clear();
      else this.#index.set(index);
      return 0;
    }
    this.#chunks.set(id, rows);
    if (index.times[at] !== first.time) {
      index.times[at] = first.time;
      this.#index.set(index);
    }
    return 1;
  }

  #addChunk(index: ChunkIndex, at: number, rows: Row[]): void {
    const id = index.nextId++;
    this.#chunks.set(id, rows);
    index.times.splice(at, 0, rows[0]!.time);
    index.ids.splice(at, 0, id);
    this.#index.set(index);
  }

  #chunk(id: number): Row[] {
    const rows = this.#chunks.get(id);
    assert(rows !== undefined, `the index of time-ordered rows names chunk ${id}, which is not there`);
    return rows;
  }
}

/** The states that {@link TimeOrderedRows} of that name declare. */
export function timeOrderedStates(name: string): NodeSignature['states'] {
  return [
    { name: indexName(name), kind: 'value' },
    { name: chunksName(name), kind: 'map' },
  ];
}

function indexName(name: string): string {
  return `${name}Index`;
}

function chunksName(name: string): string {
  return `${name}Rows`;
}

/** Place of the first time above `time`; the length where there is none. */
function firstAbove(times: readonly number[], time: TimestampMs): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

function firstAtOrAbove(times: readonly number[], time: TimestampMs): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

function firstRowAbove(rows: readonly TimedRow[], time: TimestampMs): number {
  // The usual row comes last.
  if (rows[rows.length - 1]!.time <= time) return rows.length;
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.time > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

function firstRowAtOrAbove(rows: readonly TimedRow[], time: TimestampMs): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.time >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}
