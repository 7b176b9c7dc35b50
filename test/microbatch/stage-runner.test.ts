import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../src/microbatch/derive-tasks.ts';
import { StageRunner } from '../../src/microbatch/stage-runner.ts';
import type { TaskInput } from '../../src/microbatch/task.ts';
import { AssertionError, type MillraceError, OptionError, toReport } from '../../src/model/index.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { type FakeTask, FakeTaskPool, settle } from './fake-task-pool.ts';
import '../support/property-seed.ts';

const TIMEOUT_MS = 1000;

interface Setup {
  readonly threads?: number;
  readonly attemptsMax?: number;
  readonly speculation?: 'on' | 'off';
}

function setUp({ threads = 2, attemptsMax = 4, speculation = 'on' }: Setup = {}): {
  readonly clock: SimulatedClock;
  readonly pool: FakeTaskPool;
  readonly runner: StageRunner;
} {
  const clock = new SimulatedClock();
  const pool = new FakeTaskPool(clock, threads);
  const options = { operatorTimeoutMs: TIMEOUT_MS, batch: { attemptsMax, speculation } };
  const stages = [0, 1].map((index) => ({ index, name: `stage${index}`, chain: [] }));
  const runner = new StageRunner({ clock, pool, plan: { stages } as never, options });
  return { clock, pool, runner };
}

/** Tasks of stage 0, in epoch 1 if nothing else is said. */
function tasks(count: number, epoch = 1, input: TaskInput = { kind: 'blocks', exchanges: [] }): PlannedTask[] {
  return Array.from({ length: count }, (_, subtask) => ({
    deployment: {} as never,
    stage: 0,
    subtask,
    epoch,
    isFinal: false,
    foldedThrough: 0,
    input,
    time: { before: 0, after: 0, isIdle: false, now: 0 },
  }));
}

/** What a superstep came to: the winning attempts in the order of the tasks, or the message of its failure. */
class Outcome {
  winners: readonly number[] | undefined;
  error: MillraceError | undefined;

  constructor(run: ReturnType<StageRunner['run']>) {
    run.then(
      (outputs) => {
        this.winners = outputs.map((output) => (output as unknown as { readonly attempt: number }).attempt);
      },
      (error: MillraceError) => {
        this.error = error;
      },
    );
  }

  get isOpen(): boolean {
    return this.winners === undefined && this.error === undefined;
  }
}

describe('a superstep', () => {
  it('is done when all its tasks are, whichever is first, and gives their results in order', async () => {
    const { pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(3)));

    pool.attempt(2).finish();
    pool.attempt(3).finish();
    await settle();
    expect(outcome.isOpen).toBe(true);
    pool.attempt(1).finish();
    await settle();

    expect(outcome.winners).toEqual([1, 2, 3]);
    expect(runner.counts()).toEqual({ retries: 0, speculations: 0, lostThreads: 0 });
  });

  it('of nothing is done at once', async () => {
    expect(await setUp().runner.run([])).toEqual([]);
  });

  it('does not begin before the last one is done', async () => {
    const { runner } = setUp();
    new Outcome(runner.run(tasks(1)));

    expect(() => runner.run(tasks(1))).toThrow(AssertionError);
  });

  it('gives a subtask to the thread that has its state, and says which attempt it continues', async () => {
    const { pool, runner } = setUp();
    new Outcome(runner.run(tasks(2, 1)));
    pool.attempt(1).finish();
    pool.attempt(2).finish();
    await settle();

    new Outcome(runner.run(tasks(2, 2).reverse()));

    const [second, first] = [pool.attempt(3), pool.attempt(4)];
    expect([second.name, second.thread, second.request.continues]).toEqual(['0.1', 2, 2]);
    expect([first.name, first.thread, first.request.continues]).toEqual(['0.0', 1, 1]);
  });

  it('continues nothing after an epoch that another generation or nobody did', async () => {
    const { pool, runner } = setUp();
    new Outcome(runner.run(tasks(1, 1)));
    pool.attempt(1).finish();
    await settle();

    new Outcome(runner.run(tasks(1, 3)));

    expect(pool.attempt(2).request.continues).toBeUndefined();
    expect(pool.attempt(1).request.continues).toBeUndefined();
  });
});

