/**
 * The runtime inside a service, on real threads, from the built package: what a host may rely on.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type EngineMode, LockedError, Millrace, OptionError } from 'millrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TemporaryProject } from '../support/temporary-project.ts';

let project: TemporaryProject;
beforeEach(() => {
  project = new TemporaryProject();
});
afterEach(() => project.remove());

/** A counting job; `source` and `step` are code. */
function writeJob(name: string, source: string, step = '(r) => r'): URL {
  const path = project.path(`${name}.job.mjs`);
  writeFileSync(
    path,
    `import { aggregates, defineJob, sinks, sources } from 'millrace';
     export default defineJob('${name}', (job) => {
       job.source('in', ${source}).map(${step}).keyBy((r) => r.key)
         .aggregate({ n: aggregates.count() }).to('out', sinks.file({ path: '${name}.out.jsonl' }));
     });`,
  );
  return pathToFileURL(path);
}

const bounded = (records: number): string =>
  `sources.generator({ records: ${records}, splits: 2, seed: 1, create: (i) => ({ key: 'k' + (i % 5) }) })`;
const ENDLESS = `sources.generator({ rate: 1000, seed: 1, create: (i) => ({ key: 'k' + (i % 5) }) })`;

function rowsOf(name: string): { key: string; n: number }[] {
  const lines = readFileSync(project.path(`${name}.out.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as { key: string; n: number });
}

/** Each key counts 1, 2, 3, ...: a gap is a loss, a repeat a duplicate. */
function expectCounts(name: string, total: number): void {
  const last = new Map<string, number>();
  const rows = rowsOf(name);
  for (const { key, n } of rows) {
    expect(n).toBe((last.get(key) ?? 0) + 1);
    last.set(key, n);
  }
  expect(rows.length).toBe(total);
}

describe.each<EngineMode>(['continuous', 'microbatch'])('Millrace in a service, in %s mode,', (mode) => {
  it('runs a bounded job to its end and leaves nothing running', async () => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    const listenersBefore = signals.map((signal) => process.listenerCount(signal));
    const millrace = await Millrace.open({ directory: project.path('data'), workers: 2 });

    const job = await millrace.start(writeJob('visits', bounded(10_000)), { mode, batch: { recordsMax: 3000 } });
    const outcome = await job.finished;
    await millrace.close();

    expect(outcome).toEqual({ kind: 'completed', stop: 'complete' });
    expectCounts('visits', 10_000);
    expect(job.status()).toMatchObject({ state: 'completed', recordsRead: 10_000, restarts: 0 });
    expect(signals.map((signal) => process.listenerCount(signal))).toEqual(listenersBefore);
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker')).toEqual([]);
  });

  it('drains an endless job and goes on exactly there, at another parallelism', async () => {
    const url = writeJob('ticks', ENDLESS);
    const directory = project.path('data');
    const readBy = async (parallelism: number): Promise<number> => {
      const millrace = await Millrace.open({ directory });
      const job = await millrace.start(url, { mode, parallelism, epoch: { intervalMs: 20 } });
      await new Promise<void>((resolve) => {
        job.on('epoch', ({ epoch }) => epoch % 5 === 0 && resolve());
      });
      expect(await job.drain()).toEqual({ kind: 'completed', stop: 'drain' });
      await millrace.close();
      return job.status().recordsRead;
    };

    const first = await readBy(1);
    expectCounts('ticks', first);
    const second = await readBy(3);

    expect(second).toBeGreaterThan(first);
    expectCounts('ticks', second);
  });

  it('ends at once on close, and the next run repeats what was not committed', async () => {
    const url = writeJob('ticks', ENDLESS);
    const millrace = await Millrace.open({ directory: project.path('data') });
    const first = await millrace.start(url, { mode, epoch: { intervalMs: 30 }, batch: { intervalMs: 30 } });
    const committed = await new Promise<number>((resolve) => {
      first.on('epoch', ({ totals }) => resolve(totals.recordsRead));
    });

    expect(await first.close()).toEqual({ kind: 'closed' });
    const second = await millrace.start(url, { mode, epoch: { intervalMs: 30 }, batch: { intervalMs: 30 } });
    await new Promise<void>((resolve) => void second.once('epoch', () => resolve()));
    await millrace.close();

    expect(second.status().recordsRead).toBeGreaterThan(committed);
    expectCounts('ticks', second.status().recordsRead);
  });

  it('runs two jobs side by side, one of which fails without touching the other', async () => {
    const millrace = await Millrace.open({ directory: project.path('data'), workers: 1 });

    const bad = await millrace.start(writeJob('bad', bounded(100), '() => { throw new Error("never works") }'), {
      mode,
      restart: { attemptsMax: 1, delayMs: 1 },
    });
    const good = await millrace.start(writeJob('good', bounded(5000)), { mode });
    const [badOutcome, goodOutcome] = await Promise.all([bad.finished, good.finished]);
    await millrace.close();

    expect(badOutcome.kind).toBe('failed');
    expect(JSON.stringify(badOutcome)).toContain('never works');
    expect(bad.status().lastFailure?.node).toBe('in/map');
    expect(goodOutcome).toEqual({ kind: 'completed', stop: 'complete' });
    expect(good.status().restarts).toBe(0);
    expectCounts('good', 5000);
  });

  it('says all that is wrong with the options at once, and touches nothing', async () => {
    const millrace = await Millrace.open({ directory: project.path('data') });

    const refused = millrace.start(writeJob('visits', bounded(10)), {
      mode,
      parallelism: -1,
      epoch: { intervalMs: Number.NaN },
    });

    await expect(refused).rejects.toBeInstanceOf(OptionError);
    await expect(refused).rejects.toThrow(/parallelism[\s\S]*epoch\.intervalMs/);
    expect(existsSync(project.path('data'))).toBe(false);
    expect(millrace.jobs()).toEqual([]);
    await millrace.close();
  });

  it('leaves nothing running when it is closed while a job is being started', async () => {
    const millrace = await Millrace.open({ directory: project.path('data') });

    const starting = millrace.start(writeJob('ticks', ENDLESS), { mode }).catch((error: unknown) => error);
    await millrace.close();

    expect(millrace.jobs()).toEqual([]);
    await starting;
    expect(millrace.jobs()).toEqual([]);
    await expect(millrace.start(writeJob('ticks', ENDLESS))).rejects.toThrow(/this Millrace is closed/);
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker')).toEqual([]);
  });

  it('ends at once when it is drained between two generations', async () => {
    const millrace = await Millrace.open({ directory: project.path('data'), workers: 1 });
    const job = await millrace.start(writeJob('bad', bounded(100), '() => { throw new Error("never works") }'), {
      mode,
      restart: { delayMs: 600_000, delayMaxMs: 600_000 },
    });
    if (job.status().state !== 'restarting') {
      await new Promise<void>((resolve) => void job.on('state', (state) => state === 'restarting' && resolve()));
    }

    expect(await job.drain()).toEqual({ kind: 'closed' });
    await millrace.close();
  });

  it('tells a job that is not the same in every thread what is wrong with it (I9)', async () => {
    const path = project.path('random.job.mjs');
    writeFileSync(
      path,
      `import { threadId } from 'node:worker_threads';
       import { defineJob, sinks, sources } from 'millrace';
       export default defineJob('random', (job) => {
         job.source('in-' + threadId, sources.generator({ records: 1, create: (i) => i })).to('out', sinks.discard());
       });`,
    );
    const millrace = await Millrace.open({ directory: project.path('data') });

    const started = millrace.start(path, { mode });

    await expect(started).rejects.toThrow(/builds another plan in another thread/);
    await millrace.close();
  });

  it('refuses a second job on a state directory that is in use, naming the process', async () => {
    const millrace = await Millrace.open({ directory: project.path('data') });
    const url = writeJob('ticks', ENDLESS);
    const job = await millrace.start(url, { mode });

    const second = millrace.start(url, { mode });

    await expect(second).rejects.toBeInstanceOf(LockedError);
    await expect(second).rejects.toThrow(new RegExp(`process ${process.pid}`));
    expect((await job.drain()).kind).toBe('completed');
    await millrace.close();
  });

  it('goes on with epochs while the host is blocked', async () => {
    const millrace = await Millrace.open({ directory: project.path('data') });
    const job = await millrace.start(writeJob('ticks', ENDLESS), { mode, epoch: { intervalMs: 10 } });
    await new Promise<void>((resolve) => void job.once('epoch', () => resolve()));
    const bytesBefore = statSync(project.path('ticks.out.jsonl')).size;

    // The host stands still until the committed file has grown, which only epochs that commit meanwhile can do.
    const deadline = performance.now() + 15_000;
    let bytes = bytesBefore;
    while (bytes < bytesBefore + 1000 && performance.now() < deadline)
      bytes = statSync(project.path('ticks.out.jsonl')).size;

    await job.drain();
    await millrace.close();

    expect(bytes).toBeGreaterThanOrEqual(bytesBefore + 1000);
    expect(job.status().restarts).toBe(0);
  });
});
