/** Deliberate bugs of windows. */
import type { Mutant } from './mutant.ts';

const WINDOWS = 'src/operators/windows';
const SLIDING_TESTS = ['test/operators/windows/sliding-windows.test.ts'];
const SESSION_TESTS = ['test/operators/windows/session-windows.test.ts'];

export const WINDOW_MUTANTS: readonly Mutant[] = [
  {
    id: 'W1',
    bug: 'a record that is late for a closed window changes what is kept of it, and nobody makes that anew',
    file: `${WINDOWS}/sliding-window-operator.ts`,
    from: 'if (first < open) this.#slider.onLate(',
    to: 'if (first > open) this.#slider.onLate(',
    tests: SLIDING_TESTS,
  },
  {
    id: 'W2',
    bug: 'a window that has to close before the next one does not move the timer',
    file: `${WINDOWS}/sliding-window-operator.ts`,
    from: 'if (next !== undefined && next[1] <= window) return;',
    to: 'if (next !== undefined) return;',
    tests: SLIDING_TESTS,
  },
  {
    id: 'W3',
    bug: 'panes that leave a window are not taken out of its accumulators',
    file: `${WINDOWS}/retracting-slider.ts`,
    from: 'if (from < running[1]) {',
    to: 'if (from < running[0]) {',
    tests: SLIDING_TESTS,
  },
  {
    id: 'W4',
    bug: 'sessions that touch stay two',
    file: `${WINDOWS}/session-window-operator.ts`,
    from: 'sessions[at - 1]![1] >= start',
    to: 'sessions[at - 1]![1] > start',
    tests: SESSION_TESTS,
  },
  {
    id: 'W5',
    bug: 'a record that joins two sessions loses the later one',
    file: `${WINDOWS}/session-window-operator.ts`,
    from: '      fields.merge(slots, 0, taken, 0);\n',
    to: '',
    tests: SESSION_TESTS,
  },
  {
    id: 'W6',
    bug: 'a record at the watermark that has closed its window is taken in',
    file: `${WINDOWS}/interval-window-operator.ts`,
    from: "if (end + latenessMs <= clock && emit !== 'complete') {",
    to: "if (end + latenessMs < clock && emit !== 'complete') {",
    tests: ['test/operators/windows/interval-windows.test.ts'],
  },
];
