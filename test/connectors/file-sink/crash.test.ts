/**
 * Stops the sink at every step it takes, throws the process away, restores, goes on: the file must be as without the stop.
 * Stops lose memory, not the page cache; what a power loss adds (nothing unsynced survives) is tested by damaging the target.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FILE_SINK_CRASH_POINTS } from '../../../src/connectors/file-sink/crash-points.ts';
import type { FileSinkOptions } from '../../../src/connectors/file-sink/file-sink-options.ts';
import { temporaryFolder } from '../connector-fixture.ts';
import { Crash, type Durable, durable, readIfThere, SinkRun } from './file-sink-fixture.ts';

/** By epoch. Long rows make a segment that is written in several pieces. */
const EPOCHS: readonly (readonly unknown[])[] = [
  [{ n: 1 }, { n: 2 }, { n: 3 }],
  [],
  [{ n: 4, text: 'x'.repeat(270_000) }, { n: 5 }],
  [{ n: 6 }],
];
interface Case {
  readonly name: string;
  readonly options: FileSinkOptions;
  /** Files that are there before. */
  readonly before?: Readonly<Record<string, string>>;
  /** Not every step is tried where a neighbour goes the same way. */
  readonly stride?: number;
  readonly firstStep?: number;
}

const OPTIONS: readonly Case[] = [
  { name: 'one file', options: { path: 'out.jsonl' } },
  { name: 'CSV', options: { path: 'out.csv', format: 'csv', columns: ['n', 'text'] }, stride: 3 },
  { name: 'parts', options: { path: 'out', rotate: { bytes: 10 } } },
  {
    name: 'append',
    options: { path: 'out.jsonl', ifExists: 'append' },
    before: { 'out.jsonl': '"old"\n' },
    stride: 3,
    firstStep: 1,
  },
  {
    name: 'replace',
    options: { path: 'out.jsonl', ifExists: 'replace' },
    before: { 'out.jsonl': `${'"old"\n'.repeat(20_000)}` },
  },
  {
    name: 'replace parts',
    options: { path: 'out', rotate: { bytes: 10 }, ifExists: 'replace' },
    before: { 'out/part-00001.jsonl': '"old"\n', 'out/part-00007.jsonl': '"old"\n' },
    stride: 2,
  },
  {
    name: 'append parts',
    options: { path: 'out', rotate: { bytes: 10 }, ifExists: 'append' },
    before: { 'out/part-00001.jsonl': '"old"\n' },
    stride: 3,
    firstStep: 2,
  },
];

function prepareFolder(before: Readonly<Record<string, string>> = {}): Durable {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(before)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return durable(folder);
}

/** All output files by name; hidden ones too. */
function outputOf(folder: string, path: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(folder))
    if (name !== 'state' && name !== path) files[name] = readFileSync(join(folder, name), 'utf8');
  if (path.includes('.')) return { ...files, [path]: readIfThere(join(folder, path)) ?? 'missing' };
  for (const name of existsSync(join(folder, path)) ? readdirSync(join(folder, path)) : []) {
    files[`${path}/${name}`] = readFileSync(join(folder, path, name), 'utf8');
  }
  return files;
}

