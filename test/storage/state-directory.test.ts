import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorruptionError, IncompatiblePlanError, LockedError, OptionError } from '../../src/model/index.ts';
import {
  inspectState,
  openStateDirectory,
  STORAGE_CRASH_POINTS,
  type StateDirectory,
  type StateDirectoryOptions,
} from '../../src/storage/index.ts';
import { JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

const OWNER = fileURLToPath(new URL('./fixtures/own-directory.ts', import.meta.url));

let parent = '';
let path = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'millrace-directory-'));
  path = join(parent, 'state');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

function open(changes: Partial<StateDirectoryOptions> = {}): StateDirectory {
  return openStateDirectory({ path, job: JOB, keyGroups: KEY_GROUPS, clock: new SteppingClock(), ...changes });
}

/** Starts another process on the directory; gives its first line. */
function start(mode: string): { readonly child: ChildProcess; readonly line: Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', OWNER, path, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const line = once(createInterface(child.stdout!), 'line').then(([text]) => text as string);
  return { child, line };
}

/** Ends a process for good: afterwards it is gone, not only dying. */
async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('a new state directory', () => {
  it('is made with its parents, and leaves no temporary name behind', () => {
    path = join(parent, 'a', 'b', 'state');

    open().close();

    expect(readdirSync(join(parent, 'a', 'b'))).toEqual(['state']);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('takes the place of an empty directory', () => {
    mkdirSync(path);

    open().close();

    expect(existsSync(join(path, 'millrace.json'))).toBe(true);
  });

  it('is not made in a directory that holds something else, which is left as it is', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'letters.txt'), 'dear');

    expect(() => open()).toThrow(OptionError);
    expect(() => open()).toThrow(/holds other files .* choose an empty or a new one/);

    expect(readdirSync(path)).toEqual(['letters.txt']);
  });

  it.each([
    ['is a file', () => writeFileSync(path, 'x'), /part of the path is a file, not a directory/],
    [
      'lies below a file',
      () => {
        writeFileSync(path, 'x');
        path = join(path, 'state');
      },
      /part of the path is a file, not a directory/,
    ],
  ])('is refused in one sentence when its path %s', (_case, given, message) => {
    given();

    expect(() => open()).toThrow(OptionError);
    expect(() => open()).toThrow(message);
  });

  it.skipIf(process.getuid?.() === 0)('is refused in one sentence where this user may not write', () => {
    chmodSync(parent, 0o500);

    expect(() => open()).toThrow(/this user may not write there/);

    chmodSync(parent, 0o700);
  });

  it('gives each node a directory of its own for pending output, inside its own', () => {
    const directory = open();

    const names = ['out', 'Out', '../../etc', '..', '.', '', 'a/b', 'a%2Fb', 'x'.repeat(500), 'x'.repeat(501)];
    const paths = names.map((node) => directory.pendingDirectory(node));

    expect(new Set(paths).size).toBe(names.length);
    for (const pending of paths) expect(join(pending, '..')).toBe(join(path, 'pending'));
    directory.close();
  });
});

