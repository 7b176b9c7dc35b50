/**
 * Runs all benchmarks, or those named on the command line, one after the other, prints a table of each and keeps the results.
 *
 * `MILLRACE_BENCHMARK_SCALE` shortens the runs while developing; `MILLRACE_BENCHMARK_DIRECTORY` says on which disk the state
 * lives, default `benchmarks/state`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { channel } from './channel.ts';
import type { Benchmark, BenchmarkContext } from './harness/benchmark.ts';
import { readLoad, readMachineFacts } from './harness/machine.ts';
import { type Report, renderReport, writeReport } from './harness/report.ts';
import { hop } from './hop.ts';
import { latency } from './latency.ts';
import { partials } from './partials.ts';
import { pause } from './pause.ts';
import { restart } from './restart.ts';
import { sliding } from './sliding.ts';
import { stages } from './stages.ts';
import { storage } from './storage.ts';
import { switching } from './switching.ts';
import { keyedCount, stateless } from './throughput.ts';
import { timers } from './timers.ts';
import { windowLatency } from './window-latency.ts';

const BENCHMARKS: readonly Benchmark[] = [
  keyedCount,
  stateless,
  latency,
  switching,
  pause,
  hop,
  restart,
  channel,
  partials,
  sliding,
  windowLatency,
  timers,
  stages,
  storage,
];

const root = fileURLToPath(new URL('..', import.meta.url));
const stateRoot = resolve(process.env['MILLRACE_BENCHMARK_DIRECTORY'] ?? join(root, 'state'));
const scale = Number(process.env['MILLRACE_BENCHMARK_SCALE'] ?? 1);
const { version } = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8')) as { readonly version: string };

const chosen = process.argv.length === 2 ? BENCHMARKS : process.argv.slice(2).map(benchmarkNamed);
mkdirSync(stateRoot, { recursive: true });
const machine = readMachineFacts(stateRoot);
for (const benchmark of chosen) {
  const directories: string[] = [];
  const context: BenchmarkContext = {
    machine,
    scale,
    freshDirectory: () => {
      const directory = mkdtempSync(join(stateRoot, `${benchmark.name}-`));
      directories.push(directory);
      return directory;
    },
    progress: (line) => process.stderr.write(`${benchmark.name}: ${line}\n`),
  };
  const startedAt = new Date().toISOString();
  const loadBefore = readLoad();
  const result = await benchmark.run(context);
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  const { name, question } = benchmark;
  const report: Report = { benchmark: name, question, startedAt, version, machine, loadBefore, scale, ...result };
  writeReport(report, join(root, 'results'));
  process.stdout.write(`${renderReport(report)}\n`);
}

function benchmarkNamed(name: string): Benchmark {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (found !== undefined) return found;
  process.stderr.write(`no benchmark is named ${name}; there are ${BENCHMARKS.map((each) => each.name).join(', ')}\n`);
  process.exit(2);
}
