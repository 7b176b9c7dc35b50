/**
 * Prints the counts of a run as its last line, so that the end of any log says what happened. Runs beside vitest's own
 * reporter, which ends with durations instead.
 */
import type { Reporter, TestModule } from 'vitest/node';

export class CountsReporter implements Reporter {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    let brokenFiles = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
      if (module.errors().length > 0) brokenFiles += 1;
    }
    const parts = [`${counts.passed} passed`, `${counts.failed} failed`, `${counts.skipped + counts.pending} skipped`];
    if (brokenFiles > 0) parts.push(`${brokenFiles} files not run`);
    if (unhandledErrors.length > 0) parts.push(`${unhandledErrors.length} unhandled errors`);
    this.#print(`Tests: ${parts.join(', ')} in ${modules.length} files`);
  }
}
