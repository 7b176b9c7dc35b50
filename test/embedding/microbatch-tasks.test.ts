/**
 * Tasks of microbatch mode on real threads, from the built package: what is tried again, how often and where, what it says in the
 * end, and that an attempt which does not count leaves nothing.
 *
 * The job's code keeps a diary in a file beside it: threads share nothing else with the test.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type JobHandle, Millrace, type StartOptions } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TemporaryProject } from '../support/temporary-project.ts';

const TIMEOUT_MS = 60_000;
const RECORDS = 2000;
const KEYS = 50;

let project: TemporaryProject;
let millrace: Millrace;
beforeEach(async () => {
  project = new TemporaryProject();
  millrace = await Millrace.open({ directory: project.path('data'), workers: 2 });
});
afterEach(async () => {
  await millrace.close();
  project.remove();
});

interface JobCode {
  /** In every thread, when the module is loaded. */
  readonly onLoad?: string;
  /** When the operator that counts is made, for a subtask. */
  readonly onMake?: string;
  /** In that operator; `index` is the record's. */
  readonly onRecord?: string;
  /** More fields of a record. */
  readonly fields?: string;
}

/** Numbers the records of each key, for a committed and for an immediate sink. `note` and `isFirst` are there for its code. */
function startJob(code: JobCode, options: StartOptions = {}): Promise<JobHandle> {
  const path = project.path('tasks.job.mjs');
  writeFileSync(
    path,
    `import { appendFileSync, existsSync, openSync } from 'node:fs';
     import { threadId } from 'node:worker_threads';
     import { defineJob, records, sinks, sources, states } from 'millrace';
     const note = (what) => appendFileSync('${project.path('diary')}', JSON.stringify({ what, threadId }) + '\\n');
     const isFirst = (name) => { try { return openSync('${project.directory}/' + name, 'wx') > 0; } catch { return false; } };
     const exists = (name) => existsSync('${project.directory}/' + name);
     ${code.onLoad ?? ''}
     const shown = {
       delivery: 'immediate',
       describe: () => ({ type: 'shown', label: 'shown', identity: {} }),
       createWriter: () => ({
         write: ({ value }) => appendFileSync('${project.path('shown.jsonl')}', JSON.stringify(value) + '\\n'),
         prepare: () => ({}),
         close: () => {},
       }),
     };
     export default defineJob('tasks', (job) => {
       const create = (index) => ({ index, ${code.fields ?? ''} });
       const counted = job.source('in', sources.generator({ records: ${RECORDS}, splits: 2, create }))
         .map((r) => { if (r.index === 0) note('read'); return r; })
         .keyBy((r) => r.index % ${KEYS}).process(() => {
           ${code.onMake ?? ''}
           return {
             states: { count: states.value() },
             emits: records(),
             process({ index }, context) {
               ${code.onRecord ?? ''}
               const n = (context.states.count.get() ?? 0) + 1;
               context.states.count.set(n);
               context.emit({ key: index % ${KEYS}, n });
             },
           };
         }).named('count');
       counted.to('out', sinks.file({ path: 'out.jsonl' }));
       counted.to('shown', shown);
     });`,
  );
  return millrace.start(pathToFileURL(path), {
    mode: 'microbatch',
    parallelism: 2,
    restart: { attemptsMax: 0 },
    ...options,
    batch: { recordsMax: 100, ...options.batch },
  });
}

/** The threads that made such a note, in the order of the notes. */
function noted(what: string): readonly number[] {
  if (!existsSync(project.path('diary'))) return [];
  const notes = project.rows<{ readonly what: string; readonly threadId: number }>('diary');
  return notes.filter((note) => note.what === what).map(({ threadId }) => threadId);
}

/**
 * Each key counts 1, 2, 3, ...: a gap is a loss, a repeat is an attempt that left a trace. `out.jsonl` is of a committed sink,
 * `shown.jsonl` of an immediate one, which shows again what a new generation repeats.
 */
function expectEachOnceInOrder(files: readonly string[] = ['out.jsonl', 'shown.jsonl']): void {
  for (const file of files) {
    const last = new Map<number, number>();
    const rows = project.rows<{ readonly key: number; readonly n: number }>(file);
    const wrong = rows.filter(({ key, n }) => {
      const before = last.get(key) ?? 0;
      last.set(key, n);
      return n !== before + 1;
    });
    expect(wrong, file).toEqual([]);
    expect(rows.length, file).toBe(RECORDS);
  }
}

const COMPLETED = { kind: 'completed', stop: 'complete' };

