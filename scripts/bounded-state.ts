/**
 * Whole jobs with far more keys than the heap holds, through the public API, in both modes: windows, state with a time to live,
 * deduplication with a join. Each job runs in a process of its own; V8 ends a thread whose heap needs more than `--heap-mib`, and the most that
 * was used by the driver and the workers together must stay below 512 MiB. Prints a line for each; ends with code 1 when it did not, when
 * anything had to be started anew, when a row is missing or wrong, or when an entry of a finished key is left in LMDB.
 *
 *   npm run test:bounded -- [--keys 10000000] [--heap-mib 192] [--part windows|ttl|joins] [--mode continuous|microbatch]
 *     [--cache-mib 16] [--dirty-mib 8] [--unfolded-mib 64] [--batch-records 25000]
 *
 * What is not V8's heap is not bounded by that and is part of the resident memory: buffers, the stacks and code of four threads (the host's
 * heap of some MiB as well), and the pages of LMDB's file that the system keeps in memory. The joins get a fifth of the keys: each has some
 * ten entries of state.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ExecutionMode } from 'millrace';
import { decodeValue } from '../src/codec/value-codec.ts';
import { SystemClock } from '../src/model/index.ts';
import { inspectState, openStateDirectory } from '../src/storage/index.ts';
import { LmdbKeyValueReader } from '../src/storage/lmdb-key-value-store.ts';
import { dataPathOf } from '../src/storage/state-paths.ts';
import { KEY_SPACE_END, KEY_SPACE_START } from '../src/storage/store-key.ts';
import {
  BOUNDED_PARTS,
  BOUNDED_VARIABLE,
  type BoundedPart,
  type BoundedRun,
  type BoundedSettings,
  KEYS_PER_BLOCK,
  SHARDS,
  type ShardTotals,
  squareOf,
  type ThreadMemory,
} from '../test/fixtures/bounded/bounded-settings.ts';
import { Workspace } from '../test/recovery/support/workspace.ts';

const FIXTURES = 'test/fixtures/bounded';
const MIB = 2 ** 20;
/** Of a job by default. */
const EPOCHS_RETAINED = 2;
const ENTRIES_COUNTED_MAX = 100_000;
/** Of the driver and the workers together. */
const HEAPS_MAX = 512 * MIB;
/** The driver and two workers. */
const THREADS = 3;
const JOINS_SHARE = 0.2;
const MODES: readonly ExecutionMode[] = ['continuous', 'microbatch'];

const { values: wanted } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000000' },
    'heap-mib': { type: 'string', default: '192' },
    'cache-mib': { type: 'string', default: '16' },
    'dirty-mib': { type: 'string', default: '8' },
    'unfolded-mib': { type: 'string', default: '64' },
    'batch-records': { type: 'string', default: '25000' },
    part: { type: 'string' },
    mode: { type: 'string' },
  },
});

let failures = 0;
for (const part of BOUNDED_PARTS.filter((part) => wanted.part === undefined || part === wanted.part)) {
  for (const mode of MODES.filter((mode) => wanted.mode === undefined || mode === wanted.mode)) {
    const workspace = new Workspace(`bounded-${part}`);
    try {
      failures += await runPart(workspace, part, mode);
    } finally {
      workspace.remove();
    }
  }
}
process.exitCode = failures === 0 ? 0 : 1;

async function runPart(workspace: Workspace, part: BoundedPart, mode: ExecutionMode): Promise<number> {
  const share = part === 'joins' ? JOINS_SHARE : 1;
  const keys = Math.ceil((Number(wanted.keys) * share) / KEYS_PER_BLOCK) * KEYS_PER_BLOCK;
  const memoryDirectory = workspace.path('memory');
  mkdirSync(memoryDirectory);
  const settings: BoundedSettings = {
    part,
    keys,
    memoryDirectory,
    options: {
      mode,
      workers: 2,
      parallelism: 2,
      state: {
        cacheBytes: Number(wanted['cache-mib']) * MIB,
        dirtyBytesMax: Number(wanted['dirty-mib']) * MIB,
        unfoldedBytesMax: Number(wanted['unfolded-mib']) * MIB,
      },
      batch: { recordsMax: Number(wanted['batch-records']) },
    },
  };
  const ended = await runChild(workspace, settings);
  const of = `${part}, ${mode}`;
  if (typeof ended === 'string') {
    console.log(`${of}: ${ended}; ${describeMemory(memoryDirectory)}`);
    return 1;
  }
  const fileMiB = statSync(dataPathOf(workspace.stateDirectory)).size / MIB;
  const problems = [
    ...findDeaths(ended, readThreads(memoryDirectory)),
    ...findProblems(workspace.stateDirectory, keys),
    ...findLeft(workspace.stateDirectory, `bounded-${part}`),
  ];
  const rate = Math.round(ended.recordsRead / ended.seconds);
  console.log(
    `${of}: ${keys} keys, ${ended.recordsRead} records in ${ended.seconds.toFixed(0)} s (${rate}/s; ${ended.cpuSeconds.toFixed(0)} s of processors), ${ended.epochs} epochs; ` +
      `${describeMemory(memoryDirectory)}, resident ${toMiB(ended.residentBytesMax)} MiB, LMDB ${fileMiB.toFixed(0)} MiB; ` +
      (problems.length === 0 ? 'all rows right, nothing left' : problems.join('; ')),
  );
  return problems.length;
}

