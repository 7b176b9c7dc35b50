/**
 * Which waiting task goes to which thread. Pure.
 *
 * A task goes where its state is. One whose state is on a busy thread waits for it if it has much to lose (delay scheduling:
 * Zaharia et al., EuroSys 2010, here without a time limit, because the thread is at work for the same superstep), and otherwise takes
 * any thread that is free. Where it failed or runs already it goes only if there is no other thread.
 */

import type { Stage } from '../plan/physical-plan.ts';
import type { PoolThread } from './task.ts';
import type { TaskPlacement } from './task-pool.ts';

export interface WaitingTask extends TaskPlacement {
  /** Nothing of it is on a thread: it loses nothing elsewhere. */
  readonly isStateless: boolean;
}

/** Whether a task of the stage leaves nothing on its thread. */
export function isStateless({ chain }: Stage): boolean {
  return !chain.some(({ node }) => node.role === 'operator' && node.state !== 'none');
}

export interface PoolThreads {
  readonly idle: readonly PoolThread[];
  readonly busy: readonly PoolThread[];
  /** Threads that the pool may start in addition. */
  readonly growth: number;
}

export interface Assignment {
  /** Index of the waiting task. */
  readonly task: number;
  readonly thread: PoolThread | 'new';
}

export function assignTasks(waiting: readonly WaitingTask[], threads: PoolThreads): readonly Assignment[] {
  const idle = new Set(threads.idle);
  const busy = new Set(threads.busy);
  const assigned = new Map<number, PoolThread | 'new'>();
  const give = (task: number, thread: PoolThread): void => {
    idle.delete(thread);
    busy.add(thread);
    assigned.set(task, thread);
  };
  waiting.forEach(({ preferred, avoided }, task) => {
    if (preferred !== undefined && idle.has(preferred) && !avoided.has(preferred)) give(task, preferred);
  });
  let growth = threads.growth;
  waiting.forEach((candidate, task) => {
    if (assigned.has(task) || isWaitingForItsState(candidate, busy)) return;
    const { avoided } = candidate;
    const fresh = [...idle].find((thread) => !avoided.has(thread));
    if (fresh !== undefined) give(task, fresh);
    else if (growth > 0) {
      growth--;
      assigned.set(task, 'new');
    } else if (idle.size > 0 && ![...busy].some((thread) => !avoided.has(thread))) {
      give(task, [...idle][0]!);
    }
  });
  return [...assigned].map(([task, thread]) => ({ task, thread }));
}

function isWaitingForItsState(task: WaitingTask, busy: ReadonlySet<PoolThread>): boolean {
  const { preferred, avoided, isStateless } = task;
  return !isStateless && preferred !== undefined && !avoided.has(preferred) && busy.has(preferred);
}
