import { describe, expect, it } from 'vitest';
import { assignTasks, type PoolThreads, type WaitingTask } from '../../src/microbatch/assign-tasks.ts';

const ANY: WaitingTask = { preferred: undefined, avoided: new Set(), isStateless: false };
const prefers = (preferred: number): WaitingTask => ({ ...ANY, preferred });
const avoids = (...threads: readonly number[]): WaitingTask => ({ ...ANY, avoided: new Set(threads) });
const stateless = (preferred: number): WaitingTask => ({ ...ANY, preferred, isStateless: true });

/** `idle` of the threads, or `undefined` for a task that waits, by task. */
function assign(
  waiting: readonly WaitingTask[],
  threads: Partial<PoolThreads>,
): readonly (number | 'new' | undefined)[] {
  const assignments = assignTasks(waiting, { idle: [], busy: [], growth: 0, ...threads });
  return waiting.map((_, task) => assignments.find((assignment) => assignment.task === task)?.thread);
}

describe('a waiting task', () => {
  it.each([
    ['goes where its state is', [prefers(2)], { idle: [1, 2] }, [2]],
    ['goes where its state is, also if it came last', [ANY, prefers(1)], { idle: [1, 2] }, [2, 1]],
    ['waits for its state on a busy thread', [prefers(2)], { idle: [1], busy: [2], growth: 1 }, [undefined]],
    [
      'waits for its state on a thread that another was just given',
      [prefers(2), prefers(2)],
      { idle: [1, 2] },
      [2, undefined],
    ],
    ['goes elsewhere when the thread of its state is gone', [prefers(2)], { idle: [1] }, [1]],
    ['without state does not wait', [stateless(2)], { idle: [1], busy: [2] }, [1]],
    ['takes any idle thread when it has none', [ANY, ANY], { idle: [1, 2] }, [1, 2]],
    [
      'has a thread started where none is idle and one may be',
      [ANY, ANY],
      { busy: [1], growth: 1 },
      ['new', undefined],
    ],
    ['stays away from threads that it avoids', [avoids(1)], { idle: [1, 2] }, [2]],
    ['has a thread started rather than go where it failed', [avoids(1)], { idle: [1], growth: 1 }, ['new']],
    ['waits for another thread rather than go where it failed', [avoids(1)], { idle: [1], busy: [2] }, [undefined]],
    ['goes where it failed when there is no other thread', [avoids(1)], { idle: [1] }, [1]],
    ['goes where it failed when it failed everywhere', [avoids(1, 2)], { idle: [1], busy: [2] }, [1]],
    [
      'does not go back to its state where it failed',
      [{ ...prefers(1), avoided: new Set([1]) }],
      { idle: [1, 2] },
      [2],
    ],
    ['waits where nothing is idle', [ANY], { busy: [1] }, [undefined]],
  ] as const)('%s', (_, waiting, threads, expected) => {
    expect(assign(waiting, threads)).toEqual(expected);
  });
});
