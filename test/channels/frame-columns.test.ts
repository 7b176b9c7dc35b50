import { describe, expect, test } from 'vitest';
import { FrameColumns } from '../../src/channels/frame-columns.ts';
import { type Key, StreamRecord } from '../../src/model/index.ts';

function columnsOf(count: number, first = 0): FrameColumns {
  const columns = new FrameColumns();
  for (let i = first; i < first + count; i++) columns.add(new StreamRecord({ i }, `k${i}`, i, i / 2));
  return columns;
}

/** Row by row, with what stands behind the end. */
function rowsOf(columns: FrameColumns): unknown[] {
  return columns.values.map((value, i) => [
    value,
    columns.keys[i] as Key,
    columns.timestamps[i],
    columns.ingestTimes[i],
  ]);
}

describe('columns of a frame', () => {
  test('hold records in order', () => {
    const columns = columnsOf(2);

    expect(columns.length).toBe(2);
    expect(rowsOf(columns)).toEqual([
      [{ i: 0 }, 'k0', 0, 0],
      [{ i: 1 }, 'k1', 1, 0.5],
    ]);
  });

  test('append others', () => {
    const columns = columnsOf(2);

    columns.append(columnsOf(3, 2));

    expect(columns.length).toBe(5);
    expect(rowsOf(columns)).toEqual(rowsOf(columnsOf(5)));
  });

  test.each([0, 1, 3, 5])('drop the first %d of 5, and keep no value or key behind the end alive', (count) => {
    const columns = columnsOf(5);

    columns.drop(count);

    expect(columns.length).toBe(5 - count);
    expect(rowsOf(columns).slice(0, 5 - count)).toEqual(rowsOf(columnsOf(5)).slice(count));
    expect([...columns.values, ...columns.keys].filter((item) => item !== undefined)).toHaveLength(2 * (5 - count));
  });

  test('are filled again after a drop', () => {
    const columns = columnsOf(5);
    columns.drop(5);

    columns.append(columnsOf(2, 7));

    expect(rowsOf(columns).slice(0, 2)).toEqual(rowsOf(columnsOf(2, 7)));
  });
});