describe('a failed attempt', () => {
  it('is made again with the same input, on another thread, under a new claim', async () => {
    const { pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(1)));
    const first = pool.attempt(1);

    first.fail();
    await settle();
    const second = pool.tasks[1]!;
    second.finish();
    await settle();

    expect(second.request.input).toBe(first.request.input);
    expect([first.thread, second.thread]).toEqual([1, 2]);
    expect(second.request.claim).not.toBe(first.request.claim);
    expect(outcome.winners).toEqual([second.attempt]);
    expect(runner.counts()).toMatchObject({ retries: 1, lostThreads: 0 });
  });

  it('is made again where there is no other thread', async () => {
    const { pool, runner } = setUp({ threads: 1 });
    const outcome = new Outcome(runner.run(tasks(1)));

    pool.attempt(1).fail();
    await settle();
    pool.tasks[1]!.finish();
    await settle();

    expect(pool.tasks.map(({ thread }) => thread)).toEqual([1, 1]);
    expect(outcome.winners).toHaveLength(1);
  });

  it('that is one too many fails the superstep with its own failure, where it happened', async () => {
    const { pool, runner } = setUp({ attemptsMax: 3 });
    const outcome = new Outcome(runner.run(tasks(2, 9)));

    for (const message of ['first', 'second', 'third']) {
      const failing = pool.tasks.findLast(({ name }) => name === '0.1')!;
      failing.fail(toReport(new Error(message)));
      await settle();
    }

    expect(outcome.error?.message).toBe('third');
    expect(outcome.error?.place).toMatchObject({ subtask: '0.1', epoch: 9 });
    expect(pool.tasks.filter(({ name }) => name === '0.1')).toHaveLength(3);
  });

  it('that would fail again fails the superstep at once', async () => {
    const { pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(1)));

    pool.attempt(1).fail(toReport(new OptionError('wrong', ['a: wrong'])));
    await settle();

    expect(outcome.error).toBeInstanceOf(OptionError);
    expect(pool.tasks).toHaveLength(1);
  });

  it('is made good also when its thread died while it had the claim', async () => {
    const { pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(1)));
    pool.attempt(1).takeClaim();

    pool.attempt(1).lose();
    await settle();
    pool.tasks[1]!.finish();
    await settle();

    expect(outcome.winners).toEqual([pool.tasks[1]!.attempt]);
    expect(runner.counts()).toEqual({ retries: 1, speculations: 0, lostThreads: 1 });
  });

  it('can no longer take its claim, should its thread live on for a moment', async () => {
    const { pool, runner } = setUp();
    new Outcome(runner.run(tasks(1)));

    pool.attempt(1).lose();
    await settle();

    expect(pool.attempt(1).takeClaim()).toBe(false);
    expect(pool.tasks[1]!.takeClaim()).toBe(true);
  });

  it('of one task does not hold up the others', async () => {
    const { pool, runner } = setUp({ threads: 3 });
    const outcome = new Outcome(runner.run(tasks(3)));

    pool.attempt(2).fail();
    pool.attempt(1).finish();
    pool.attempt(3).finish();
    await settle();
    pool.tasks[3]!.finish();
    await settle();

    expect(outcome.winners).toEqual([1, pool.tasks[3]!.attempt, 3]);
  });
});

/** A superstep of four tasks on five threads of which the last is slow: it is run twice. */
async function withStraggler(
  setup: Setup = {},
): Promise<
  ReturnType<typeof setUp> & { readonly outcome: Outcome; readonly slow: FakeTask; readonly second: FakeTask }
> {
  const all = setUp({ threads: 5, ...setup });
  const outcome = new Outcome(all.runner.run(tasks(4)));
  await settle();
  all.clock.advance(100);
  for (const number of [1, 2, 3]) all.pool.attempt(number).finish();
  await settle();
  all.pool.attempt(4).beat();
  all.clock.advance(50);
  expect(all.pool.tasks).toHaveLength(5);
  return { ...all, outcome, slow: all.pool.attempt(4), second: all.pool.attempt(5) };
}

