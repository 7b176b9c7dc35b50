/**
 * What the ledger job must have done with a part of its input: a plain program over arrays, without epochs, threads or any
 * code of the product.
 *
 * Records of one account from different files come in any order; what must hold in every order is checked here.
 */
import {
  BRANCHES,
  branchOf,
  HISTORY_MAX,
  LARGE_CENTS,
  type LedgerRow,
  type Leg,
} from '../../fixtures/recovery/ledger-model.ts';
import type { InputSplit } from './ledger-input.ts';
import type { Complain } from './violations.ts';

/** How far each file was read: the next byte. */
export type ReadUpTo = ReadonlyMap<string, number>;

export interface LedgerExpectation {
  /** By account and file, in order. */
  readonly legs: ReadonlyMap<string, readonly Leg[]>;
  readonly balances: ReadonlyMap<string, { readonly count: number; readonly cents: number }>;
  /** By account: postings by file. */
  readonly bySplit: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly branches: ReadonlyMap<number, { readonly postings: number; readonly cents: number }>;
  /** `path@offset` with the length of the line. */
  readonly deadLetters: ReadonlyMap<string, number>;
  readonly recordsRead: number;
}

export function expectLedger(input: readonly InputSplit[], readUpTo?: ReadUpTo): LedgerExpectation {
  const legs = new Map<string, Leg[]>();
  const balances = new Map<string, { count: number; cents: number }>();
  const bySplit = new Map<string, Map<string, number>>();
  const branches = new Map<number, { postings: number; cents: number }>();
  const deadLetters = new Map<string, number>();
  let recordsRead = 0;
  for (const { path, lines } of input) {
    const end = readUpTo === undefined ? Number.POSITIVE_INFINITY : (readUpTo.get(path) ?? 0);
    for (const line of lines.filter(({ offset }) => offset < end)) {
      if (line.kind === 'bad') {
        deadLetters.set(`${path}@${line.offset}`, line.rawBytes);
        continue;
      }
      recordsRead++;
      for (const leg of line.legs) {
        entryOf(legs, originOf(leg), () => []).push(leg);
        const balance = entryOf(balances, leg.account, () => ({ count: 0, cents: 0 }));
        balance.count++;
        balance.cents += leg.cents;
        const counters = entryOf(bySplit, leg.account, () => new Map<string, number>());
        counters.set(path, (counters.get(path) ?? 0) + 1);
        const branch = entryOf(branches, branchOf(leg.account), () => ({ postings: 0, cents: 0 }));
        branch.postings++;
        branch.cents += leg.cents;
      }
    }
  }
  return { legs, balances, bySplit, branches, deadLetters, recordsRead };
}

/** Keyed state of the process, as read from a checkpoint. */
export interface LedgerState {
  readonly total: ReadonlyMap<string, unknown>;
  readonly history: ReadonlyMap<string, readonly unknown[]>;
  readonly bySplit: ReadonlyMap<string, ReadonlyMap<unknown, unknown>>;
  readonly marks: ReadonlyMap<string, ReadonlyMap<unknown, unknown>>;
}

/**
 * Rows in the order of the file against what the input demands. `isPart`: a beginning is enough (of every account, and of
 * every account's postings from every file).
 */
export function checkRows(
  rows: readonly LedgerRow[],
  expected: LedgerExpectation,
  isPart: boolean,
  complain: Complain,
): void {
  const accounts = new Map<string, { v: number; balance: number }>();
  const origins = new Map<string, number>();
  for (const row of rows) {
    const account = entryOf(accounts, row.account, () => ({ v: 0, balance: 0 }));
    account.v++;
    account.balance += row.cents;
    const n = entryOf(origins, originOf(row), () => 0) + 1;
    origins.set(originOf(row), n);
    const where = `row ${name(row.account)}:${row.v} from ${row.split} (n=${row.n})`;
    if (row.v !== account.v) complain(`${where}: v should be ${account.v}: rows were repeated, left out or swapped`);
    if (row.n !== n) complain(`${where}: n should be ${n}: postings were repeated, left out or swapped`);
    if (row.balance !== account.balance) complain(`${where}: balance is ${row.balance}, should be ${account.balance}`);
    const leg = expected.legs.get(originOf(row))?.[n - 1];
    if (leg === undefined) complain(`${where}: no such posting was read`);
    else if (leg.seq !== row.seq || leg.cents !== row.cents)
      complain(`${where}: seq ${row.seq}, ${row.cents} cents, should be seq ${leg.seq}, ${leg.cents} cents`);
  }
  if (isPart) return;
  for (const [origin, legs] of expected.legs) {
    const found = origins.get(origin) ?? 0;
    if (found !== legs.length) complain(`${name(origin)}: ${found} rows, should be ${legs.length}`);
  }
}

