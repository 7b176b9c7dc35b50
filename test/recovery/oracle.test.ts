/**
 * The oracles and comparisons of the recovery tests can fail: each kind of damage that a wrong recovery would do is noticed.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HISTORY_MAX, type LedgerRow, type Leg } from '../fixtures/recovery/ledger-model.ts';
import { readCommittedLines } from './support/committed-lines.ts';
import { checkSequences, expectFlights, readFlights } from './support/flights-oracle.ts';
import { makeLedgerInput } from './support/ledger-input.ts';
import {
  checkDeadLetters,
  checkLarge,
  checkRows,
  checkState,
  checkTables,
  expectLedger,
  type LedgerState,
} from './support/ledger-oracle.ts';
import { makeSensorsInput } from './support/sensors-input.ts';
import { checkBag, checkWithoutStrays, expectSensors } from './support/sensors-oracle.ts';
import { TemporaryFolder } from './support/temporary-folder.ts';
import { Violations } from './support/violations.ts';

const input = makeLedgerInput(3, { transfers: 60, postings: 30 });
const expected = expectLedger(input);

/** What the job would write with the files read in turn, a line each. */
function rowsOf(): LedgerRow[] {
  const rows: LedgerRow[] = [];
  const accounts = new Map<string, { v: number; balance: number; n: Map<string, number> }>();
  const book = (leg: Leg): void => {
    const account = accounts.get(leg.account) ?? { v: 0, balance: 0, n: new Map() };
    accounts.set(leg.account, account);
    account.v++;
    account.balance += leg.cents;
    const n = (account.n.get(leg.split) ?? 0) + 1;
    account.n.set(leg.split, n);
    rows.push({ ...leg, v: account.v, n, balance: account.balance });
  };
  const longest = Math.max(...input.map(({ lines }) => lines.length));
  for (let i = 0; i < longest; i++) {
    for (const { lines } of input) {
      const line = lines[i];
      if (line?.kind === 'record') line.legs.forEach(book);
    }
  }
  return rows;
}

const rows = rowsOf();
const busy = rows.find(({ v }) => v === 5)!.account;

function stateOf(): LedgerState & { readonly history: Map<string, string[]> } {
  const total = new Map([...expected.balances].map(([account, balance]) => [account, { ...balance }]));
  const history = new Map<string, string[]>();
  const marks = new Map<string, Map<number, number>>();
  for (const { account, n, split, v } of rows) {
    const list = history.get(account) ?? [];
    history.set(account, (v - 1) % HISTORY_MAX === 0 ? [`${split}#${n}`] : [...list, `${split}#${n}`]);
    const own = marks.get(account) ?? new Map<number, number>();
    marks.set(account, own.set(v % 16, v));
    if (v % 5 === 0) own.delete((v + 3) % 16);
  }
  return { total, history, bySplit: expected.bySplit, marks };
}

function found(check: (complain: (sentence: string) => void) => void): string {
  const violations = new Violations();
  check(violations.complain);
  return String(violations);
}

describe('the rows of the ledger', () => {
  test('are right as a plain program writes them', () => {
    expect(found((complain) => checkRows(rows, expected, false, complain))).toBe('');
  });

  const without = (index: number): LedgerRow[] => rows.filter((_, i) => i !== index);
  const middle = rows.findIndex(({ account, v }) => account === busy && v === 3);
  test.each([
    ['left out', without(middle)],
    ['left out at the end', rows.slice(0, -1)],
    ['repeated', [...rows.slice(0, middle + 1), ...rows.slice(middle)]],
    ['repeated at the end', [...rows, rows.at(-1)!]],
    ['of another order', [...without(middle), rows[middle]!]],
    ['with another amount', rows.map((row, i) => (i === middle ? { ...row, cents: row.cents + 1 } : row))],
    ['with another number', rows.map((row, i) => (i === middle ? { ...row, v: row.v + 1 } : row))],
    ['with another file', rows.map((row, i) => (i === middle ? { ...row, split: 'input/other.jsonl' } : row))],
  ])('are wrong when one is %s', (_, damaged) => {
    expect(found((complain) => checkRows(damaged, expected, false, complain))).not.toBe('');
  });

  test('may be a part while an epoch is being made visible, but only a beginning', () => {
    expect(found((complain) => checkRows(rows.slice(0, 100), expected, true, complain))).toBe('');
    expect(found((complain) => checkRows(rows.slice(100), expected, true, complain))).not.toBe('');
  });

  test('are wrong where more is visible than was read', () => {
    const less = expectLedger(input, new Map(input.map(({ path, lines }) => [path, lines[10]!.offset])));

    expect(found((complain) => checkRows(rows, less, false, complain))).toContain('no such posting was read');
  });

  test('of the side output are wrong when one is missing or out of order', () => {
    const large = rows.filter(({ cents }) => Math.abs(cents) > 900);

    expect(found((complain) => checkLarge(large, expected, false, complain))).toBe('');
    expect(found((complain) => checkLarge(large.slice(1), expected, false, complain))).not.toBe('');
    expect(found((complain) => checkLarge(large.slice(0, -1), expected, false, complain))).not.toBe('');
  });
});

