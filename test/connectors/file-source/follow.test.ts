import { appendFileSync, copyFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSourceOptions } from '../../../src/connectors/file-source/file-source-options.ts';
import { sources } from '../../../src/connectors/sources.ts';
import type { SplitOffsets } from '../../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readerContext, temporaryFolder } from '../connector-fixture.ts';

/** A followed file and its reader; `look` moves the clock to when the reader wants to look again. */
function followed(folder: string, options: Partial<FileSourceOptions> = {}, offsets: SplitOffsets = {}) {
  const clock = new ManualClock();
  const context = readerContext({ splits: ['log'], baseDirectory: folder, clock, offsets });
  const reader = sources.file<unknown>({ path: 'log', follow: true, ...options }).createReader(context);
  const look = (): unknown[] => {
    const out = new CollectingEmitter();
    clock.timeMs = Math.max(clock.timeMs, reader.wakeAt());
    let result = reader.poll(out, 100);
    while (result === 'progress') result = reader.poll(out, 100);
    expect(result).toBe('idle');
    return out.values;
  };
  return { reader, look, clock, path: join(folder, 'log') };
}

describe('a followed file', () => {
  it('is read on as it grows, a line at a time', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n2');
    const { look, path, reader } = followed(folder);

    expect(look()).toEqual([1]);
    appendFileSync(path, '3');
    expect(look()).toEqual([]);
    appendFileSync(path, '\n4\n');
    expect(look()).toEqual([23, 4]);
    expect(reader.offsets()['log']).toMatchObject({ offset: 7 });
    reader.close();
  });

  it('may be empty at first, and get its CSV header later', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '');
    const { look, path, reader } = followed(folder, { format: 'csv' });

    expect(look()).toEqual([]);
    appendFileSync(path, '\ufeffa,b');
    expect(look()).toEqual([]);
    appendFileSync(path, '\n1,2\n');
    expect(look()).toEqual([{ a: '1', b: '2' }]);
    reader.close();
  });

  it('is not looked at before it is time, and more often after new data', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n');
    const { look, reader, clock, path } = followed(folder, { pollIntervalMs: 40 });
    const pauses: number[] = [];

    for (const grows of [true, false, false, false, true, false]) {
      if (grows) appendFileSync(path, '2\n');
      look();
      pauses.push(reader.wakeAt() - clock.timeMs);
      appendFileSync(path, '');
      expect(reader.poll(new CollectingEmitter(), 1)).toBe('idle');
    }

    expect(pauses).toEqual([10, 20, 40, 40, 10, 20]);
    reader.close();
  });

  it('is read to its end when it is renamed, then the new file from its beginning', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n');
    const { look, reader, path } = followed(folder);
    expect(look()).toEqual([1]);

    appendFileSync(path, '2\n');
    renameSync(path, `${path}.1`);
    expect(look()).toEqual([2]);
    writeFileSync(path, '4\n5');
    expect(look()).toEqual([]);
    appendFileSync(`${path}.1`, '3');
    expect(look()).toEqual([]);
    expect(look()).toEqual([3, 4]);
    expect(reader.offsets()['log']).toMatchObject({ offset: 2 });
    reader.close();
  });

  it('is found again under its new name after a restart', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n');
    const first = followed(folder);
    expect(first.look()).toEqual([1]);
    const offsets = first.reader.offsets();
    first.reader.close();
    appendFileSync(first.path, '2\n');
    renameSync(first.path, `${first.path}.1`);
    writeFileSync(first.path, '3\n');

    const second = followed(folder, {}, offsets);

    expect([...second.look(), ...second.look()]).toEqual([2, 3]);
    second.reader.close();
  });

  it.each([
    ['cut', (path: string) => truncateSync(path, 2), /was cut from 6 to 2 bytes while it was read; put back/],
    [
      'cut and written anew, longer than before',
      (path: string) => writeFileSync(path, '7\n8\n9\n10\n'),
      /was written anew/,
    ],
  ])('that is %s ends the job, or is begun anew where that is allowed', (_, damage, message) => {
    for (const onTruncate of ['fail', 'restart'] as const) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'log'), '1\n2\n3\n');
      const { look, reader, path } = followed(folder, { onTruncate });
      expect(look()).toEqual([1, 2, 3]);
      reader.offsets();

      damage(path);

      if (onTruncate === 'fail') expect(look).toThrow(message);
      else expect(look()[0]).toBe(path.length > 0 && message.source.includes('anew') ? 7 : 1);
      reader.close();
    }
  });
});

