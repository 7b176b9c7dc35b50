import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { CalendarUnit } from '../../../src/operators/index.ts';
import { CalendarIntervals } from '../../../src/operators/windows/calendar-intervals.ts';

const HOUR_MS = 3_600_000;

/** With changes at midnight, by half an hour, by a whole day (Apia skipped 2011-12-30), and none. */
const ZONES = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Havana',
  'America/Sao_Paulo',
  'Pacific/Apia',
];
const UNITS: readonly CalendarUnit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year'];

/** What the wall clock shows, asked in another way than the product does. */
function wall(zone: string, time: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(time);
}

function intervalOf(unit: CalendarUnit, zone: string, time: number, offsetMs = 0): [number, number] {
  const intervals = new CalendarIntervals(unit, zone, offsetMs);
  const start = intervals.startOf(time);
  return [start, intervals.endOf(start)];
}

describe('calendar intervals', () => {
  it.each([
    ['day', '2026-02-03 00:00:00', '2026-02-04 00:00:00'],
    ['week', '2026-02-02 00:00:00', '2026-02-09 00:00:00'],
    ['month', '2026-02-01 00:00:00', '2026-03-01 00:00:00'],
    ['quarter', '2026-01-01 00:00:00', '2026-04-01 00:00:00'],
    ['year', '2026-01-01 00:00:00', '2027-01-01 00:00:00'],
    ['hour', '2026-02-03 15:00:00', '2026-02-03 16:00:00'],
  ] as const)('a %s in Berlin begins and ends where the wall clock says so', (unit, start, end) => {
    const interval = intervalOf(unit, 'Europe/Berlin', Date.UTC(2026, 1, 3, 14, 30));

    expect(interval.map((time) => wall('Europe/Berlin', time))).toEqual([start, end]);
  });

  it('hold their time, follow one another without a gap, and do not depend on what was asked before', () => {
    const time = fc.oneof(
      fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2100, 0) }),
      // Around changes of the clock.
      fc
        .tuple(
          fc.constantFrom(
            Date.UTC(2026, 2, 8, 7),
            Date.UTC(2026, 10, 1, 6),
            Date.UTC(2011, 11, 30, 10),
            Date.UTC(2018, 10, 4, 3),
            Date.UTC(2026, 3, 4, 15),
          ),
          fc.integer({ min: -50 * HOUR_MS, max: 50 * HOUR_MS }),
        )
        .map(([change, by]) => change + by),
    );
    const offset = fc.constantFrom(0, 0, 6 * HOUR_MS, -90 * 60_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...UNITS),
        offset,
        fc.array(time, { minLength: 1, maxLength: 6 }),
        (zone, unit, offsetMs, times) => {
          const kept = new CalendarIntervals(unit, zone, offsetMs);
          for (const each of times) {
            const [start, end] = intervalOf(unit, zone, each, offsetMs);
            expect(start).toBeLessThanOrEqual(each);
            expect(end).toBeGreaterThan(each);
            expect(intervalOf(unit, zone, start, offsetMs)).toEqual([start, end]);
            expect(intervalOf(unit, zone, end - 1, offsetMs)).toEqual([start, end]);
            expect(intervalOf(unit, zone, end, offsetMs)[0]).toBe(end);
            expect(intervalOf(unit, zone, start - 1, offsetMs)[1]).toBe(start);
            expect([kept.startOf(each), kept.endOf(start)]).toEqual([start, end]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of days hold all of a date on the wall clock and nothing else, unless midnight comes twice', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'America/Sao_Paulo'),
        fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2030, 0) }),
        (zone, time) => {
          const [start, end] = intervalOf('day', zone, time);
          const date = (at: number) => wall(zone, at).slice(0, 10);
          expect([date(start), date(end - 1)]).toEqual([date(time), date(time)]);
          expect([date(start - 1), date(end)]).not.toContain(date(time));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of hours have 60 minutes where the clock goes back by one, and end where it goes back by half', () => {
    const newYork = Date.UTC(2026, 10, 1, 5);
    expect([0, 1, 2].map((i) => intervalOf('hour', 'America/New_York', newYork + (i + 0.5) * HOUR_MS))).toEqual(
      [0, 1, 2].map((i) => [newYork + i * HOUR_MS, newYork + (i + 1) * HOUR_MS]),
    );

    // 02:00 becomes 01:30 on 2026-04-05, which is 15:00 UTC of the day before.
    const change = Date.UTC(2026, 3, 4, 15);
    expect(intervalOf('hour', 'Australia/Lord_Howe', change - 1)).toEqual([change - HOUR_MS, change]);
    expect(intervalOf('hour', 'Australia/Lord_Howe', change)).toEqual([change, change + HOUR_MS / 2]);
  });

  it('look a boundary up once, not for each record', () => {
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    const intervals = new CalendarIntervals('day', 'Europe/Berlin', 0);

    for (let i = 0; i < 10_000; i++) intervals.startOf(Date.UTC(2026, 5, 1 + (i % 3)));

    expect(asked.mock.calls.length).toBeLessThan(50);
    asked.mockRestore();
  });
});
