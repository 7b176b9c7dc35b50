/**
 * Changes of mode of a running job, on real threads, from the built package: nothing is lost, repeated or reordered within a key,
 * and whoever asks is told what it cost, or why not (issue 3, "Switching"; I2, I10, I11).
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type ExecutionMode, type JobHandle, type JobStatus, Millrace, type SwitchReport } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TemporaryProject } from '../support/temporary-project.ts';

const TIMEOUT_MS = 120_000;
const KEYS = 200;
const RATE = 4000;

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

interface Row {
  readonly key: number;
  /** Records of the key so far, this one included. */
  readonly n: number;
  /** Of the record, over all keys. */
  readonly index: number;
}

/** `source` is code; its records have an `index`. Numbers the records of each key, as its state counts them. */
function writeJob(source: string): URL {
  const path = project.path('numbers.job.mjs');
  writeFileSync(
    path,
    `import { defineJob, records, sinks, sources, states } from 'millrace';
     export default defineJob('numbers', (job) => {
       job.source('in', ${source}).keyBy((r) => r.index % ${KEYS}).process(() => ({
         states: { count: states.value() },
         emits: records(),
         process({ index }, context) {
           const n = (context.states.count.get() ?? 0) + 1;
           context.states.count.set(n);
           context.emit({ key: index % ${KEYS}, n, index });
         },
       })).named('count').to('out', sinks.file({ path: 'out.jsonl' }));
     });`,
  );
  return pathToFileURL(path);
}

const PACED = `sources.generator({ rate: ${RATE}, splits: 2, seed: 1, create: (index) => ({ index }) })`;

/**
 * Each key has its records once each, in order: record n of key k is number (n - 1) * KEYS + k, because all records of a key are in
 * one split.
 */
function expectEachOnceInOrder(total: number): void {
  const rows = readFileSync(project.path('out.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  const last = new Map<number, number>();
  const wrong = rows.filter(({ key, n, index }) => {
    const before = last.get(key) ?? 0;
    last.set(key, n);
    return n !== before + 1 || index !== before * KEYS + key;
  });
  expect(wrong).toEqual([]);
  expect(rows.length).toBe(total);
}

function epochs(job: JobHandle, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    job.on('epoch', () => --left === 0 && resolve());
  });
}

function statusWith(job: JobHandle, isWanted: (status: JobStatus) => boolean): Promise<JobStatus> {
  return new Promise((resolve) => {
    const look = (status: JobStatus): void => {
      if (!isWanted(status)) return;
      job.off('status', look);
      resolve(status);
    };
    job.on('status', look);
    look(job.status());
  });
}

/** Before that it may already be on its way. */
const runs = ({ state, mode }: JobStatus, wanted: 'continuous' | 'microbatch'): boolean =>
  state === 'running' && mode === wanted;

const other = (mode: 'continuous' | 'microbatch'): 'continuous' | 'microbatch' =>
  mode === 'continuous' ? 'microbatch' : 'continuous';

describe('a running job that is switched to and fro', () => {
  it.each(['continuous', 'microbatch'] as const)(
    'from %s mode loses, repeats and reorders nothing, and says how long it stood still',
    { timeout: TIMEOUT_MS },
    async (first) => {
      const job = await millrace.start(writeJob(PACED), { mode: first, parallelism: 3, epoch: { intervalMs: 50 } });
      const reports: (SwitchReport & { readonly tookMs: number })[] = [];

      for (let mode: 'continuous' | 'microbatch' = first, i = 0; i < 6; i++) {
        await epochs(job, 2);
        mode = other(mode);
        const askedAt = performance.now();
        reports.push({ ...(await job.switchMode(mode)), tookMs: performance.now() - askedAt });
      }
      await epochs(job, 2);
      const status = await statusWith(job, ({ switches }) => switches === 6);
      const outcome = await job.drain();

      expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
      const targets = Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? other(first) : first));
      expect(reports.map(({ from, to }) => [from, to])).toEqual(targets.map((to) => [other(to), to]));
      expect(reports.map(({ epoch }) => epoch)).toEqual(reports.map(({ epoch }) => epoch).sort((a, b) => a - b));
      for (const { pauseMs, prepareMs, tookMs } of reports) {
        expect(prepareMs).toBeGreaterThan(0);
        expect(pauseMs).toBeGreaterThan(0);
        expect(prepareMs + pauseMs).toBeLessThanOrEqual(tookMs);
      }
      const { tookMs: _, ...lastSwitch } = reports.at(-1)!;
      expect(status).toMatchObject({ mode: first, isAdaptive: false, switches: 6, restarts: 0, lastSwitch });
      expectEachOnceInOrder(job.status().recordsRead);
    },
  );

  it('goes on in another process in the mode that its options name', { timeout: TIMEOUT_MS }, async () => {
    const url = writeJob(PACED);
    const first = await millrace.start(url, { mode: 'continuous', epoch: { intervalMs: 20 } });
    await epochs(first, 2);
    await first.switchMode('microbatch');
    await epochs(first, 2);
    await first.drain();

    const second = await millrace.start(url, { mode: 'continuous', parallelism: 1, epoch: { intervalMs: 20 } });
    await epochs(second, 2);
    await second.drain();

    expect(second.status()).toMatchObject({ mode: 'continuous', switches: 0, restarts: 0 });
    expect(second.status().recordsRead).toBeGreaterThan(first.status().recordsRead);
    expectEachOnceInOrder(second.status().recordsRead);
  });
});