export function checkLarge(
  rows: readonly LedgerRow[],
  expected: LedgerExpectation,
  isPart: boolean,
  complain: Complain,
): void {
  const found = new Map<string, LedgerRow[]>();
  for (const row of rows) entryOf(found, originOf(row), () => []).push(row);
  for (const [origin, list] of found) {
    const large = (expected.legs.get(origin) ?? []).filter(({ cents }) => Math.abs(cents) > LARGE_CENTS);
    const isBeginning = list.every(({ seq, cents }, i) => large[i]?.seq === seq && large[i]?.cents === cents);
    if (!isBeginning) complain(`large rows of ${name(origin)} are not those of the input, in its order`);
  }
  if (isPart) return;
  for (const [origin, legs] of expected.legs) {
    const large = legs.filter(({ cents }) => Math.abs(cents) > LARGE_CENTS).length;
    const actual = found.get(origin)?.length ?? 0;
    if (actual !== large) complain(`large rows of ${name(origin)}: ${actual}, should be ${large}`);
  }
}

/** The state of each account against the input, and against the rows it has emitted. */
export function checkState(
  state: LedgerState,
  expected: LedgerExpectation,
  rows: readonly LedgerRow[] | undefined,
  complain: Complain,
): void {
  sameKeys('value state', state.total, expected.balances, complain);
  const tags = new Map<string, string[]>();
  for (const row of rows ?? []) entryOf(tags, row.account, () => []).push(`${row.split}#${row.n}`);
  for (const [account, balance] of expected.balances) {
    same(`value state of ${name(account)}`, state.total.get(account), balance, complain);
    const since = Math.floor((balance.count - 1) / HISTORY_MAX) * HISTORY_MAX;
    const history = state.history.get(account) ?? [];
    if (rows === undefined)
      same(`length of the list of ${name(account)}`, history.length, balance.count - since, complain);
    else same(`list of ${name(account)}`, history, tags.get(account)?.slice(since) ?? [], complain);
    same(
      `map of marks of ${name(account)}`,
      plain(state.marks.get(account)),
      plain(marksAfter(balance.count)),
      complain,
    );
    same(
      `map of files of ${name(account)}`,
      plain(state.bySplit.get(account)),
      plain(expected.bySplit.get(account)),
      complain,
    );
  }
}

export function checkTables(
  tables: { readonly balances: ReadonlyMap<unknown, unknown>; readonly branches: ReadonlyMap<unknown, unknown> },
  expected: LedgerExpectation,
  rows: readonly LedgerRow[] | undefined,
  complain: Complain,
): void {
  sameKeys('table of balances', tables.balances, expected.balances, complain);
  let sum = 0;
  const last = new Map((rows ?? []).map((row) => [row.account, row]));
  for (const [account, balance] of expected.balances) {
    const row = tables.balances.get(account) as LedgerRow | undefined;
    sum += row?.balance ?? 0;
    same(`row of ${name(account)}`, row && { count: row.v, cents: row.balance }, balance, complain);
    if (rows !== undefined) same(`last row of ${name(account)}`, row, last.get(account), complain);
  }
  if (sum !== 0) complain(`the balances in the table sum to ${sum}: money was made or lost`);
  sameKeys('table of branches', tables.branches, expected.branches, complain);
  for (let key = 0; key < BRANCHES; key++) {
    const branch = expected.branches.get(key);
    if (branch !== undefined) same(`branch ${key}`, tables.branches.get(key), { key, ...branch }, complain);
  }
}

/** Each exactly once, at the right place. */
export function checkDeadLetters(
  letters: readonly { readonly split: string; readonly offset: string; readonly rawBytes: number }[],
  expected: LedgerExpectation,
  complain: Complain,
): void {
  const seen = new Set<string>();
  for (const { split, offset, rawBytes } of letters) {
    const place = `${split}@${offset}`;
    if (seen.has(place)) complain(`the dead letter ${place} is there twice`);
    seen.add(place);
    if (expected.deadLetters.get(place) !== rawBytes)
      complain(`there should be no dead letter ${place} of ${rawBytes} bytes`);
  }
  for (const place of expected.deadLetters.keys())
    if (!seen.has(place)) complain(`the dead letter ${place} is missing`);
}

function marksAfter(count: number): ReadonlyMap<number, number> {
  const marks = new Map<number, number>();
  for (let v = 1; v <= count; v++) {
    marks.set(v % 16, v);
    if (v % 5 === 0) marks.delete((v + 3) % 16);
  }
  return marks;
}

function originOf({ account, split }: { readonly account: string; readonly split: string }): string {
  return `${split}|${account}`;
}

function entryOf<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = create();
  map.set(key, made);
  return made;
}

function plain(map: ReadonlyMap<unknown, unknown> | undefined): readonly string[] {
  return [...(map ?? [])].map(([key, value]) => `${typeof key}:${key}=${value}`).sort();
}

function sameKeys(
  what: string,
  found: ReadonlyMap<unknown, unknown>,
  wanted: ReadonlyMap<unknown, unknown>,
  complain: Complain,
): void {
  for (const key of found.keys()) if (!wanted.has(key)) complain(`${what}: nothing should be under ${name(key)}`);
}

function same(what: string, found: unknown, wanted: unknown, complain: Complain): void {
  const [a, b] = [sorted(found), sorted(wanted)];
  if (a !== b) complain(`${what} is ${shorten(a)}, should be ${shorten(b)}`);
}

/** As text, independent of the order of fields. */
function sorted(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value) ?? 'absent';
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function name(value: unknown): string {
  return shorten(JSON.stringify(value) ?? 'undefined');
}

function shorten(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 160)}... (${text.length} characters)`;
}