describe('the state of the ledger', () => {
  test('is right as a plain program keeps it', () => {
    expect(found((complain) => checkState(stateOf(), expected, rows, complain))).toBe('');
  });

  test.each([
    ['a value is stale', (state: LedgerState) => Object.assign(state.total.get(busy) as object, { count: 1 })],
    ['a value is missing', (state: LedgerState) => (state.total as Map<string, unknown>).delete(busy)],
    ['a list has lost its last', (state: LedgerState) => (state.history.get(busy) as string[]).pop()],
    ['a list has an entry twice', (state: LedgerState) => (state.history.get(busy) as string[]).push('again')],
    ['a deleted map entry is back', (state: LedgerState) => (state.marks.get(busy) as Map<number, number>).set(99, 1)],
    ['a map entry is missing', (state: LedgerState) => (state.marks.get(busy) as Map<number, number>).clear()],
    [
      'there is one of a key never read',
      (state: LedgerState) => (state.total as Map<string, unknown>).set('ghost', {}),
    ],
  ])('is wrong when %s', (_, damage) => {
    const state = stateOf();

    damage(state);

    expect(found((complain) => checkState(state, expected, rows, complain))).not.toBe('');
  });

  test('of dead letters is wrong when one is missing, repeated or elsewhere', () => {
    const letters = [...expected.deadLetters].map(([place, rawBytes]) => {
      const [split, offset] = place.split('@') as [string, string];
      return { split, offset, rawBytes };
    });
    const check = (damaged: typeof letters): string =>
      found((complain) => checkDeadLetters(damaged, expected, complain));

    expect(letters.length).toBeGreaterThan(3);
    expect(check(letters)).toBe('');
    expect(check(letters.slice(1))).toContain('missing');
    expect(check([...letters, letters[0]!])).toContain('twice');
    expect(check(letters.map((letter) => ({ ...letter, offset: `${Number(letter.offset) + 1}` })))).not.toBe('');
  });

  test('of tables is wrong when a row is stale, and when money was made', () => {
    const balances = (): Map<unknown, unknown> => new Map(rows.map((row) => [row.account, row]));
    const branches = new Map([...expected.branches].map(([key, branch]) => [key, { key, ...branch }]));
    const stale = balances().set(busy, rows.find(({ account }) => account === busy)!);

    expect(found((complain) => checkTables({ balances: balances(), branches }, expected, rows, complain))).toBe('');
    expect(found((complain) => checkTables({ balances: stale, branches }, expected, rows, complain))).toContain(
      'money',
    );
    expect(
      found((complain) => checkTables({ balances: balances(), branches: new Map() }, expected, rows, complain)),
    ).not.toBe('');
  });
});

describe('the flights', () => {
  const bytes = Buffer.from(
    JSON.stringify([
      { date: 'a', delay: 61, distance: 1, origin: 'X', destination: 'Y' },
      { date: 'b', delay: -3, distance: 1, origin: 'X', destination: 'Z' },
    ]),
  );

  test('are cut at an offset as a reader cuts them', () => {
    const flights = readFlights(bytes);

    expect(expectFlights(flights, flights.offsets[1]!).recordsRead).toBe(1);
    expect(expectFlights(flights, flights.offsets[1]! + 1).recordsRead).toBe(2);
    expect(expectFlights(flights).rows.get('X')).toEqual([
      { key: 'X', flights: 1, meanDelay: 61, worstDelay: 61 },
      { key: 'X', flights: 2, meanDelay: 29, worstDelay: 61 },
    ]);
  });

  test('are wrong when a row is missing, repeated or different', () => {
    const { rows: wanted } = expectFlights(readFlights(bytes));
    const [first, second] = wanted.get('X')!;
    const check = (damaged: (typeof first)[]): string =>
      found((complain) => checkSequences('rows', damaged as object[], () => 'X', wanted, false, complain));

    expect(check([first, second])).toBe('');
    expect(check([first])).not.toBe('');
    expect(check([second])).not.toBe('');
    expect(check([first, first, second])).not.toBe('');
    expect(check([first, { ...second!, meanDelay: 29.5 }])).not.toBe('');
  });
});