describe('a straggler', () => {
  it('is run a second time, on another thread, under the same claim, when it has taken 1.5 medians and no sooner', async () => {
    const { clock, pool, runner } = setUp({ threads: 5 });
    new Outcome(runner.run(tasks(4)));
    await settle();
    clock.advance(100);
    for (const number of [1, 2, 3]) pool.attempt(number).finish();
    await settle();

    clock.advance(49.9);
    expect(pool.tasks).toHaveLength(4);
    clock.advance(0.1);

    const [slow, second] = [pool.attempt(4), pool.attempt(5)];
    expect([second.name, second.request.claim]).toEqual([slow.name, slow.request.claim]);
    expect(second.placement.avoided).toEqual(new Set([slow.thread]));
    expect(runner.counts()).toEqual({ retries: 0, speculations: 1, lostThreads: 0 });
  });

  it('that wins leaves its double superseded', async () => {
    const { outcome, runner, second, slow } = await withStraggler();

    slow.finish();
    second.finish();
    await settle();

    expect(outcome.winners).toEqual([1, 2, 3, 4]);
    expect(runner.counts()).toMatchObject({ retries: 0, speculations: 1 });
  });

  it('that loses is superseded: the superstep ends with the result of its double, without waiting for it', async () => {
    const { outcome, pool, second, slow } = await withStraggler();

    second.finish();
    await settle();
    expect(outcome.winners).toEqual([1, 2, 3, 5]);
    slow.finish();
    await settle();

    expect(pool.tasks).toHaveLength(5);
  });

  it('that fails is not made again while its double can win', async () => {
    const { outcome, pool, second, slow } = await withStraggler();

    slow.fail();
    await settle();
    second.finish();
    await settle();

    expect(pool.tasks).toHaveLength(5);
    expect(outcome.winners).toEqual([1, 2, 3, 5]);
  });

  it('whose double fails with the claim is made again, and is superseded itself', async () => {
    const { outcome, pool, second, slow } = await withStraggler();
    second.takeClaim();

    second.lose();
    await settle();
    const third = pool.tasks[5]!;
    expect(third.request.claim).not.toBe(slow.request.claim);
    slow.finish();
    third.finish();
    await settle();

    expect(outcome.winners).toEqual([1, 2, 3, third.attempt]);
  });

  it('that can no longer win does not stand for an attempt that can', async () => {
    const { outcome, pool, runner, second } = await withStraggler();
    second.takeClaim();
    second.lose();
    await settle();

    pool.tasks[5]!.fail();
    await settle();
    expect(runner.counts()).toMatchObject({ retries: 2, speculations: 1 });
    pool.tasks[6]!.finish();
    await settle();

    expect(outcome.winners).toEqual([1, 2, 3, pool.tasks[6]!.attempt]);
  });

  it('that loses is not made again while the superstep goes on', async () => {
    const { clock, pool, runner } = setUp({ threads: 10 });
    new Outcome(runner.run(tasks(8)));
    await settle();
    clock.advance(100);
    for (let number = 1; number <= 6; number++) pool.attempt(number).finish();
    await settle();
    clock.advance(50);

    pool.attempt(9).finish();
    await settle();
    pool.attempt(7).finish();
    await settle();

    expect(pool.tasks).toHaveLength(10);
    expect(pool.busy().map(({ attempt }) => attempt)).toEqual([8, 10]);
    expect(runner.counts()).toMatchObject({ retries: 0, speculations: 2 });
  });

  it('that is superseded by a double that died with the claim a moment later waits for it to be made again', async () => {
    const { outcome, pool, second, slow } = await withStraggler();
    second.takeClaim();

    slow.finish();
    await settle();
    expect(pool.tasks).toHaveLength(5);
    second.lose();
    await settle();
    pool.tasks[5]!.finish();
    await settle();

    expect(outcome.winners).toEqual([1, 2, 3, pool.tasks[5]!.attempt]);
  });

  it('whose claim was taken by an attempt that had been given up is made again', async () => {
    const { outcome, pool, second, slow } = await withStraggler();

    slow.lose();
    await settle();
    slow.takeClaim();
    second.finish();
    await settle();
    pool.tasks[5]!.finish();
    await settle();

    expect(outcome.winners).toEqual([1, 2, 3, pool.tasks[5]!.attempt]);
  });

  it('is never run three times at once', async () => {
    const { clock, pool, second, slow } = await withStraggler({ threads: 9 });

    for (let i = 0; i < 10; i++) {
      slow.beat();
      second.beat();
      clock.advance(100);
    }

    expect(pool.tasks).toHaveLength(5);
  });

  it('waits for an idle thread', async () => {
    const { clock, pool, runner } = setUp({ threads: 2 });
    new Outcome(runner.run(tasks(8)));
    await settle();
    const slow = pool.attempt(1);
    for (let number = 2; number <= 7; number++) {
      slow.beat();
      clock.advance(50);
      pool.attempt(number).finish();
      await settle();
    }

    expect(pool.busy().map(({ attempt }) => attempt)).toEqual([1, 8]);
    expect(pool.tasks).toHaveLength(8);
    pool.attempt(8).finish();
    await settle();

    expect(pool.busy().map(({ name }) => name)).toEqual(['0.0', '0.0']);
  });

  it('gets the thread of an attempt that lost in an earlier superstep, when that ends', async () => {
    const { clock, pool, runner } = setUp({ threads: 2 });
    const finishInTurn = async (numbers: readonly number[]): Promise<void> => {
      for (const number of numbers) {
        clock.advance(10);
        pool.attempt(number).finish();
        await settle();
      }
    };
    new Outcome(runner.run(tasks(4, 1)));
    await settle();
    const lost = pool.attempt(1);
    await finishInTurn([2, 3, 4]);
    clock.advance(70);
    await finishInTurn([5]);
    const outcome = new Outcome(runner.run(tasks(4, 2)));
    await finishInTurn([6, 7, 8]);
    clock.advance(200);
    expect(pool.busy().map(({ attempt }) => attempt)).toEqual([1, 9]);

    lost.finish();
    await settle();

    expect(pool.busy().map(({ name, thread }) => [name, thread])).toEqual([
      ['0.3', 2],
      ['0.3', 1],
    ]);
    expect(outcome.isOpen).toBe(true);
  });

  it('is left alone with speculation off', async () => {
    const { clock, pool, runner } = setUp({ threads: 5, speculation: 'off' });
    new Outcome(runner.run(tasks(4)));
    await settle();
    clock.advance(10);
    for (const number of [1, 2, 3]) pool.attempt(number).finish();
    await settle();

    clock.advance(900);

    expect(pool.tasks).toHaveLength(4);
  });

  it('of a stage with few tasks is known by earlier batches', async () => {
    const { clock, pool, runner } = setUp({ threads: 2 });
    for (let epoch = 1; epoch <= 5; epoch++) {
      new Outcome(runner.run(tasks(1, epoch)));
      await settle();
      clock.advance(200);
      pool.attempt(epoch).finish();
      await settle();
    }

    const outcome = new Outcome(runner.run(tasks(1, 6)));
    await settle();
    clock.advance(299);
    expect(pool.tasks).toHaveLength(6);
    clock.advance(1);
    pool.attempt(7).finish();
    await settle();

    expect(outcome.winners).toEqual([7]);
  });

  it('that has lost keeps no timer and no superstep waiting', async () => {
    const { clock, outcome, runner, second, slow } = await withStraggler();
    second.finish();
    await settle();

    const next = new Outcome(runner.run([]));
    await settle();
    slow.finish();
    await settle();

    expect([outcome.isOpen, next.isOpen]).toEqual([false, false]);
    expect(clock.nextDueAt()).toBeUndefined();
  });
});