describe('an existing state directory', () => {
  it.each([
    ['is gone', (file: string) => rmSync(file)],
    ['is empty', (file: string) => writeFileSync(file, '')],
    ['is cut', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 40))],
    [
      'has one character changed',
      (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('16', '17')),
    ],
  ])('is refused, and not made anew, when its descriptor %s (F9)', (_case, damage) => {
    open().close();
    damage(join(path, 'millrace.json'));
    const data = readFileSync(join(path, 'data.mdb'));

    expect(() => open()).toThrow(CorruptionError);

    expect(readFileSync(join(path, 'data.mdb')).equals(data)).toBe(true);
  });

  it('of another job is refused with both names', () => {
    open().close();

    expect(() => open({ job: 'invoices' })).toThrow(IncompatiblePlanError);
    expect(() => open({ job: 'invoices' })).toThrow(/belongs to job "test-job", not to "invoices"/);
  });

  it('whose description is gone is refused as damaged', () => {
    open().close();
    rmSync(join(path, 'millrace.json'));

    expect(() => open()).toThrow(CorruptionError);
  });

  it('with another number of key groups is refused with both numbers', () => {
    open().close();

    expect(() => open({ keyGroups: 32 })).toThrow(/made with 16 key groups, the job asks for 32/);
  });

  it('of a newer format is refused, whatever else changed in it', () => {
    open({ writtenBy: '9.9.9' }).close();
    const file = join(path, 'millrace.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"formatVersion": 2', '"formatVersion": 3'));

    expect(() => open()).toThrow(/written by format 3 of Millrace 9\.9\.9, this version reads up to 2/);
  });

  it('of a format without time is refused, with what to do', () => {
    open({ writtenBy: '0.0.1' }).close();
    const file = join(path, 'millrace.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"formatVersion": 2', '"formatVersion": 1'));

    expect(() => open()).toThrow(
      /written by format 1 of Millrace 0\.0\.1, this version reads from 2 on; .*new directory/,
    );
  });

  it('names every option that is out of range', () => {
    const wrong = () => open({ retainEpochs: 1, foldBytes: 0.5 });

    expect(wrong).toThrow(/retainEpochs must be a whole number of at least 2, not 1; foldBytes/);
    expect(existsSync(path)).toBe(false);
  });
});

describe('the lock of a state directory', () => {
  it('keeps out a second owner in the same thread, and lets it in after a close', () => {
    const first = open();

    expect(() => open()).toThrow(LockedError);

    first.close();
    first.close();
    open().close();
  });

  it('keeps out a second process within a second, naming process and host (row 18)', async () => {
    const { child, line } = start('hold');
    expect(await line).toBe('owner');

    const begun = performance.now();
    expect(() => open()).toThrow(`in use by process ${child.pid} on ${hostname()}`);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('is free as soon as its owner was killed (row 19)', async () => {
    const { child, line } = start('hold');
    await line;
    await kill(child);

    open().close();
  });

  it('goes to exactly one of several starters that find it stale', async () => {
    const { child, line } = start('hold');
    await line;
    await kill(child);

    const starters = Array.from({ length: 4 }, () => start('hold'));
    const lines = await Promise.all(starters.map((starter) => starter.line));

    expect(lines.filter((text) => text === 'owner')).toHaveLength(1);
    expect(lines.filter((text) => text.startsWith('refused the state directory'))).toHaveLength(3);
  }, 60_000);

  it('does not grow with the number of owners', () => {
    for (let i = 0; i < 20; i++) open().close();

    expect(readdirSync(join(path, 'lock')).length).toBeLessThanOrEqual(2);
  });

  it('that can be taken from a living owner still fences that owner at its next commit (I10)', () => {
    const zombie = open();
    const generation = zombie.store.beginGeneration();
    rmSync(join(path, 'lock'), { recursive: true });
    const owner = open();
    owner.store.beginGeneration();

    expect(() => zombie.store.commit(sealed(1, generation, []))).toThrow(LockedError);

    owner.store.commit(sealed(1, generation + 1, []));
    owner.close();
    zombie.close();
  });
});

describe('a process that is killed', () => {
  it.each(STORAGE_CRASH_POINTS)(
    'at %s loses no epoch and leaves nothing to repair',
    async (point) => {
      const { child } = start(`die:${point}`);
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect(signal).toBe('SIGKILL');

      open().close();

      expect(readdirSync(parent)).toEqual(['state']);
      const inspection = inspectState(path);
      const epoch = inspection.show()?.manifest.epoch ?? 0;
      expect(inspection.verify().problems).toEqual([]);
      expect(inspection.get('count', 'total', 'k7')).toBe(epoch === 0 ? undefined : epoch);
      expect([...inspection.entries()].map((entry) => entry.value)).toEqual(Array(epoch === 0 ? 0 : 20).fill(epoch));
      inspection.close();
    },
    60_000,
  );
});
