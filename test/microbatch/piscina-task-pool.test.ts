/** The pool on real threads: how many there are, which task goes where, and what becomes of threads that die, hang or never start. */
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sinks, sources } from '../../src/connectors/index.ts';
import { type JobOptionsInput, resolveJobOptions } from '../../src/execution/options.ts';
import { PiscinaTaskPoolHosting } from '../../src/microbatch/piscina-task-pool.ts';
import type { TaskRequest } from '../../src/microbatch/task.ts';
import type { RunningTask, TaskPlacement, TaskPool } from '../../src/microbatch/task-pool.ts';
import { SystemClock } from '../../src/model/index.ts';
import { aggregates } from '../../src/operators/index.ts';
import { compile, defineJob } from '../../src/plan/index.ts';

const TIMEOUT_MS = 60_000;
const ENTRY = new URL('./fixtures/pool-thread.mjs', import.meta.url);
const DEFINITION = defineJob('pooled', (job) => {
  job
    .source('in', sources.generator({ records: 1, create: (index) => ({ index }) }))
    .keyBy(({ index }) => index)
    .aggregate({ n: aggregates.count() })
    .to('out', sinks.discard());
});
/** Of the two stages of the job: the source, and the state. */
const STATELESS = 0;
const STATEFUL = 1;
const ANYWHERE: TaskPlacement = { preferred: undefined, avoided: new Set() };

/** All that were ever started. */
let threads: { readonly worker: Worker; readonly gone: Promise<unknown> }[];
let pool: TaskPool | undefined;

function noteThread(worker: Worker): void {
  threads.push({ worker, gone: new Promise((resolve) => worker.once('exit', resolve)) });
}

beforeEach(() => {
  threads = [];
  process.on('worker', noteThread);
});
afterEach(async () => {
  process.off('worker', noteThread);
  await pool?.close();
  pool = undefined;
});

async function open(
  options: JobOptionsInput,
  { job = '', idleThreadMs }: { readonly job?: string; readonly idleThreadMs?: number } = {},
): Promise<TaskPool> {
  const resolved = resolveJobOptions(options);
  const hosting = new PiscinaTaskPoolHosting({ entry: ENTRY, job, clock: new SystemClock(), idleThreadMs });
  pool = await hosting.open(compile(DEFINITION.build(), resolved), resolved);
  return pool;
}

type Behaviour = 'echo' | 'exit' | 'hang' | 'throw' | 'gate';

interface Started extends RunningTask {
  /** Lets a task of behaviour `gate` go on. */
  open(): void;
}

function run(
  on: TaskPool,
  node: Behaviour,
  placement: Partial<TaskPlacement> = {},
  stage: number = STATELESS,
): Started {
  const claim = new SharedArrayBuffer(4);
  const request = { stage, claim, input: { kind: 'ranges', node, splits: [], hint: undefined } };
  const running = on.run(request as unknown as TaskRequest, { ...ANYWHERE, ...placement });
  const gate = new Int32Array(claim);
  const open = (): void => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  return { ...running, open };
}

const pools = (minWorkers: number, maxWorkers: number): JobOptionsInput => ({ batch: { minWorkers, maxWorkers } });

describe('a pool of threads', { timeout: TIMEOUT_MS }, () => {
  it('begins with its least number and grows to its greatest under load, no further', async () => {
    const two = await open(pools(1, 3));
    expect(threads).toHaveLength(1);
    expect(two.idleThreads()).toBe(3);

    const tasks = Array.from({ length: 5 }, () => run(two, 'gate'));
    const begun = await Promise.all(tasks.slice(0, 3).map((task) => task.begun));

    expect(new Set(begun).size).toBe(3);
    expect(threads).toHaveLength(3);
    expect(two.idleThreads()).toBe(0);
    for (const task of tasks) task.open();
    const answers = await Promise.all(tasks.map((task) => task.answer));
    expect(answers.map(({ result }) => result.kind)).toEqual(Array(5).fill('done'));
    expect(answers.every(({ thread }) => begun.includes(thread!))).toBe(true);
    expect(threads).toHaveLength(3);
    expect(two.idleThreads()).toBe(3);
  });

  it('shrinks again when its threads have had nothing to do for a while, and still works', async () => {
    const shrinking = await open(pools(1, 3), { idleThreadMs: 20 });
    const tasks = Array.from({ length: 3 }, () => run(shrinking, 'gate'));
    await Promise.all(tasks.map((task) => task.begun));

    for (const task of tasks) task.open();
    let gone = 0;
    await new Promise<void>((resolve) => {
      for (const thread of threads) void thread.gone.then(() => ++gone === 2 && resolve());
    });

    expect((await run(shrinking, 'echo').answer).result.kind).toBe('done');
    expect(gone).toBe(2);
  });

  it('gives a task to the thread it prefers and not to those it avoids', async () => {
    const two = await open(pools(2, 2));
    const first = (await run(two, 'echo').answer).thread!;

    for (let i = 0; i < 5; i++) expect((await run(two, 'echo', { preferred: first }).answer).thread).toBe(first);
    const second = (await run(two, 'echo', { avoided: new Set([first]) }).answer).thread;

    expect(second).not.toBe(first);
    expect((await run(two, 'echo', { avoided: new Set([second!]) }).answer).thread).toBe(first);
  });

  it('has a task with state wait for its thread, and lets one without go elsewhere', async () => {
    const two = await open(pools(2, 2));
    const busy = run(two, 'gate');
    const preferred = await busy.begun;

    const waiting = run(two, 'echo', { preferred }, STATEFUL);
    const passing = await run(two, 'echo', { preferred }, STATELESS).answer;
    busy.open();

    expect(passing.thread).not.toBe(preferred);
    expect((await waiting.answer).thread).toBe(preferred);
  });
});

