/** Bugs in changing from one mode to the other. */
import type { Mutant } from './mutant.ts';

const SWITCHED: readonly string[] = ['test/execution/mode-switch.test.ts'];

export const MODE_MUTANTS: readonly Mutant[] = [
  {
    id: 'S1',
    bug: 'continuous mode gives way without its final epoch',
    file: 'src/continuous/continuous-engine.ts',
    from: '    this.#coordinator.finish(stop);\n',
    to: "    if (stop === 'complete') this.#coordinator.finish(stop);\n    else this.#end({ kind: 'finished', stop });\n",
    tests: SWITCHED,
  },
  {
    id: 'S2',
    bug: 'sources read on behind the marker of the final epoch',
    file: 'src/execution/epoch-coordinator.ts',
    from: 'isFinal: this.#stop !== undefined });',
    to: "isFinal: this.#stop === 'complete' });",
    tests: SWITCHED,
  },
  {
    id: 'S3',
    bug: 'microbatch mode gives way without the end of its batch',
    file: 'src/microbatch/batch-generation.ts',
    from: "    if (stop === 'complete') return;\n    this.#isStopping = true;\n",
    to: "    if (stop === 'complete') return;\n    this.#runner.close();\n    this.#isStopping = true;\n",
    tests: SWITCHED,
  },
  {
    id: 'S4',
    bug: 'the generation behind a switch begins in the old mode',
    file: 'src/execution/mode-control.ts',
    from: 'this.#mode = this.#nextMode();',
    to: '',
    tests: SWITCHED,
  },
  {
    id: 'S5',
    bug: 'a switch is begun before the threads of the other mode are there',
    file: 'src/execution/mode-control.ts',
    from: '    prepare(engines[to]).then(\n',
    to: '    pending.preparedAt = clock.monotonic();\n    onPrepared();\n    prepare(engines[to]).then(\n',
    tests: SWITCHED,
  },
  {
    id: 'S6',
    bug: 'adaptive mode goes to and fro without dwelling',
    file: 'src/execution/decide-mode.ts',
    from: 'wanted !== mode && now - switchedAt >= options.dwellMs;',
    to: 'wanted !== mode;',
    tests: ['test/execution/decide-mode.test.ts'],
  },
  {
    id: 'S7',
    bug: 'adaptive mode goes continuous at the first moment without a backlog',
    file: 'src/execution/decide-mode.ts',
    from: 'caughtUpMs !== undefined && caughtUpMs >= options.caughtUpMs ?',
    to: 'caughtUpMs !== undefined ?',
    tests: ['test/execution/decide-mode.test.ts'],
  },
  {
    id: 'S8',
    bug: 'a switch ends a job that somebody asked to drain into the other mode',
    file: 'src/execution/job-run.ts',
    from: "if (end.stop === 'complete' || this.#isDraining || !this.#modes.isSwitchPrepared()) {",
    to: "if (end.stop === 'complete' || !this.#modes.isSwitchPrepared()) {",
    tests: SWITCHED,
  },
];
