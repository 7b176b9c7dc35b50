/**
 * Time to live of the entries of one keyed state, in processing time. What has expired is hidden by comparison with the clock, and found
 * for removal by an index: timers of their own (`timers:expiry`), each naming an entry.
 *
 * Every entry with a life stands in the index exactly once, at a time not behind its expiry. A write that prolongs a life leaves the index
 * as it is; when the entry comes due there, it is moved on. So an entry that is written all the time is moved once per time to live.
 *
 * A life is decided when an entry is written (or read, where that refreshes): entries from before a time to live was declared live on until
 * then, and entries keep the life they have when it is changed or taken away. A read prolongs a life only when that moves its end by a
 * sixteenth of the time to live: what is seen is then the same whether or not the job was restarted in between, and hot entries are not
 * written again with every read.
 */
import type { Key, StateTtl, TimestampMs } from '../model/index.ts';
import { ABSENT, type Cell } from './cell.ts';
import type { StateScope } from './state-scope.ts';
import { charactersOf } from './timer-key.ts';
import type { TimerTable } from './timer-table.ts';

/** The part of the time to live that a read must gain to count. */
const READ_GAIN = 1 / 16;
/** In a tag of the index: `[length of the name]:[name][sub key]`. */
const NAME_END = ':';

/** A state whose entries may have a life. */
export interface ExpiringTable {
  readonly name: string;
  /** For what is written from now on; `undefined`: no end. */
  ttl: StateTtl | undefined;
  /** The index says that an entry may have expired; `sub`: its encoded sub key, a character per byte. */
  expire(key: Key, sub: string, indexedAt: TimestampMs): void;
}

export class Lifetimes {
  /** Before it is set, nothing has expired. */
  now: TimestampMs = 0;

  readonly #scope: StateScope;
  readonly #openIndex: () => TimerTable;

  constructor(scope: StateScope, openIndex: () => TimerTable) {
    this.#scope = scope;
    this.#openIndex = openIndex;
  }

  /** Whether the entry of a touched cell is there to be seen. */
  isLive(cell: Cell): boolean {
    return cell.value !== ABSENT && (cell.life === undefined || cell.life.expiresAt > this.now);
  }

  /** When an entry expires that is written now. */
  endOf(ttl: StateTtl): TimestampMs {
    return this.now + ttl.ttlMs;
  }

  /** Whether reading now prolongs a life that ends at `expiresAt`. */
  isRefreshedByRead(ttl: StateTtl | undefined, expiresAt: TimestampMs): boolean {
    return ttl?.refresh === 'read' && this.endOf(ttl) - expiresAt >= ttl.ttlMs * READ_GAIN;
  }

  /** The cell, changed already, was written: its life begins anew, or ends, or it has none. */
  wrote(cell: Cell, ttl: StateTtl | undefined): void {
    if (cell.value === ABSENT || ttl === undefined) this.end(cell);
    else this.prolong(cell, this.endOf(ttl));
  }

  /** The entry of a touched cell is live and has been read. */
  read(cell: Cell, ttl: StateTtl | undefined): void {
    if (!this.isRefreshedByRead(ttl, cell.life?.expiresAt ?? Number.NEGATIVE_INFINITY)) return;
    this.#scope.changes.changed(cell);
    this.prolong(cell, this.endOf(ttl!));
  }

  /** The cell must be changed already: indexing makes room for cells and may evict it otherwise. */
  prolong(cell: Cell, expiresAt: TimestampMs): void {
    if (cell.life === undefined) {
      cell.life = { expiresAt, indexedAt: expiresAt };
      this.#openIndex().put(expiresAt, cell.key, tagOf(cell));
      return;
    }
    cell.life.expiresAt = expiresAt;
    if (expiresAt >= cell.life.indexedAt) return;
    this.#openIndex().drop(cell.life.indexedAt, cell.key, tagOf(cell));
    this.moveIndex(cell, expiresAt);
  }

  /** Takes the life of a changed cell. */
  end(cell: Cell): void {
    if (cell.life === undefined) return;
    this.#openIndex().drop(cell.life.indexedAt, cell.key, tagOf(cell));
    cell.life = undefined;
  }

  /** The index no longer names the entry of a changed cell: it does so at another time. */
  moveIndex(cell: Cell, indexedAt: TimestampMs): void {
    cell.life!.indexedAt = indexedAt;
    this.#openIndex().put(indexedAt, cell.key, tagOf(cell));
  }

  /** The index has named the entry of a touched cell: removes it when it has expired, and moves it on otherwise. */
  expire(cell: Cell, indexedAt: TimestampMs): void {
    if (cell.life?.indexedAt !== indexedAt) return;
    this.#scope.changes.changed(cell);
    if (cell.life.expiresAt > this.now) {
      this.moveIndex(cell, cell.life.expiresAt);
    } else {
      cell.value = ABSENT;
      cell.life = undefined;
    }
  }

  /** Works through the index, about `limit` entries of it. True while more is due. */
  removeExpired(limit: number, tableOf: (state: string) => ExpiringTable | undefined): boolean {
    const index = this.#openIndex();
    for (let entry = 0; entry < limit; entry++) {
      const due = index.takeDue(this.now);
      if (due === undefined) return false;
      const [name, sub] = splitTag(due.tag);
      tableOf(name)?.expire(due.key, sub, due.at);
    }
    return index.nextAt() <= this.now;
  }
}

function tagOf(cell: Cell): string {
  const { name } = cell.home;
  return `${name.length}${NAME_END}${name}${charactersOf(cell.home.encodeSub(cell.sub))}`;
}

/** Name of the state and sub key. */
export function splitTag(tag: string): readonly [string, string] {
  const start = tag.indexOf(NAME_END) + 1;
  const end = start + Number(tag.slice(0, start - 1));
  return [tag.slice(start, end), tag.slice(end)];
}
