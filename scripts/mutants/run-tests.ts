/** Runs tests in a copy of the repository, and says which of them failed. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** On a busy machine a test may be slow; a program that a bug made hang is hung for longer. */
const TEST_TIMEOUT_MS = 60_000;
/** A test that blocks its process is ended with it. */
const RUN_TIMEOUT_MS = 600_000;
const REPORT_CHARS_MAX = 160;

export type TestRun =
  | { readonly kind: 'passed'; readonly tests: number }
  /** At least one test failed; this is the first. */
  | { readonly kind: 'failed'; readonly by: string; readonly message: string }
  /** It did not come to an end. */
  | { readonly kind: 'hung' }
  /** No test failed, and yet it was no success: what was to be tested could not be loaded, or there were no tests. */
  | { readonly kind: 'broken'; readonly message: string };

/** What is used of the report of vitest. */
interface Report {
  readonly success: boolean;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Stops at the first failure. */
export function runTests(directory: string, paths: readonly string[]): TestRun {
  const reportFile = join(directory, 'report.json');
  rmSync(reportFile, { force: true });
  const vitest = join(directory, 'node_modules', 'vitest', 'vitest.mjs');
  const run = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      '--bail=1',
      `--testTimeout=${TEST_TIMEOUT_MS}`,
      '--reporter=json',
      `--outputFile=${reportFile}`,
      ...paths,
    ],
    { cwd: directory, encoding: 'utf8', timeout: RUN_TIMEOUT_MS, killSignal: 'SIGKILL' },
  );
  if (run.error !== undefined && 'code' in run.error && run.error.code === 'ETIMEDOUT') return { kind: 'hung' };
  let text: string;
  try {
    text = readFileSync(reportFile, 'utf8');
  } catch {
    return { kind: 'broken', message: firstLine(`${run.error?.message ?? ''}${run.stderr}`) };
  }
  return judge(JSON.parse(text) as Report, directory);
}

function judge(report: Report, directory: string): TestRun {
  const failed = report.testResults.flatMap(({ assertionResults, name }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({
        by: `${relative(directory, name)}: ${fullName}`,
        message: firstLine(failureMessages.join('\n')),
      })),
  )[0];
  if (failed !== undefined) return { kind: 'failed', ...failed };
  // A file whose tests all ran and that failed behind them: what it counts over all of them is wrong.
  const behind = report.testResults.find(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.some(({ status: of }) => of === 'passed'),
  );
  if (behind !== undefined) {
    return {
      kind: 'failed',
      by: `${relative(directory, behind.name)}: behind its tests`,
      message: firstLine(behind.message),
    };
  }
  if (report.success && report.numTotalTests > 0) return { kind: 'passed', tests: report.numTotalTests };
  const message = report.testResults.map((file) => file.message).find((text) => text !== '');
  return { kind: 'broken', message: firstLine(message ?? 'no test ran') };
}

function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? '').trim().slice(0, REPORT_CHARS_MAX);
}