describe('a change of mode', () => {
  it('is refused while one to the other mode is under way, and joins one to the same', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const job = await millrace.start(writeJob(PACED), { mode: 'continuous', epoch: { intervalMs: 50 } });

    const asked = [job.switchMode('microbatch'), job.switchMode('continuous'), job.switchMode('microbatch')] as const;
    const [first, refused, joined] = await Promise.allSettled(asked);

    expect(first).toMatchObject({ status: 'fulfilled', value: { from: 'continuous', to: 'microbatch' } });
    expect(joined).toEqual(first);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'ERR_SWITCH_UNDER_WAY' } });
    expect(String((refused as PromiseRejectedResult).reason)).toContain('is being switched to microbatch mode; wait');
    await job.drain();
    expect(job.status()).toMatchObject({ switches: 1, restarts: 0 });
    expectEachOnceInOrder(job.status().recordsRead);
  });

  it('to the mode that runs is done at once', { timeout: TIMEOUT_MS }, async () => {
    const job = await millrace.start(writeJob(PACED), { mode: 'microbatch' });

    const report = await job.switchMode('microbatch');

    expect(report).toMatchObject({ from: 'microbatch', to: 'microbatch', prepareMs: 0, pauseMs: 0 });
    await job.drain();
    expect(job.status()).toMatchObject({ switches: 0 });
  });

  it('to something that is no mode is refused with the modes, and the job goes on', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const job = await millrace.start(writeJob(PACED), { mode: 'continuous', epoch: { intervalMs: 20 } });

    const refused = job.switchMode('microbatsh' as ExecutionMode);

    await expect(refused).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(refused).rejects.toThrow(/continuous.*microbatch.*adaptive.*microbatsh/);
    await epochs(job, 2);
    expect(await job.switchMode('microbatch')).toMatchObject({ to: 'microbatch' });
    await job.drain();
  });

  it('of a job that is ending or has ended is refused, and says so', { timeout: TIMEOUT_MS }, async () => {
    const job = await millrace.start(writeJob(PACED), { mode: 'continuous' });

    const drained = job.drain();
    const whileEnding = job.switchMode('microbatch');
    const refusedThen = expect(whileEnding).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    await drained;

    await refusedThen;
    await expect(job.switchMode('microbatch')).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    await expect(job.switchMode('microbatch')).rejects.toThrow(/has ended/);
    expectEachOnceInOrder(job.status().recordsRead);
  });

  it('that a bounded job does not live to see is given up, and the job ends as if nobody had asked', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const bounded = `sources.generator({ records: 2000, splits: 2, seed: 1, create: (index) => ({ index }) })`;
    const job = await millrace.start(writeJob(bounded), { mode: 'continuous' });

    const asked = job.switchMode('microbatch').catch((error: Error) => error);
    const outcome = await job.finished;

    expect(outcome).toEqual({ kind: 'completed', stop: 'complete' });
    // Whichever was first.
    expect(await asked).toSatisfy((end: SwitchReport | (Error & { readonly code?: string })) =>
      end instanceof Error ? end.code === 'ERR_CANCELLED' : end.to === 'microbatch',
    );
    expectEachOnceInOrder(2000);
  });
});

describe('a job in adaptive mode', () => {
  it('works a backlog off in batches and goes on record by record, again and again', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const written = { next: 0 };
    const append = (records: number): void => {
      const lines = Array.from({ length: records }, (_, i) => `{"index":${written.next + i}}\n`);
      appendFileSync(project.path('in.jsonl'), lines.join(''));
      written.next += records;
    };
    append(20_000);
    const job = await millrace.start(writeJob(`sources.file({ path: 'in.jsonl', follow: true })`), {
      mode: 'adaptive',
      epoch: { intervalMs: 50 },
      batch: { recordsMax: 2000 },
      adaptive: { backlogMs: 50, caughtUpMs: 100, dwellMs: 0 },
    });
    const atStart = job.status();

    const caughtUp = await statusWith(job, (status) => runs(status, 'continuous') && status.recordsRead >= 20_000);
    append(150_000);
    const behind = await statusWith(job, (status) => runs(status, 'microbatch'));
    const again = await statusWith(job, (status) => runs(status, 'continuous') && status.recordsRead >= 170_000);
    append(10);
    const last = await statusWith(job, ({ recordsRead }) => recordsRead === 170_010);
    await job.drain();

    expect(atStart).toMatchObject({ mode: 'microbatch', isAdaptive: true, switches: 0 });
    expect(caughtUp).toMatchObject({ isAdaptive: true, lastSwitch: { from: 'microbatch', to: 'continuous' } });
    expect(behind).toMatchObject({ isAdaptive: true, lastSwitch: { from: 'continuous', to: 'microbatch' } });
    expect(again.switches).toBeGreaterThanOrEqual(3);
    expect(last).toMatchObject({ mode: 'continuous', isAdaptive: true, restarts: 0 });
    expectEachOnceInOrder(170_010);
  });

  it('stays in a mode that is asked for by name, and adapts again when that is asked for', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const job = await millrace.start(writeJob(PACED), {
      mode: 'adaptive',
      epoch: { intervalMs: 50 },
      adaptive: { backlogMs: 60_000, caughtUpMs: 0, dwellMs: 0 },
    });
    await statusWith(job, (status) => runs(status, 'continuous'));

    await job.switchMode('microbatch');
    const fixed = await statusWith(job, (status) => runs(status, 'microbatch'));
    await epochs(job, 20);
    const later = job.status();
    await job.switchMode('adaptive');
    const adapted = await statusWith(job, (status) => runs(status, 'continuous'));
    await job.drain();

    expect(fixed.isAdaptive).toBe(false);
    expect(later).toMatchObject({ mode: 'microbatch', switches: fixed.switches });
    expect(adapted).toMatchObject({ isAdaptive: true, switches: fixed.switches + 1 });
    expectEachOnceInOrder(job.status().recordsRead);
  });
});