describe('an attempt that hangs', () => {
  it('is ended with its thread and made again on another one', async () => {
    const { clock, pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(1)));
    await settle();

    clock.advance(TIMEOUT_MS * 1.1);
    await settle();
    const [hung, second] = pool.tasks as [FakeTask, FakeTask];
    second.finish();
    await settle();

    expect(hung.isKilled).toBe(true);
    expect(second.thread).not.toBe(hung.thread);
    expect(outcome.winners).toEqual([second.attempt]);
    expect(runner.counts()).toEqual({ retries: 1, speculations: 0, lostThreads: 1 });
  });

  it('again and again fails the superstep, and says what hung', async () => {
    const { clock, runner } = setUp({ attemptsMax: 2 });
    const outcome = new Outcome(runner.run(tasks(1, 7)));

    for (let i = 0; i < 2; i++) {
      await settle();
      clock.advance(TIMEOUT_MS * 1.1);
    }
    await settle();

    expect(outcome.error?.code).toBe('ERR_WORKER_HUNG');
    expect(outcome.error?.message).toContain('subtask 0.0 (stage0) in the batch of epoch 7 did not come back');
  });

  it('is not one that is busy, nor one that waits for a thread', async () => {
    const { clock, pool, runner } = setUp({ threads: 1 });
    new Outcome(runner.run(tasks(2)));
    await settle();

    for (let i = 0; i < 30; i++) {
      pool.attempt(1).beat();
      clock.advance(TIMEOUT_MS / 5);
      await settle();
    }

    expect(pool.tasks.map(({ isKilled }) => isKilled)).toEqual([false, false]);
  });

  it('behind its superstep is ended too, and changes nothing', async () => {
    const { clock, outcome, runner, second, slow } = await withStraggler();
    second.finish();
    await settle();

    clock.advance(TIMEOUT_MS * 1.2);
    await settle();

    expect(slow.isKilled).toBe(true);
    expect(outcome.winners).toEqual([1, 2, 3, 5]);
    expect(runner.counts()).toEqual({ retries: 0, speculations: 1, lostThreads: 1 });
    expect(clock.nextDueAt()).toBeUndefined();
  });
});

