/**
 * `millrace compare`: checks everything that can be checked, has the comparison run in a folder of its own, and shows it. The
 * folder is removed whatever happens, unless it was asked for.
 */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readChartLibrary } from '../compare/chart-library.ts';
import { type ComparisonPorts, type ComparisonRequest, compareModes } from '../compare/compare-modes.ts';
import type { Comparison } from '../compare/comparison.ts';
import { renderReport } from '../compare/render-report.ts';
import { variantsOf } from '../compare/variant.ts';
import { loadJob, referenceTo } from '../config/index.ts';
import { resolveJobOptions } from '../execution/options.ts';
import { compile, type LogicalPlan } from '../plan/index.ts';
import { type CompareOptions, compareOptions } from './compare-options.ts';
import { ComparisonReporter } from './comparison-reporter.ts';
import { comparisonTable } from './comparison-table.ts';
import { EXIT_DONE, EXIT_FAILED, signalExitCode } from './decide-exit-code.ts';
import { describeConditions, describeDifferences, describeEquality, renderComparison } from './render-comparison.ts';
import type { CliPorts, StopSignal } from './runner.ts';
import { UsageError } from './usage-error.ts';

type Given = Readonly<Record<string, string | true>>;
type Compare = (request: ComparisonRequest, ports: ComparisonPorts) => Promise<Comparison>;

/** Resolves with the exit code: 1 when outputs differ. Rejects when nothing could be compared. `compare`: for tests. */
export async function compareCommand(
  job: string,
  given: Given,
  ports: CliPorts,
  compare: Compare = compareModes,
): Promise<number> {
  const options = compareOptions(given);
  const wanted = await prepare(job, options);
  const stop = new AbortController();
  let stoppedBy: StopSignal | undefined;
  const forget = ports.onSignal((signal) => {
    if (stoppedBy !== undefined) ports.exitNow(signalExitCode(signal));
    stoppedBy = signal;
    ports.terminal.err(`\n${signal}: ending the runs; once more ends at once\n`);
    stop.abort();
  });
  const reporter = new ComparisonReporter(ports.terminal, ports.clock);
  const directory = await openDirectory(options.keepDirectory);
  try {
    const comparison = await compare(
      { ...wanted, directory, isKept: options.keepDirectory !== undefined },
      { clock: ports.clock, signal: stop.signal, onProgress: (progress) => reporter.show(progress) },
    );
    reporter.stop();
    await present(comparison, options, ports);
    return comparison.equal ? EXIT_DONE : EXIT_FAILED;
  } catch (thrown) {
    if (stoppedBy !== undefined) return signalExitCode(stoppedBy);
    throw thrown;
  } finally {
    reporter.stop();
    forget();
    if (options.keepDirectory === undefined) await rm(directory, { recursive: true, force: true });
  }
}

/** Throws what is wrong with the words, the job, or the places to write to. Nothing is started, nothing written. */
async function prepare(job: string, options: CompareOptions): Promise<Omit<ComparisonRequest, 'directory' | 'isKept'>> {
  const { durationMs, intervalsMs, overrides, records, recordsPerSecond } = options;
  const reference = await referenceTo(job);
  const loaded = await loadJob(reference);
  const variants = variantsOf(intervalsMs);
  const resolved = variants.map((variant) => resolveJobOptions(loaded.options, overrides, variant.options));
  const plan = loaded.definition.build();
  for (const { parallelism, workers, keyGroups } of resolved) compile(plan, { parallelism, workers, keyGroups });
  requireEnds(plan, records);
  await requireWritable(options);
  const idsOf = (role: 'source' | 'sink'): readonly string[] =>
    plan.nodes.filter((node) => node.role === role).map(({ id }) => id);
  return {
    reference,
    job: plan.job,
    sources: idsOf('source').length,
    sinks: idsOf('sink'),
    options: resolved[0]!,
    overrides,
    variants,
    durationMs,
    withCurve: options.reportPath !== undefined,
    ...(recordsPerSecond === undefined ? {} : { recordsPerSecond }),
    ...(records === undefined ? {} : { records }),
  };
}

function requireEnds({ job, nodes }: LogicalPlan, records: number | undefined): void {
  if (records !== undefined) return;
  const endless = nodes.flatMap((node) => (node.role === 'source' && !node.connector.isBounded ? [node.id] : []));
  if (endless.length === 0) return;
  throw new UsageError(
    `job ${job} never ends by itself, because of its source ${endless.join(', ')}; say with --records N how many records of each source to compare over`,
    'compare',
  );
}

async function requireWritable({ keepDirectory, reportPath }: CompareOptions): Promise<void> {
  if (reportPath !== undefined) {
    const path = resolve(reportPath);
    const known = await stat(path).catch(() => undefined);
    if (known?.isDirectory() === true) throw new UsageError(`--report ${path} is a directory, not a file`, 'compare');
    await access(known === undefined ? dirname(path) : path, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`--report ${path} cannot be written (${error.code}); nothing was run`, 'compare');
    });
  }
  if (keepDirectory === undefined) return;
  const found = await readdir(resolve(keepDirectory)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UsageError(`--keep ${resolve(keepDirectory)} cannot be used (${error.code})`, 'compare');
  });
  if (found.length > 0) throw new UsageError(`--keep ${resolve(keepDirectory)} must be empty or not there`, 'compare');
}

async function openDirectory(keepDirectory: string | undefined): Promise<string> {
  if (keepDirectory === undefined) return mkdtemp(join(tmpdir(), 'millrace-compare-'));
  const directory = resolve(keepDirectory);
  await mkdir(directory, { recursive: true });
  return directory;
}

async function present(
  comparison: Comparison,
  { isJson, keepDirectory, reportPath }: CompareOptions,
  { terminal }: CliPorts,
): Promise<void> {
  terminal.out(isJson ? `${JSON.stringify(comparison)}\n` : renderComparison(comparison));
  if (keepDirectory !== undefined) terminal.err(`outputs and state are in ${resolve(keepDirectory)}\n`);
  if (reportPath === undefined) return;
  const page = renderReport(
    {
      comparison,
      table: comparisonTable(comparison),
      verdict: describeEquality(comparison),
      differences: describeDifferences(comparison),
      conditions: describeConditions(comparison),
    },
    readChartLibrary(),
  );
  await writeFile(resolve(reportPath), page);
  terminal.err(`report written to ${resolve(reportPath)}\n`);
}
