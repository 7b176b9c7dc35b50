/** Bugs in timers, time to live, joins, deduplication and calls. */
import type { Mutant } from './mutant.ts';

const TIMERS = 'src/storage/timer-table.ts';
const LIVES = 'src/storage/lifetimes.ts';
const JOIN = 'src/operators/joins/stream-join-operator.ts';
const CALLS = 'src/operators/async-map';

const TIMER_MODEL: readonly string[] = ['test/storage/timer-model.test.ts'];
const TIMER_TESTS: readonly string[] = ['test/storage/timers.test.ts'];
const TTL_TESTS: readonly string[] = ['test/storage/ttl.test.ts', 'test/storage/ttl-model.test.ts'];
const JOIN_TESTS: readonly string[] = ['test/operators/joins/stream-join.test.ts'];
const CALL_TESTS: readonly string[] = ['test/operators/async-map/async-map-operator.test.ts'];

export const TIMED_OPERATOR_MUTANTS: readonly Mutant[] = [
  {
    id: 'P1',
    bug: 'a timer that has fired is still in the checkpoint',
    file: TIMERS,
    from: '    this.#heap.pop();\n    this.#write(cell, ABSENT);\n    this.#scope',
    to: '    this.#heap.pop();\n    this.#scope',
    tests: TIMER_MODEL,
  },
  {
    id: 'P2',
    bug: 'timers of one time fire in any order',
    file: 'src/storage/timer-heap.ts',
    from: 'return (a.sub as string) < (b.sub as string);',
    to: 'return (a.sub as string).slice(0, 8) < (b.sub as string).slice(0, 8);',
    tests: [...TIMER_TESTS, ...TIMER_MODEL],
  },
  {
    id: 'P3',
    bug: 'the last timer of a page that was read ahead is lost',
    file: TIMERS,
    from: 'if (!this.#cells.has(sub)) this.#keep(group, sub);',
    to: 'if (!this.#cells.has(sub) && timers < PAGE_TIMERS - 1) this.#keep(group, sub);',
    tests: TIMER_MODEL,
  },
  {
    id: 'P4',
    bug: 'a pending timer that was evicted is never read again',
    file: TIMERS,
    from: '    if (sub < this.#boundOf(cell.group)) this.#setBound(cell.group, sub);\n',
    to: '',
    tests: TIMER_MODEL,
  },
  {
    id: 'P5',
    bug: 'timers that were not folded yet are lost over a restart',
    file: TIMERS,
    from: 'if (cell.value !== ABSENT) this.#heap.push(cell);\n    return cell;',
    to: 'return cell;',
    tests: TIMER_MODEL,
  },
  {
    id: 'P6',
    bug: 'a value is seen at the moment at which it expires',
    file: LIVES,
    from: 'cell.life.expiresAt > this.now);',
    to: 'cell.life.expiresAt >= this.now);',
    tests: TTL_TESTS,
  },
  {
    id: 'P7',
    bug: 'what has expired is hidden and never removed',
    file: LIVES,
    from: '      cell.value = ABSENT;\n',
    to: '',
    tests: TTL_TESTS,
  },
  {
    id: 'P8',
    bug: 'the back of two stacks keeps panes that have left the window',
    file: 'src/operators/windows/two-stack-slider.ts',
    from: 'from >= stacks[1])',
    to: 'from >= stacks[2])',
    tests: ['test/operators/windows/sliding-windows.test.ts'],
  },
  {
    id: 'P9',
    bug: 'a window that turned its stacks has lost what came behind them',
    file: 'src/operators/windows/two-stack-slider.ts',
    from: '    this.#fields.merge(slots, 0, stacks[3], 0);\n',
    to: '',
    tests: ['test/operators/windows/sliding-windows.test.ts'],
  },
  {
    id: 'P10',
    bug: 'that a row has met another is not stored with it',
    file: JOIN,
    from: "    return 'changed';\n",
    to: "    row.isMatched = false;\n    return 'keep';\n",
    tests: JOIN_TESTS,
  },
  {
    id: 'P11',
    bug: 'a record that met rows when it came is emitted without them at its end',
    file: JOIN,
    from: 'left.insert({ time, value: record.value, isMatched: this.#isMatched });',
    to: 'left.insert({ time, value: record.value, isMatched: false });',
    tests: JOIN_TESTS,
  },
  {
    id: 'P12',
    bug: 'a row ends one millisecond before the last record that it may meet',
    file: 'src/operators/joins/join-range.ts',
    from: 'return time + reachMs + 1;',
    to: 'return time + reachMs;',
    tests: JOIN_TESTS,
  },
  {
    id: 'P13',
    bug: 'a repeat begins the time to live of its key anew',
    file: 'src/operators/deduplicate-operator.ts',
    from: 'if (this.#seen.get() !== undefined) return;\n    this.#seen.set(true);\n    out.emit(record);',
    to: 'if (this.#seen.get() !== undefined) return this.#seen.set(true);\n    this.#seen.set(true);\n    out.emit(record);',
    tests: ['test/operators/deduplicate.test.ts'],
  },
  {
    id: 'P14',
    bug: 'a deduplication never forgets',
    file: 'src/operators/deduplicate-operator.ts',
    from: '    this.#seen.clear();\n',
    to: '',
    tests: ['test/operators/deduplicate.test.ts'],
  },
  {
    id: 'P15',
    bug: 'the inputs of calls under way are not kept',
    file: `${CALLS}/unfinished-inputs.ts`,
    from: '    this.#inputs.set(slot, { sequence: this.#sequence++, value, key, timestamp });\n',
    to: '',
    tests: CALL_TESTS,
  },
  {
    id: 'P16',
    bug: 'a watermark overtakes the results in front of it',
    file: `${CALLS}/ordered-results.ts`,
    from: '    this.#queue.push(watermark);\n',
    to: '    this.#queue.unshift(watermark);\n',
    tests: CALL_TESTS,
  },
  {
    id: 'P17',
    bug: 'where subtasks become one, the fastest decides with which watermark their calls begin again',
    file: `${CALLS}/unfinished-inputs.ts`,
    from: 'Math.min(...found));',
    to: 'Math.max(...found));',
    tests: CALL_TESTS,
  },
  {
    id: 'P18',
    bug: 'calls begin again with the watermark of a subtask that had ended, whatever is still to come',
    file: `${CALLS}/async-map-operator.ts`,
    from: 'Math.min(next, Math.max(this.#watermark, this.#time.watermark()));',
    to: 'next;',
    tests: CALL_TESTS,
  },
  {
    id: 'P19',
    bug: 'the input of a call is forgotten before its result is out',
    file: `${CALLS}/async-map-operator.ts`,
    from: '    this.#running--;\n',
    to: '    this.#running--;\n    this.#inputs.remove(this.#calls.get(call)!);\n',
    tests: CALL_TESTS,
  },
  {
    id: 'P20',
    bug: 'the watermark in front of unfinished inputs stays behind when their key group goes to another subtask',
    file: `${CALLS}/unfinished-inputs.ts`,
    from: '      this.#passed.set(this.#watermark);\n',
    to: '',
    tests: CALL_TESTS,
  },
  {
    id: 'P21',
    bug: 'behind a restart with calls under way, what follows in the chain is under the watermark in front of them',
    file: 'src/execution/operator-link.ts',
    from: '    if (this.operator.asynchronous !== undefined && this.operator.asynchronous.pending() > 0) return;\n',
    to: '',
    tests: ['test/execution/operator-link.test.ts'],
  },
];
