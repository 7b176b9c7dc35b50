/** Bugs in entries of keyed state that come and go within one epoch: what is written of them, and what stays in memory. */
import type { Mutant } from './mutant.ts';

const LOG = 'src/storage/change-log.ts';
const CACHE = 'src/storage/cell-cache.ts';
const SCOPE = 'src/storage/state-scope.ts';

const MODEL: readonly string[] = ['test/storage/keyed-state-model.test.ts'];
const TIMER_MODEL: readonly string[] = ['test/storage/timer-model.test.ts'];
const PASSING: readonly string[] = ['test/storage/passing-entries.test.ts'];

export const ENTRY_MUTANTS: readonly Mutant[] = [
  {
    id: 'E1',
    bug: 'an entry that was made and deleted within one epoch is written as deleted',
    file: LOG,
    from: 'return cell.value === ABSENT && !cell.isStored;',
    to: 'return cell.value === ABSENT && !cell.isStored && cell.bytes < 0;',
    tests: PASSING,
  },
  {
    id: 'E2',
    bug: 'a deletion is never written',
    file: LOG,
    from: 'return cell.value === ABSENT && !cell.isStored;',
    to: 'return cell.value === ABSENT;',
    tests: MODEL,
  },
  {
    id: 'E3',
    bug: 'an entry that was written once counts as never written',
    file: LOG,
    from: '    cell.isStored = cell.value !== ABSENT;\n',
    to: '',
    tests: MODEL,
  },
  {
    id: 'E4',
    bug: 'an entry whose deletion was written counts as written for ever',
    file: LOG,
    from: '    cell.isStored = cell.value !== ABSENT;\n',
    to: '    cell.isStored = true;\n',
    tests: PASSING,
  },
  {
    id: 'E5',
    bug: 'the entry that takes the place of one that was taken back is taken back in the place where it stood',
    file: LOG,
    from: '      last.dirtyAt = cell.dirtyAt;\n',
    to: '',
    tests: MODEL,
  },
  {
    id: 'E6',
    bug: 'the bytes of changed state count what was taken back',
    file: LOG,
    from: '    this.#dirtyBytes -= cell.bytes;\n',
    to: '',
    tests: PASSING,
  },
  {
    id: 'E7',
    bug: 'a delta without entries is delivered',
    file: LOG,
    from: '    if (entries === 0) return undefined;\n',
    to: '',
    tests: PASSING,
  },
  {
    id: 'E8',
    bug: 'an entry of a map that was not looked for counts as never written',
    file: 'src/storage/map-table.ts',
    from: 'owner.group, sub, !owner.isComplete);',
    to: 'owner.group, sub, false);',
    tests: PASSING,
  },
  {
    id: 'E9',
    bug: 'a value that was not looked for counts as never written',
    file: 'src/storage/value-table.ts',
    from: 'undefined, this.#place !== undefined);',
    to: 'undefined, false);',
    tests: MODEL,
  },
  {
    id: 'E10',
    bug: 'a timer behind what memory knows counts as never written',
    file: 'src/storage/timer-table.ts',
    from: 'sub, sub >= this.#boundOf(group));',
    to: 'sub, false);',
    tests: TIMER_MODEL,
  },
  {
    id: 'E11',
    bug: 'an entry of the base tables counts as never written',
    file: SCOPE,
    from: 'CELL_OVERHEAD_BYTES + bytes.length, true, life);',
    to: 'CELL_OVERHEAD_BYTES + bytes.length, false, life);',
    tests: PASSING,
  },
  {
    id: 'E12',
    bug: 'an entry of an unfolded delta counts as never written behind a restart',
    file: SCOPE,
    from: 'CELL_OVERHEAD_BYTES + entry.valueBytes, true, life);',
    to: 'CELL_OVERHEAD_BYTES + entry.valueBytes, false, life);',
    tests: MODEL,
  },
  {
    id: 'E13',
    bug: 'a timer that was read ahead counts as never written',
    file: 'src/storage/timer-table.ts',
    from: 'CELL_OVERHEAD_BYTES + sub.length, true);',
    to: 'CELL_OVERHEAD_BYTES + sub.length, false);',
    tests: TIMER_MODEL,
  },
  {
    id: 'E14',
    bug: 'a timer leaves memory while the base tables still have it',
    file: CACHE,
    from: 'if (this.#isClean(cell)) this.#evict(cell);',
    to: 'if (cell.serial === SERIAL_NONE) this.#evict(cell);',
    tests: PASSING,
  },
  {
    id: 'E15',
    bug: 'a timer that was set and has fired within one epoch stays in memory',
    file: CACHE,
    from: '    if (this.#isClean(cell)) this.#evict(cell);\n',
    to: '',
    tests: PASSING,
  },
  {
    id: 'E16',
    bug: 'NaN, as the only key of a map, is never found again',
    file: 'src/storage/sub-cells.ts',
    from: 'return a === b || (Number.isNaN(a) && Number.isNaN(b));',
    to: 'return a === b;',
    tests: PASSING,
  },
  {
    id: 'E17',
    bug: 'a key of which an entry was evicted is still taken for complete',
    file: 'src/storage/sub-cells.ts',
    from: 'if (cell.value !== ABSENT) owner.isComplete = false;',
    to: 'if (cell.value === ABSENT) owner.isComplete = false;',
    tests: PASSING,
  },
  {
    id: 'E18',
    bug: 'an entry of a map that came and went stays in memory',
    file: 'src/storage/map-table.ts',
    from: '    this.#scope.cache.discard(cell);\n',
    to: '',
    tests: PASSING,
  },
];