describe('a result without the claim', () => {
  it('is a bug: the superstep fails, and none begins any more', async () => {
    const { pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(1)));

    pool.attempt(1).end({ kind: 'done', output: {} as never });
    await settle();

    expect(outcome.error?.message).toContain('I4: a task is done by the attempt that holds its claim');
    await expect(runner.run(tasks(1))).rejects.toThrow('I4');
  });
});

describe('a runner that is closed', () => {
  it('ends its superstep and starts nothing more, whatever the pool still says', async () => {
    const { clock, pool, runner } = setUp();
    const outcome = new Outcome(runner.run(tasks(3)));
    await settle();

    runner.close();
    await pool.close();
    await settle();
    runner.close();

    expect(outcome.error?.code).toBe('ERR_CANCELLED');
    expect(pool.tasks).toHaveLength(3);
    expect(clock.nextDueAt()).toBeUndefined();
    await expect(runner.run(tasks(1))).rejects.toThrow('its generation is ending');
  });
});

type Fault = 'finish' | 'claim' | 'fail' | 'fail-with-claim' | 'lose' | 'lose-with-claim' | 'pass-time' | 'hang';

function apply(fault: Fault, task: FakeTask, pool: FakeTaskPool, clock: SimulatedClock): void {
  switch (fault) {
    case 'finish':
      task.finish();
      return;
    case 'claim':
      task.takeClaim();
      return;
    case 'fail-with-claim':
      task.takeClaim();
      task.fail();
      return;
    case 'fail':
      task.fail();
      return;
    case 'lose-with-claim':
      task.takeClaim();
      task.lose();
      return;
    case 'lose':
      task.lose();
      return;
    case 'hang':
      for (const other of pool.busy()) if (other !== task) other.beat();
      clock.advance(TIMEOUT_MS * 1.1);
      return;
    case 'pass-time':
      for (const other of pool.busy()) other.beat();
      clock.advance(TIMEOUT_MS * 0.2);
  }
}

describe('whatever fails', () => {
  it('a task has one winner or the superstep fails; attempts are bounded; no two that run hold claims of one task', async () => {
    const fault = fc.constantFrom<Fault>(
      'finish',
      'finish',
      'claim',
      'fail',
      'fail-with-claim',
      'lose',
      'lose-with-claim',
      'pass-time',
      'hang',
    );
    const schedule = fc.array(fc.tuple(fault, fc.nat(20)), { maxLength: 60 });
    const setup = fc.record({ threads: fc.integer({ min: 1, max: 6 }), attemptsMax: fc.integer({ min: 1, max: 4 }) });

    await fc.assert(
      fc.asyncProperty(setup, fc.integer({ min: 1, max: 6 }), schedule, async (given, count, steps) => {
        const { clock, pool, runner } = setUp(given);
        const outcome = new Outcome(runner.run(tasks(count)));
        const step = async (kind: Fault, choice: number): Promise<void> => {
          const busy = pool.busy();
          if (busy.length > 0) apply(kind, busy[choice % busy.length]!, pool, clock);
          await settle();
          for (let subtask = 0; subtask < count; subtask++) {
            const holders = pool.busy().filter((task) => task.request.subtask === subtask && task.holdsClaim());
            expect(holders.length).toBeLessThanOrEqual(1);
          }
        };
        await settle();
        for (const [kind, choice] of steps) if (outcome.isOpen) await step(kind, choice);
        while (outcome.isOpen) await step('finish', 0);

        if (outcome.winners !== undefined) {
          expect(outcome.winners.map((attempt) => pool.attempt(attempt).request.subtask)).toEqual(
            Array.from({ length: count }, (_, subtask) => subtask),
          );
          for (const attempt of outcome.winners) expect(pool.attempt(attempt).holdsClaim()).toBe(true);
        }
        for (let subtask = 0; subtask < count; subtask++) {
          const attempts = pool.tasks.filter((task) => task.request.subtask === subtask);
          expect(attempts.length).toBeLessThanOrEqual(2 * given.attemptsMax);
        }
        const made = pool.tasks.length;
        while (pool.busy().length > 0) await step('finish', 0);
        expect(pool.tasks).toHaveLength(made);
        expect(clock.nextDueAt()).toBeUndefined();
      }),
    );
  });
});
