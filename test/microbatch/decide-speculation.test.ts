import { describe, expect, it } from 'vitest';
import { decideStragglerMs, type TaskTime } from '../../src/microbatch/decide-speculation.ts';

function times(...durations: readonly number[]): TaskTime[] {
  return durations.map((durationMs) => ({ durationMs, records: undefined }));
}

/** Each took `durationMs` for `records`. */
function counted(...tasks: readonly (readonly [durationMs: number, records: number])[]): TaskTime[] {
  return tasks.map(([durationMs, records]) => ({ durationMs, records }));
}

describe('a straggler', () => {
  it.each<[string, number, readonly TaskTime[], number | undefined]>([
    ['is unknown before three quarters are done', 8, times(200, 200, 200, 200, 200), undefined],
    ['takes more than 1.5 medians', 8, times(200, 100, 900, 200, 300, 200), 300],
    ['takes more than 1.5 times the greater of two medians', 5, times(200, 200, 300, 300), 450],
    ['takes more than 100 ms', 4, times(10, 10, 10), 100],
  ])('among many %s', (_case, tasks, done, expected) => {
    expect(decideStragglerMs({ tasks, done, earlier: times(9, 9, 9, 9, 9) }, 5)).toBe(expected);
  });

  it.each([1, 2, 3])('among %i is measured by earlier batches', (tasks) => {
    const stage = {
      tasks,
      done: times(...Array<number>(tasks - 1).fill(5000)),
      earlier: times(100, 200, 300, 200, 100),
    };

    expect(decideStragglerMs(stage, undefined)).toBe(300);
  });

  it('is unknown before there are some earlier ones', () => {
    expect(decideStragglerMs({ tasks: 2, done: [], earlier: times(100, 100, 100, 100) }, 5)).toBeUndefined();
  });

  it('may take the longer the more records it has, where counts are known', () => {
    const earlier = counted([100, 10], [200, 20], [100, 10], [300, 30], [400, 40]);

    expect(decideStragglerMs({ tasks: 1, done: [], earlier }, 100)).toBe(1500);
    expect(decideStragglerMs({ tasks: 1, done: [], earlier }, 1)).toBe(100);
    expect(decideStragglerMs({ tasks: 1, done: [], earlier }, undefined)).toBe(300);
    expect(decideStragglerMs({ tasks: 1, done: [], earlier }, 0)).toBe(300);
  });

  it('is not measured by tasks that had nothing to do', () => {
    const earlier = counted([1, 0], [1, 0], [1, 0], [1, 0], [1, 0], [500, 10]);

    expect(decideStragglerMs({ tasks: 1, done: [], earlier }, 10)).toBe(100);
  });
});