/** Runs to the end; a process dies at each of the given steps (counted from the start of that process). */
async function runWithCrashes(
  state: Durable,
  options: FileSinkOptions,
  crashSteps: readonly number[],
): Promise<string[]> {
  const visited: string[] = [];
  for (let life = 0; ; life++) {
    let step = 0;
    const crashPoint = (name: string): void => {
      visited.push(name);
      if (step++ === crashSteps[life]) throw new Crash(name);
    };
    const run = new SinkRun(state, options, { crashPoint });
    try {
      await run.restore();
      while (state.epoch < EPOCHS.length) await run.epoch(EPOCHS[state.epoch]!);
      await run.close();
      return visited;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

describe.each(OPTIONS)('a file sink ($name)', ({ options, before, stride = 1, firstStep = 0 }) => {
  it('has every committed record exactly once, wherever it was stopped, and stopped again at its restart', {
    timeout: 120_000,
  }, async () => {
    const calm = prepareFolder(before);
    const steps = await runWithCrashes(calm, options, []);
    const expected = outputOf(calm.folder, options.path);

    for (let step = firstStep; step < steps.length; step += stride) {
      const again = [[], [0], [2], [5]][step % 4]!;
      const state = prepareFolder(before);
      await runWithCrashes(state, options, [step, ...again]);
      const where = `stopped at step ${step} (${steps[step]}), then ${again}`;
      expect(outputOf(state.folder, options.path), where).toEqual(expected);
      expect(readdirSync(join(state.folder, 'state', 'pending', 'output')), where).toEqual([]);
    }
  });

  it('never shows a line of an epoch that is not committed', async () => {
    const state = prepareFolder(before);
    const untouched = outputOf(state.folder, options.path);
    let shown = untouched;
    const run = new SinkRun(state, options, {
      crashPoint: (name) => {
        if (name === 'sink.file.commit.after') shown = outputOf(state.folder, options.path);
        else if (!name.startsWith('sink.file.commit'))
          expect(outputOf(state.folder, options.path), name).toEqual(shown);
      },
    });

    await run.restore();
    for (const records of EPOCHS) await run.epoch(records);
    await run.close();

    expect(shown).not.toEqual(untouched);
  });
});

describe('the crash points of a file sink', () => {
  it('are all passed, and no others', async () => {
    const visited = await runWithCrashes(prepareFolder(), { path: 'out.jsonl' }, []);

    const own = visited.filter((name) => name.startsWith('sink.'));
    expect([...new Set(own)].sort()).toEqual([...FILE_SINK_CRASH_POINTS].sort());
  });
});

describe('a file sink after a power loss', () => {
  /** Epoch 1 committed, epoch 2 stopped at the named point. */
  async function stoppedAt(point: string) {
    const state = prepareFolder();
    let isArmed = false;
    const run = new SinkRun(
      state,
      { path: 'out.jsonl' },
      {
        crashPoint: (name) => {
          if (isArmed && name === point) throw new Crash(name);
        },
      },
    );
    await run.restore();
    await run.epoch([1, 2]);
    isArmed = true;
    await expect(run.epoch([33, 44])).rejects.toThrow(Crash);
    return { state, file: join(state.folder, 'out.jsonl'), pending: join(state.folder, 'state', 'pending', 'output') };
  }
  const restore = (state: Durable) => new SinkRun(state, { path: 'out.jsonl' }).restore();

  it.each([
    ['is lost', '1\n2\n'],
    ['is partly there', '1\n2\n33'],
    ['is zeroes', '1\n2\n\0\0\0\0\0\0'],
    ['is torn in the middle', '1\n2\n33\n\0\0\0'],
  ])('writes an epoch again whose text %s', async (_, content) => {
    const { state, file } = await stoppedAt('sink.file.commit.written');
    writeFileSync(file, content);

    await restore(state);

    expect(readIfThere(file)).toBe('1\n2\n33\n44\n');
  });

  it('takes the target for right where segments are gone, and notices when it is not', async () => {
    const { state, file, pending } = await stoppedAt('sink.file.commit.synced');
    rmSync(join(pending, readdirSync(pending).sort()[0]!));

    await restore(state);
    expect(readIfThere(file)).toBe('1\n2\n33\n44\n');

    writeFileSync(file, '1\n2\n\0\0\0\0\0\0');
    await expect(restore(state)).rejects.toThrow(
      /3 committed bytes of the output file .* are lost: their pending segment .* is missing/,
    );
  });

  it('notices a segment that was damaged', async () => {
    const { state, pending, file } = await stoppedAt('sink.file.commit.before');
    writeFileSync(join(pending, readdirSync(pending).sort()[1]!), '45\n');

    await expect(restore(state)).rejects.toThrow(/is damaged; restore the state directory/);
    expect(readIfThere(file)).not.toContain('45');
  });

  it('does the same when a restart follows another, also with the segments back', async () => {
    const { state, pending, file } = await stoppedAt('sink.file.commit.before');
    const saved = readdirSync(pending).map(
      (name) => [join(pending, name), join(state.folder, `state/${name}`)] as const,
    );
    for (const [from, to] of saved) copyFileSync(from, to);

    await restore(state);
    for (const [to, from] of saved) copyFileSync(from, to);
    await restore(state);

    expect(readIfThere(file)).toBe('1\n2\n33\n44\n');
    expect(readdirSync(pending)).toEqual([]);
  });
});