describe('a task that fails', { timeout: TIMEOUT_MS }, () => {
  it('is tried as often as it may, not always on one thread; then the job ends with the error and its place', async () => {
    const job = await startJob(
      { onRecord: `if (index === 150) { note('tried'); throw new Error('never works'); }` },
      { batch: { attemptsMax: 3 } },
    );

    const outcome = await job.finished;

    expect(outcome).toMatchObject({
      kind: 'failed',
      report: { name: 'OperatorError', node: 'count', epoch: 2, key: '0', subtask: expect.stringMatching(/^1[./-]/) },
    });
    expect(outcome.kind === 'failed' && outcome.report.message).toContain('never works');
    expect(noted('tried')).toHaveLength(3);
    expect(new Set(noted('tried')).size).toBeGreaterThan(1);
    expect(job.status()).toMatchObject({ state: 'failed', restarts: 0, epoch: 1, recordsRead: 100 });
  });

  it('now here, now there, as long as no task does so too often, leaves no trace', async () => {
    const faults = [`throw new Error('once')`, 'process.exit(3)', 'throw null', 'process.exit(0)'];
    const onRecord = faults
      .map((fault, i) => `if (index > ${i * 400} && isFirst('fault-${i}')) { ${fault}; }`)
      .join('\n');
    const job = await startJob({ onRecord });

    const outcome = await job.finished;

    expect(outcome).toEqual(COMPLETED);
    expect(faults.every((_, i) => existsSync(project.path(`fault-${i}`)))).toBe(true);
    expect(job.status()).toMatchObject({ restarts: 0, generation: 1, recordsRead: RECORDS });
    expectEachOnceInOrder();
  });

  it('for a reason that will not go away is not tried again', async () => {
    const job = await startJob(
      { fields: 'pad: String(index).repeat(300)' },
      { batch: { recordsMax: RECORDS, shuffleBytesMax: 65_536 }, restart: { attemptsMax: 5 } },
    );

    const outcome = await job.finished;

    expect(outcome).toMatchObject({ kind: 'failed', report: { code: 'ERR_SHUFFLE_TOO_LARGE', epoch: 1 } });
    expect(noted('read')).toHaveLength(1);
    expect(job.status()).toMatchObject({ restarts: 0 });
  });

  it('by never coming back is ended with its thread and tried elsewhere', async () => {
    const job = await startJob(
      {
        onRecord: `if (index === 500 && isFirst('hung')) { note('hung'); for (;;); } if (index === 500) note('done');`,
      },
      { operatorTimeoutMs: 1000, batch: { speculation: 'off' } },
    );

    const outcome = await job.finished;

    expect(outcome).toEqual(COMPLETED);
    expect(noted('done')).toHaveLength(1);
    expect(noted('done')).not.toEqual(noted('hung'));
    expect(job.status().restarts).toBe(0);
    expectEachOnceInOrder();
  });
});

describe('a task that is far slower than its like', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['for ever', 'for (;;);'],
    ['until the others are through with half of what is left', `while (!exists('passed'));`],
  ])('%s is run a second time, and what the first attempt did leaves no trace', async (_, wait) => {
    const job = await startJob(
      {
        onRecord: `
          if (index >= 1000 && isFirst('slow')) { note('slow'); ${wait} }
          if (index === 1500) isFirst('passed');
          if (index >= 1000) note('went on');`,
      },
      { operatorTimeoutMs: 600_000 },
    );

    const outcome = await job.finished;

    expect(outcome).toEqual(COMPLETED);
    expect(noted('slow')).toHaveLength(1);
    expect(noted('went on').some((thread) => thread !== noted('slow')[0])).toBe(true);
    expect(job.status()).toMatchObject({ restarts: 0, generation: 1 });
    expectEachOnceInOrder();
  });
});

describe('the state of a subtask', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['as many threads as subtasks', 2, { minWorkers: 2, maxWorkers: 2 }],
    ['fewer threads than subtasks', 5, { minWorkers: 2, maxWorkers: 2 }],
    ['more threads than subtasks', 2, { minWorkers: 3, maxWorkers: 3 }],
  ])('stays on its thread from batch to batch: %s', async (_, parallelism, pool) => {
    const job = await startJob(
      { onMake: 'let isNew = true;', onRecord: `if (isNew) note('built'); isNew = false;` },
      { parallelism, batch: { ...pool, speculation: 'off' } },
    );

    const outcome = await job.finished;

    expect(outcome).toEqual(COMPLETED);
    expect(job.status().epoch).toBeGreaterThanOrEqual(RECORDS / 100);
    expect(noted('built')).toHaveLength(parallelism);
    expectEachOnceInOrder();
  });
});

describe('a pool whose threads cannot load the job', { timeout: TIMEOUT_MS }, () => {
  it('keeps the job from starting, in one sentence that says why', async () => {
    const started = startJob({ onLoad: `if (!isFirst('loaded')) throw new Error('one of us is enough');` });

    await expect(started).rejects.toThrow(/one of us is enough/);
    expect(millrace.jobs()).toEqual([]);
    expect(existsSync(project.path('out.jsonl'))).toBe(false);
  });
});

describe('a job that is closed in the middle of a task', { timeout: TIMEOUT_MS }, () => {
  it('ends at once, whatever the task does, and goes on behind its last epoch', async () => {
    const onRecord = `if (index === 700 && !exists('released')) { isFirst('busy'); for (;;); }`;
    const first = await startJob({ onRecord }, { operatorTimeoutMs: 600_000, batch: { speculation: 'off' } });
    await new Promise<void>((resolve) => {
      first.on('epoch', ({ epoch }) => epoch === 7 && resolve());
    });

    expect(await first.close()).toEqual({ kind: 'closed' });
    writeFileSync(project.path('released'), '');
    const second = await startJob({ onRecord });

    expect(await second.finished).toEqual(COMPLETED);
    expect(second.status()).toMatchObject({ recordsRead: RECORDS, recordsReadByRun: RECORDS - 700 });
    // Another task of the epoch that was not committed may have been done, and shown what it wrote.
    expectEachOnceInOrder(['out.jsonl']);
  });
});
