/**
 * Deliberate one-line bugs in the protocol that the suite must catch (`npm run test:mutants`): a test that no bug can fail
 * proves nothing. Each is applied to a copy of the sources and the named tests run there; a mutant that survives fails
 * the script. `npm run test:mutants -- M8` runs one.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Mutant {
  readonly id: string;
  readonly bug: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
}

const SIMULATION = ['test/simulation'];

const MUTANTS: readonly Mutant[] = [
  {
    id: 'M1',
    bug: 'output becomes visible before the epoch is durable (I3)',
    file: 'src/execution/epoch-coordinator.ts',
    from: '    store.commit(epoch);\n',
    to: '    for (const [node, token] of sealedTokens) await this.#options.committers.get(node)!.commit(token);\n    store.commit(epoch);\n',
    tests: ['test/execution/epoch-coordinator.test.ts'],
  },
  {
    id: 'M4',
    bug: 'the newest token is not repeated at a start (I4)',
    file: 'src/execution/job-run.ts',
    from: 'await committer.restore(manifest?.tokens[node.id]);',
    to: 'await committer.restore(manifest === undefined ? undefined : { ...manifest.tokens[node.id], epoch: manifest.epoch - 1 });',
    tests: SIMULATION,
  },
  {
    id: 'M6',
    bug: 'source offsets lag behind the state by one epoch',
    file: 'src/execution/seal-epoch.ts',
    from: 'offsets: mergeOffsets(previous?.offsets ?? {}, snapshots),',
    to: 'offsets: previous === undefined ? mergeOffsets({}, snapshots) : previous.offsets,',
    tests: SIMULATION,
  },
  {
    id: 'M7',
    bug: 'a marker overtakes the records before it (I1)',
    file: 'src/channels/ring-channel-writer.ts',
    from: 'before: this.#records.length',
    to: 'before: this.#encoded',
    tests: ['test/channels'],
  },
  {
    id: 'M8',
    bug: 'no alignment: an input is read on behind its marker (I1)',
    file: 'src/continuous/marker-aligner.ts',
    from: 'return !this.#hasArrived[input];',
    to: 'return input >= 0;',
    tests: [...SIMULATION, 'test/continuous'],
  },
  {
    id: 'M8b',
    bug: 'alignment does not wait for the last input (I1)',
    file: 'src/continuous/marker-aligner.ts',
    from: 'if (this.#arrived < this.#inputs) return undefined;',
    to: 'if (this.#arrived < this.#inputs - 1) return undefined;',
    tests: [...SIMULATION, 'test/continuous'],
  },
  {
    id: 'M9',
    bug: 'no fence: an older generation may commit (I10)',
    file: 'src/storage/durable-checkpoint-store.ts',
    from: 'if (owner !== this.#generation) throw fenced(this.#generation!, owner);',
    to: 'if (owner < 0) throw fenced(this.#generation!, owner);',
    tests: ['test/storage'],
  },
  {
    id: 'M11',
    bug: 'a coordinator goes on after a failed commit (reliability F7)',
    file: 'src/execution/epoch-coordinator.ts',
    from: '    if (this.#hasStopped()) return;\n    this.close();\n',
    to: "    if (this.#hasStopped()) return;\n    this.#phase = 'waiting';\n    this.#scheduleNext();\n",
    tests: ['test/execution/epoch-coordinator.test.ts'],
  },
  {
    id: 'M12',
    bug: 'the snapshot is taken while state changes: a frozen entry is not encoded before it is touched (I1)',
    file: 'src/storage/change-log.ts',
    from: 'touch(cell: Cell): void {\n    if (cell.serial === this.frozenSerial) this.#encode(cell);',
    to: 'touch(cell: Cell): void {\n    if (cell.serial === this.frozenSerial) cell.serial = SERIAL_NONE;',
    tests: ['test/storage/keyed-state.test.ts', ...SIMULATION],
  },
  {
    id: 'M13',
    bug: 'a snapshot of another generation counts (I10)',
    file: 'src/execution/epoch-tracker.ts',
    from: "if (snapshot.generation !== this.#generation) return 'foreign';",
    to: "if (snapshot.generation < 0) return 'foreign';",
    tests: ['test/execution'],
  },
  {
    id: 'M15',
    bug: 'dead letters are not part of the epoch',
    file: 'src/execution/seal-epoch.ts',
    from: 'deadLetters: snapshots.flatMap((snapshot) => snapshot.deadLetters),',
    to: 'deadLetters: [],',
    tests: ['test/execution', ...SIMULATION],
  },
  {
    id: 'K1',
    bug: 'records of a key go to different subtasks (I11)',
    file: 'src/execution/exchange-writer.ts',
    from: 'this.#channelOfGroup[hashKey(key) % this.#keyGroups]!.write(record);',
    to: 'this.#channelOfGroup[(hashKey(key) + (record.ingestTime % 2)) % this.#keyGroups]!.write(record);',
    tests: SIMULATION,
  },
  {
    id: 'K2',
    bug: 'a restart keeps the uncommitted part of the state',
    file: 'src/storage/layered-keyed-state.ts',
    from: 'for (const delta of reader.deltas(node, epoch)) this.#restore(delta);',
    to: 'for (const delta of reader.deltas(node, epoch - 1)) this.#restore(delta);',
    tests: SIMULATION,
  },
  {
    id: 'K3',
    bug: 'a source goes on one record too far after a restart',
    file: 'src/connectors/memory-source.ts',
    from: 'next: Number(context.offsets[split] ?? 0) };',
    to: 'next: Number(context.offsets[split] ?? -1) + 1 };',
    tests: SIMULATION,
  },
  {
    id: 'K4',
    bug: 'base tables get ahead: an entry is evicted before its delta is folded (I6)',
    file: 'src/storage/layered-keyed-state.ts',
    from: 'this.#cache.onFolded(Math.min(visible, foldedThrough));',
    to: 'this.#cache.onFolded(Number.MAX_SAFE_INTEGER);',
    tests: [...SIMULATION, 'test/storage/keyed-state.test.ts'],
  },
];

const REPOSITORY: string = fileURLToPath(new URL('..', import.meta.url));

function survives(mutant: Mutant): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-mutant-'));
  try {
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(join(REPOSITORY, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'), 'dir');
    const path = join(copy, mutant.file);
    const source = readFileSync(path, 'utf8');
    if (source.split(mutant.from).length !== 2) {
      throw new Error(`${mutant.id} does not fit ${mutant.file} any more: its line must stand there exactly once`);
    }
    writeFileSync(
      path,
      source.replace(mutant.from, () => mutant.to),
    );
    const run = spawnSync('npx', ['vitest', 'run', '--bail', '1', ...mutant.tests], {
      cwd: copy,
      stdio: 'ignore',
      timeout: 300_000,
    });
    return run.status === 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
const survivors: string[] = [];
let killed = 0;
for (const mutant of MUTANTS) {
  if (wanted.length > 0 && !wanted.includes(mutant.id)) continue;
  const isAlive = survives(mutant);
  if (isAlive) survivors.push(mutant.id);
  else killed++;
  console.log(`${isAlive ? 'SURVIVED' : 'killed  '} ${mutant.id}: ${mutant.bug}`);
}
console.log(`${killed} killed, ${survivors.length} survived`);
process.exitCode = survivors.length === 0 ? 0 : 1;