describe('the sensors', () => {
  const sensors = makeSensorsInput(5, { readings: 200, repairs: 100 });
  const readings = sensors.readings.flatMap(({ records }) => records);
  const strays = readings.filter(({ isStray }) => isStray);
  const wanted = expectSensors(sensors, new Set(strays.slice(3).map(({ id }) => id)));

  test('have all kinds of results, and times on both sides of the epoch', () => {
    const counts = Object.fromEntries(Object.entries(wanted).map(([name, { length }]) => [name, length]));
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(5);
    expect(strays.length).toBeGreaterThan(5);
    expect(wanted.tumbling.reduce((sum, row) => sum + row.strays, 0)).toBe(3);
    expect(wanted.joined.some(({ repair }) => repair === null)).toBe(true);
    expect(wanted.sessions.some((row) => 'readings' in row && Number(row.readings) > 1)).toBe(true);
    expect(wanted.alarms.filter(({ kind }) => kind === 'close').length).toBeGreaterThan(
      wanted.alarms.filter(({ kind }) => kind === 'alarm').length,
    );
    expect(wanted.sliding.some(({ windowStart }) => windowStart < -500)).toBe(true);
    expect(wanted.sliding.some(({ windowStart }) => windowStart > 500)).toBe(true);
    expect(new Set(readings.map(({ id }) => id)).size).toBeLessThan(readings.length);
  });

  test('are never further out of order than the bound of their source, but for strays', () => {
    for (const { records } of sensors.readings) {
      let seen = Number.NEGATIVE_INFINITY;
      for (const { at, isStray } of records) {
        if (at === null) continue;
        if (!isStray) expect(at).toBeGreaterThan(seen - 400);
        seen = Math.max(seen, at);
      }
    }
  });

  test.each(['tumbling', 'regions', 'sliding', 'sessions', 'joined', 'alarms', 'reminders', 'untimed'] as const)(
    'are wrong when a row of %s is missing, repeated or different',
    (name) => {
      const rows: readonly object[] = wanted[name];
      const check = (damaged: readonly object[], isPart: boolean): string =>
        found((complain) => checkBag(name, damaged, rows, isPart, complain));

      expect(check(rows.toReversed(), false)).toBe('');
      expect(check(rows.slice(1), true)).toBe('');
      expect(check(rows.slice(1), false)).toContain('missing');
      expect(check([...rows, rows[0]!], true)).toContain('too many');
      expect(check([{ ...rows[0], more: 1 }, ...rows.slice(1)], true)).toContain('too many');
    },
  );

  test('may miss or have strays while those are under way, but each window once', () => {
    const rows = wanted.tumbling;
    const check = (damaged: typeof rows): string =>
      found((complain) =>
        checkWithoutStrays('tumbling', damaged, expectSensors(sensors, new Set()).tumbling, complain),
      );
    const full = rows.find(({ readings, strays }) => readings > 0 && strays === 0)!;
    const others = rows.filter((row) => row !== full);

    expect(check(rows)).toBe('');
    expect(check([...rows, full])).toContain('twice');
    expect(check([...others, { ...full, readings: full.readings + 1 }])).toContain('too many');
    expect(check([{ ...full, readings: 0, levels: 0 }])).toContain('nothing in it');
  });
});

describe('an output file', () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = new TemporaryFolder('oracle');
    folder.write('out.jsonl', '{"a":1}\n{"a":2}\n');
  });

  afterEach(() => folder.remove());

  const read = (start: number, end: number): string =>
    found((complain) => readCommittedLines(folder, 'out.jsonl', { part: 0, start, end }, complain));

  test('is right with exactly the committed bytes, or with a part of the latest epoch', () => {
    expect(read(8, 16)).toBe('');
    expect(read(8, 24)).toBe('');
  });

  test('is wrong with a byte that is not committed, with one missing, and without a committed epoch', () => {
    expect(read(0, 15)).toContain('1 of them not committed');
    expect(read(17, 24)).toContain('17 were visible before');
    expect(found((complain) => readCommittedLines(folder, 'out.jsonl', undefined, complain))).toContain('visible');
  });

  test('is wrong with a torn line in the committed part', () => {
    folder.write('out.jsonl', '{"a":1}\n{"a"\n:2}\n');
    expect(read(0, 17)).toContain('torn line');

    folder.write('out.jsonl', '{"a":1}\n{"a":2}');
    expect(read(0, 15)).toContain('ends in the middle');
  });
});