describe('a file that a checkpoint knows', () => {
  const offsetsOf = (folder: string): SplitOffsets => {
    const reader = sources
      .file({ path: 'log' })
      .createReader(readerContext({ splits: ['log'], baseDirectory: folder }));
    reader.poll(new CollectingEmitter(), 2);
    const offsets = reader.offsets();
    reader.close();
    return offsets;
  };
  const start = (folder: string, offsets: SplitOffsets, options: Partial<FileSourceOptions> = {}) =>
    sources.file({ path: 'log', ...options }).listSplits(readerContext({ splits: [], baseDirectory: folder }), offsets);

  it('is taken on where it was copied: another identity, the same beginning', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'log');
    writeFileSync(path, '1\n2\n3\n');
    const offsets = offsetsOf(folder);
    copyFileSync(path, `${path}.copy`);
    rmSync(path);
    renameSync(`${path}.copy`, path);

    const splits = await start(folder, offsets);
    const out = new CollectingEmitter();
    const reader = sources
      .file({ path: 'log' })
      .createReader(readerContext({ splits, offsets, baseDirectory: folder }));
    while (reader.poll(out, 10) === 'progress');
    reader.close();

    expect(out.values).toEqual([3]);
  });

  it.each([
    [
      'shorter',
      '1\n2',
      /has 3 bytes, but 4 were read before: it was cut or replaced; put back the old content, or set onTruncate/,
    ],
    ['another', '7\n8\n9\n', /does not begin as it did when it was read before/],
  ])('is refused when it is %s, unless it may be read anew', async (_, content, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n2\n3\n');
    const offsets = offsetsOf(folder);
    writeFileSync(join(folder, 'log'), content);

    await expect(start(folder, offsets)).rejects.toThrow(message);
    await expect(start(folder, offsets, { onTruncate: 'restart' })).resolves.toEqual(['log']);
  });

  it('must still be named', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n2\n3\n');
    writeFileSync(join(folder, 'other'), '1\n');
    const offsets = offsetsOf(folder);

    await expect(start(folder, offsets, { path: 'other' })).rejects.toThrow(
      "source 'input' has read log before, but its path now names other",
    );
  });
});

describe('the files of a source', () => {
  const list = (folder: string, path: string | readonly string[]) =>
    sources.file({ path }).listSplits(readerContext({ splits: [], baseDirectory: folder }), {});

  it('are listed in a stable order, each once, hidden ones and folders left out', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'in', 'a.d.log'), { recursive: true });
    for (const name of ['b.log', 'a.log', 'a+.log', 'A.log', '.a.log', 'a.txt', 'axlog'])
      writeFileSync(join(folder, 'in', name), '');

    const splits = await list(folder, ['in/b.log', 'in/*.log']);

    expect(splits).toEqual(['in/b.log', 'in/A.log', 'in/a+.log', 'in/a.log']);
  });

  it.each([
    ['missing', 'nothing.jsonl', /the input file .*nothing\.jsonl does not exist; check the path/],
    ['a folder', '.', /is a folder or device, not a file/],
    ['a device', '/dev/null', /is a folder or device, not a file/],
    ['in a missing folder', 'x/y', /does not exist/],
    ['a pattern that matches nothing', '*.none', /no file in .* matches '\*\.none'/],
  ])('refuse the start in one sentence: %s', async (_, path, message) => {
    await expect(list(temporaryFolder(), path)).rejects.toThrow(message);
    await expect(list(temporaryFolder(), path)).rejects.toMatchObject({ recovery: 'none' });
  });

  it('are read in turn, so that none starves', () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, name), `"${name}1"\n"${name}2"\n`);
    const reader = sources
      .file({ path: '*' })
      .createReader(readerContext({ splits: ['a', 'b', 'c'], baseDirectory: folder }));
    const out = new CollectingEmitter();

    while (reader.poll(out, 1) === 'progress');
    reader.close();

    expect(out.values).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  });
});

describe('options of a file source', () => {
  it('are all checked at once', () => {
    const options = { path: '', format: 'json', follow: true, depthMax: 513, csv: { delimiter: '""' }, tail: 1 };

    const attempt = () => sources.file(options as unknown as FileSourceOptions);

    for (const part of [
      'tail: unknown option',
      'path: must',
      'follow: an array has an end',
      'depthMax: must be a whole number from 1 to 512',
      'csv: only for',
      'csv.delimiter: must',
    ]) {
      expect(attempt).toThrow(part);
    }
  });
});