describe('a thread of the pool', { timeout: TIMEOUT_MS }, () => {
  it('that ends in a task fails that task and is replaced', async () => {
    const one = await open(pools(1, 1));

    const { result, thread } = await run(one, 'exit').answer;
    const next = await run(one, 'echo', { preferred: thread, avoided: new Set([thread!]) }).answer;

    expect(result).toMatchObject({ kind: 'failed', report: { name: 'WorkerLostError', code: 'ERR_WORKER_LOST' } });
    expect(result.kind === 'failed' && result.report.message).toContain('code 5');
    expect(next.result.kind).toBe('done');
    expect(next.thread).not.toBe(thread);
  });

  it('that hangs is ended when it is killed, and replaced', async () => {
    const one = await open(pools(1, 1));
    const hanging = run(one, 'hang');
    const thread = await hanging.begun;

    hanging.kill();
    const { result } = await hanging.answer;
    const next = await run(one, 'echo').answer;
    await threads.at(0)!.gone;

    expect(result).toMatchObject({ kind: 'failed', report: { code: 'ERR_WORKER_HUNG' } });
    expect(next.result.kind).toBe('done');
    expect(next.thread).not.toBe(thread);
  });

  it('whose task throws lives on', async () => {
    const one = await open(pools(1, 1));

    const { result, thread } = await run(one, 'throw').answer;

    expect(result.kind).toBe('failed');
    expect((await run(one, 'echo').answer).thread).toBe(thread);
    expect(threads).toHaveLength(1);
  });

  it('that is killed takes no other task with it', async () => {
    const two = await open(pools(2, 2));
    const hanging = run(two, 'hang');
    await hanging.begun;
    const others = Array.from({ length: 8 }, () => run(two, 'gate'));
    await others[0]!.begun;

    hanging.kill();
    for (const other of others) other.open();
    const answers = await Promise.all(others.map((task) => task.answer));

    expect(answers.map(({ result }) => result.kind)).toEqual(Array(8).fill('done'));
  });

  it('that cannot be started in place of another fails the task that waits for it', async () => {
    const options = resolveJobOptions(pools(1, 1));
    const job = new SharedArrayBuffer(4);
    pool = await new PiscinaTaskPoolHosting({ entry: ENTRY, job, clock: new SystemClock() }).open(
      compile(DEFINITION.build(), options),
      options,
    );
    const hanging = run(pool, 'hang');
    await hanging.begun;
    hanging.kill();
    await hanging.answer;

    const answer = await run(pool, 'echo').answer;

    expect(answer).toMatchObject({
      thread: undefined,
      result: { kind: 'failed', report: { name: 'WorkerLostError' } },
    });
    expect(JSON.stringify(answer.result)).toContain('no more threads');
  });
});

describe('a pool that cannot be brought up', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['whose job module throws', 'throws', /^the job module threw: no such file$/],
    ['whose threads end', 'exits', /^a thread of the pool .*code 3/],
    ['whose threads do not come back', 'hangs', /^a thread of the pool .*was not ready after 300 ms/],
  ])('%s is refused in one sentence, and no thread is left', async (_, job, sentence) => {
    const startTimeoutMs = job === 'hangs' ? 300 : 30_000;
    const refused = open({ ...pools(2, 2), startTimeoutMs }, { job });

    await expect(refused).rejects.toThrow(sentence);
    await Promise.all(threads.map(({ gone }) => gone));
  });
});

describe('a pool that is closed', { timeout: TIMEOUT_MS }, () => {
  it('fails what runs and what waits, and leaves no thread, whatever they do', async () => {
    const two = await open(pools(2, 2));
    const tasks = [run(two, 'hang'), run(two, 'gate'), run(two, 'echo'), run(two, 'gate')];
    await Promise.all(tasks.slice(0, 2).map((task) => task.begun));

    await two.close();
    await two.close();
    const late = run(two, 'echo');

    const answers = await Promise.all([...tasks, late].map((task) => task.answer));
    expect(answers.map(({ result }) => result.kind === 'failed' && result.report.message)).toEqual(
      Array(5).fill('the pool of threads was closed'),
    );
    await Promise.all(threads.map(({ gone }) => gone));
    expect(two.idleThreads()).toBe(0);
  });
});