/** What it said, or how it died. */
function runChild(workspace: Workspace, settings: BoundedSettings): Promise<BoundedRun | string> {
  for (const file of ['bounded-settings.js', 'bounded.job.js', 'run-bounded.js']) workspace.take(`${FIXTURES}/${file}`);
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${wanted['heap-mib']}`,
      workspace.path('run-bounded.js'),
      workspace.path('bounded.job.js'),
      workspace.stateDirectory,
    ],
    {
      cwd: workspace.directory,
      env: { ...process.env, [BOUNDED_VARIABLE]: JSON.stringify(settings), NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const run = said === '' ? undefined : (JSON.parse(said) as BoundedRun);
      if (run?.outcome.kind === 'completed') resolve(run);
      else if (run?.outcome.kind === 'failed') resolve(`failed: ${run.outcome.report.message}`);
      else resolve(`ended with ${signal ?? code}: ${complained.slice(0, 2000)}`);
    });
  });
}

function readThreads(directory: string): readonly ThreadMemory[] {
  return readdirSync(directory).map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as ThreadMemory);
}

function sumOf(threads: readonly ThreadMemory[]): number {
  return threads.reduce((total, { heapUsedMax }) => total + heapUsedMax, 0);
}

/** A task of a batch that ran out of heap is tried again on another thread: that is no restart of the job. */
function findDeaths({ restarts, lastFailure }: BoundedRun, threads: readonly ThreadMemory[]): readonly string[] {
  return [
    ...(restarts === 0 ? [] : [`${restarts} restarts: ${lastFailure}`]),
    ...(threads.length <= THREADS ? [] : [`${threads.length} threads in place of ${THREADS}: some died`]),
    ...(sumOf(threads) <= HEAPS_MAX ? [] : ['the heaps together are too large']),
  ];
}

function describeMemory(directory: string): string {
  const threads = readThreads(directory);
  const each = threads.map(({ heapUsedMax }) => toMiB(heapUsedMax)).join(' + ');
  const limit = Math.max(...threads.map(({ heapLimit }) => heapLimit));
  return `heaps at most ${each} = ${toMiB(sumOf(threads))} MiB (V8's limit ${toMiB(limit)} each)`;
}

function toMiB(bytes: number): number {
  return Math.round(bytes / MIB);
}

/** What is wrong in the totals, and what other nodes have as state at the end. */
function findProblems(stateDirectory: string, keys: number): readonly string[] {
  const inspection = inspectState(stateDirectory);
  try {
    const found = { rows: 0, sum: 0, squares: 0 };
    for (const { value } of inspection.rows('totals')) {
      const { rows, sum, squares } = decodeValue(value) as ShardTotals;
      found.rows += rows;
      found.sum += sum;
      found.squares += squares;
    }
    const expected = { rows: keys, sum: 0, squares: 0 };
    for (let n = 0; n < keys; n++) {
      expected.sum += n;
      expected.squares += squareOf(n);
    }
    const names = ['rows', 'sum', 'squares'] as const;
    const problems = names
      .filter((name) => found[name] !== expected[name])
      .map((name) => `${name} are ${found[name]}, not ${expected[name]}`);
    const entries = new Map<string, number>();
    for (const { node, state } of inspection.entries())
      entries.set(`${node} ${state}`, (entries.get(`${node} ${state}`) ?? 0) + 1);
    const totals = [...entries].filter(([, count]) => count !== SHARDS);
    return [...problems, ...totals.map(([state, count]) => `${count} entries are left of ${state}`)];
  } finally {
    inspection.close();
  }
}

/**
 * What is in the base tables besides the totals when all epochs are folded: not as inspection shows it, but as it stands there. The newest
 * epochs are never folded: some without changes are put behind the last.
 */
function findLeft(path: string, job: string): readonly string[] {
  const inspection = inspectState(path);
  const manifest = inspection.list().at(-1)!;
  inspection.close();
  const { keyGroups, epoch } = manifest;
  const directory = openStateDirectory({ path, job, keyGroups, clock: new SystemClock() });
  const { store, dataPath } = directory;
  const generation = store.beginGeneration();
  for (let more = 1; more <= EPOCHS_RETAINED; more++)
    store.commit({ manifest: { ...manifest, generation, epoch: epoch + more }, deltas: [], rows: [], deadLetters: [] });
  while (store.foldSlice('early'));
  directory.close();
  const raw = new LmdbKeyValueReader(dataPath);
  const left = raw.keys('state', KEY_SPACE_START, KEY_SPACE_END, ENTRIES_COUNTED_MAX).length;
  raw.close();
  return left === SHARDS ? [] : [`${left} entries are in the base tables, not ${SHARDS}`];
}
