/** A followed file read in ranges: complete records only, over growth, rotation and damage. */
import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileSourceOptions } from '../../../src/connectors/file-source/file-source-options.ts';
import { LastLineEnd } from '../../../src/connectors/file-source/last-line-end.ts';
import { LastRowEnd } from '../../../src/connectors/file-source/last-row-end.ts';
import type { RecordEndFinder } from '../../../src/connectors/file-source/record-end-finder.ts';
import { identityOf } from '../../../src/connectors/file-source/source-file.ts';
import { sources } from '../../../src/connectors/sources.ts';
import type { Offset, SplitExtent } from '../../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readerContext, surveyContext, temporaryFolder } from '../connector-fixture.ts';
import { anyCuts, readInRanges, readWhole } from '../range-fixture.ts';

const LINES = fc.constantFrom('1\n', '{"a":2}\n', '\n', 'x\n', '"ä"\n', '3\r\n');
const ROWS = fc.constantFrom('1,2\n', '"a\nb",c\n', '\n', 'x\n', '"""\n",d\n', '"\n\n",""\n');

/** A followed file, its surveyor, and a new reader for each range. */
function followed(options: Partial<FileSourceOptions> = {}) {
  const folder = temporaryFolder();
  const path = join(folder, 'log');
  const clock = new ManualClock();
  const source = sources.file<unknown>({ path: 'log', follow: true, ...options });
  const surveyor = source.createSurveyor(surveyContext({ splits: ['log'], baseDirectory: folder, clock }));
  let offset: Offset | undefined;
  const from = () => (offset === undefined ? {} : { log: offset });
  const survey = async (end?: Offset): Promise<SplitExtent> =>
    (await surveyor.survey(from(), end === undefined ? undefined : { log: end }))['log']!;
  const read = (until: Offset | undefined): unknown[] => {
    const reader = source.createReader(
      readerContext({ splits: ['log'], baseDirectory: folder, clock, offsets: from() }),
    );
    const out = new CollectingEmitter();
    try {
      while (reader.poll(out, 100, until === undefined ? undefined : { log: until }) === 'progress');
      offset = JSON.parse(JSON.stringify(reader.offsets()['log']));
    } finally {
      reader.close();
    }
    return out.values;
  };
  const cut = (bytes: number): Offset => surveyor.cut!('log', offset, bytes);
  return { path, clock, survey, read, cut, surveyor, offset: () => offset };
}

describe('ranges of a followed file', () => {
  it.each([
    ['jsonl', LINES],
    ['csv', ROWS],
  ] as const)('hold what is complete of it, as it grows by any pieces: %s', async (format, rows) => {
    const folder = temporaryFolder();
    const path = join(folder, 'log');
    const property = fc.asyncProperty(
      fc.array(rows, { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      anyCuts,
      async (parts, pieces, hasMark, cuts) => {
        const content = Buffer.from((hasMark ? '\ufeff' : '') + (format === 'csv' ? '"p\n",q\n' : '') + parts.join(''));
        writeFileSync(path, '');
        let written = 0;
        const grow = (): void => {
          const piece = content.subarray(written, written + pieces[written % pieces.length]!);
          appendFileSync(path, piece);
          written += piece.length;
        };

        const read = await readInRanges(sources.file<unknown>({ path: 'log', format, follow: true }), {
          ...cuts,
          baseDirectory: folder,
          beforeSurvey: grow,
          isEnough: () => written === content.length,
        });

        const whole = await readWhole(sources.file<unknown>({ path: 'log', format }), folder);
        expect(read).toMatchObject(whole);
      },
    );

    await fc.assert(property, { numRuns: 60 });
  });

  it('go no further than an end that was frozen, though the file grew and was rotated since', async () => {
    const { path, clock, survey, read } = followed({ pollIntervalMs: 10 });
    writeFileSync(path, '1\n2\n');
    const end = (await survey()).until!;
    appendFileSync(path, '3\n');
    expect(read((await survey(end)).until)).toEqual([1, 2]);

    renameSync(path, `${path}.1`);
    writeFileSync(path, '4\n');
    await survey(end);
    clock.timeMs += 100;

    expect(await survey(end)).toMatchObject({ isEmpty: true });
    expect(read((await survey()).until)).toEqual([3, 4]);
  });

  it('over rotation hold every line of every file, in order, wherever it comes', async () => {
    const append = fc.constantFrom('1\n', '2\n3\n', '4', '\n', '1234567890123456\n');
    const step = fc.oneof(append, append, append, fc.constant('rotate'), fc.constant('rotate late'));
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), anyCuts, async (steps, cuts) => {
      const folder = temporaryFolder();
      const path = join(folder, 'log');
      writeFileSync(path, '');
      const rotated: string[] = [];
      const left = [...steps];
      // The name may be given away again when the file that had it before is read.
      let first = identityOf(path);
      let hasBegun = false;
      const take = (isLate: boolean): void => {
        const next = left[0];
        if (next === undefined || (next === 'rotate late') !== isLate) return;
        if (next.startsWith('rotate')) {
          if (first !== identityOf(path)) return;
          const name = `${path}.${rotated.length}`;
          renameSync(path, name);
          rotated.push(name);
          writeFileSync(path, '');
        } else {
          appendFileSync(path, next);
        }
        left.shift();
      };

      const read = await readInRanges(sources.file<unknown>({ path: 'log', follow: true }), {
        ...cuts,
        baseDirectory: folder,
        beforeSurvey: (from) => {
          // What was renamed before anybody looked is no part of the input.
          if (!hasBegun) {
            hasBegun = true;
            return;
          }
          first = (from['log'] as { file: string } | undefined)?.file ?? first;
          take(false);
          if (left[0] === 'rotate late' && first === identityOf(path)) appendFileSync(path, '0\n');
        },
        beforeReading: () => take(true),
        isEnough: () => left.length === 0 && first === identityOf(path),
      });

      const contents = [...rotated, path].map((name) => readFileSync(name, 'utf8'));
      // The last line of a file that was renamed counts without its newline; of the one that is followed it does not.
      const last = contents.pop()!;
      const text = [...contents, last.slice(0, last.lastIndexOf('\n') + 1)].join('\n');
      expect(read.values).toEqual(
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      );
      expect(read.letters).toEqual([]);
    });

    await fc.assert(property, { numRuns: 150 });
  });

  it('wait for late writers of a renamed file, then go over to its successor', async () => {
    const { path, clock, survey, read, offset } = followed({ pollIntervalMs: 50 });
    writeFileSync(path, '1\n');
    expect(read((await survey()).until)).toEqual([1]);

    renameSync(path, `${path}.1`);
    writeFileSync(path, '4\n5');
    expect(await survey()).toMatchObject({ isEmpty: true, bytes: 0, isEnd: false });
    clock.timeMs += 49;
    expect((await survey()).isEmpty).toBe(true);
    appendFileSync(`${path}.1`, '2\n3');
    clock.timeMs += 1;
    const late = await survey();
    expect(late).toMatchObject({ isEmpty: false, bytes: 2 });
    expect(read(late.until)).toEqual([2]);
    clock.timeMs += 50;
    const over = await survey();

    expect(over).toMatchObject({ isEmpty: false, bytes: 3, isEnd: false });
    expect(read(over.until)).toEqual([3, 4]);
    expect(offset()).toMatchObject({ file: identityOf(path), offset: 2 });
  });

  it('find the successor of a renamed file though it was renamed as well, and miss it when it is gone', async () => {
    const { path, clock, survey, read } = followed();
    writeFileSync(path, '1\n');
    await survey();
    renameSync(path, `${path}.2`);
    writeFileSync(path, '2\n');
    await survey();
    clock.timeMs += 20;
    const unread = await survey();
    expect(read(unread.until)).toEqual([1]);
    expect(read((await survey()).until)).toEqual([2]);

    renameSync(path, `${path}.1`);
    writeFileSync(path, '3\n');
    await survey();
    clock.timeMs += 20;
    const { until } = await survey();
    renameSync(path, `${path}.0`);
    writeFileSync(path, '4\n');
    expect(read(until)).toEqual([3]);

    await survey();
    clock.timeMs += 20;
    const gone = (await survey()).until;
    rmSync(path);
    expect(() => read(gone)).toThrow('is gone, and was not read to its end');
  });

  it('end in front of what is not complete, and take it with a later range', async () => {
    const { path, survey, read, cut } = followed();
    writeFileSync(path, '1\n"half');

    const extent = await survey();
    expect(extent).toMatchObject({ bytes: 2 });
    expect(read(cut(1000))).toEqual([1]);
    expect((await survey()).isEmpty).toBe(true);
    appendFileSync(path, '"\n');

    expect(read((await survey()).until)).toEqual(['half']);
  });

  it('go on behind a last line without newline in a renamed file, however few bytes are wanted', async () => {
    const { path, clock, survey, read, cut } = followed();
    writeFileSync(path, '1\n2345');
    expect(read((await survey()).until)).toEqual([1]);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '6\n7\n');
    await survey();
    clock.timeMs += 20;

    expect(await survey()).toMatchObject({ bytes: 8 });
    expect(read(cut(1))).toEqual([2345]);
    await survey();
    expect(read(cut(1))).toEqual([6]);
    await survey();
    expect(read(cut(1000))).toEqual([7]);
  });

  it('are refused by a reader that is kept, when the file is written anew between two of them', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'log'), '1\n2\n');
    const source = sources.file<unknown>({ path: 'log', follow: true });
    const reader = source.createReader(readerContext({ splits: ['log'], baseDirectory: folder }));
    const until = (offset: number) => ({ log: { offset, file: '', head: 0, headBytes: 0, isClosed: false } });
    while (reader.poll(new CollectingEmitter(), 10, until(4)) === 'progress');
    reader.offsets();

    writeFileSync(join(folder, 'log'), '7\n8\n9\n');

    expect(() => reader.poll(new CollectingEmitter(), 10, until(6))).toThrow('was written anew while it was read');
    reader.close();
  });

  it('are refused where the file was cut behind their survey, or hold what is left where that is allowed', async () => {
    for (const onTruncate of ['fail', 'restart'] as const) {
      const { path, survey, read } = followed({ onTruncate });
      writeFileSync(path, '1\n2\n3\n');
      const { until } = await survey();
      truncateSync(path, 2);

      if (onTruncate === 'fail') expect(() => read(until)).toThrow('was cut to 2 bytes when 6 of it were to be read');
      else expect(read(until)).toEqual([1]);
    }
  });

  it('begin anew in a file that was cut, where that is allowed, also while there is nothing in it', async () => {
    const { path, survey, read, offset } = followed({ onTruncate: 'restart' });
    writeFileSync(path, '1\n2\n3\n');
    read((await survey()).until);
    truncateSync(path, 0);

    const empty = await survey();
    expect(empty).toMatchObject({ isEmpty: false, bytes: 0 });
    expect(read(empty.until)).toEqual([]);
    expect(offset()).toMatchObject({ offset: 0 });
    expect((await survey()).isEmpty).toBe(true);
    writeFileSync(path, '7\n8\n9\n10\n');

    expect(read((await survey()).until)).toEqual([7, 8, 9, 10]);
  });

  it('want to be asked again after the poll interval', () => {
    const { surveyor, clock } = followed({ pollIntervalMs: 35 });

    expect(surveyor.wakeAt()).toBe(clock.timeMs + 35);
  });
});

describe('the end of the last record', () => {
  /** A file in memory that counts the bytes that are read. */
  function counted(finder: RecordEndFinder) {
    let content = Buffer.alloc(0);
    let bytesRead = 0;
    const file = {
      bytes: () => content.length,
      readLater: async (buffer: Buffer, length: number, position: number) => {
        const count = content.copy(buffer, 0, position, position + length);
        bytesRead += count;
        return count;
      },
    };
    return {
      grow: (text: string) => {
        content = Buffer.concat([content, Buffer.from(text)]);
      },
      shrink: (bytes: number) => {
        content = content.subarray(0, bytes);
      },
      find: async (from: number): Promise<[end: number, bytesRead: number]> => {
        bytesRead = 0;
        return [await finder.find(file, from), bytesRead];
      },
    };
  }

  it('of lines is found from behind, and a line that does not end is looked at once', async () => {
    const { grow, find } = counted(new LastLineEnd());
    grow(`${'1\n'.repeat(500_000)}"${'x'.repeat(100_000)}`);

    const [end, first] = await find(0);
    expect(end).toBe(1_000_000);
    expect(first).toBeLessThan(200_000);
    expect(await find(0)).toEqual([1_000_000, 0]);
    grow('yyy');
    expect(await find(1_000_000)).toEqual([1_000_000, 3]);
    grow('"\n2');

    expect(await find(1_000_000)).toEqual([1_100_006, 3]);
  });

  it('of rows is behind quotes that are closed, and each byte is looked at once', async () => {
    const { grow, find } = counted(new LastRowEnd(','));
    grow('\ufeff"a\nb",c\n"d\n');

    expect(await find(0)).toEqual([11, 14]);
    grow('e\n');
    expect(await find(11)).toEqual([11, 2]);
    grow('"');
    expect(await find(11)).toEqual([11, 1]);
    grow('\nf\ng');
    expect(await find(11)).toEqual([20, 4]);
    expect(await find(20)).toEqual([20, 0]);
  });

  it('of rows is looked for no further ahead than it is told, and from there the next time', async () => {
    const finder = new LastRowEnd(',', 10);
    const { grow, find } = counted(finder);
    grow('12345\n'.repeat(5));

    expect([(await find(0))[0], finder.lookedAt]).toEqual([6, 10]);
    expect([(await find(0))[0], finder.lookedAt]).toEqual([18, 20]);
    expect([(await find(0))[0], finder.lookedAt]).toEqual([18, 20]);
    expect([(await find(18))[0], finder.lookedAt]).toEqual([30, 30]);
  });

  it('of rows does not take a newline for an end that stands in quotes behind a byte order mark, however it comes', async () => {
    for (const pieces of [['\ufeff"a\n'], ['\ufeff', '"a\n'], ['\ufeff"', 'a', '\n']]) {
      const { grow, find } = counted(new LastRowEnd(','));
      for (const piece of pieces) {
        grow(piece);
        expect((await find(0))[0]).toBe(0);
      }
      grow('"\nb\n');
      expect((await find(0))[0]).toBe(10);
    }
  });

  it.each([
    ['lines', () => new LastLineEnd()],
    ['rows', () => new LastRowEnd(',')],
  ])('of %s is looked for anew in a file that was cut, or where it goes on elsewhere', async (_, make) => {
    const { grow, shrink, find } = counted(make());
    grow('1\n2\n3\n4');
    expect((await find(0))[0]).toBe(6);

    shrink(3);
    expect((await find(0))[0]).toBe(2);
    grow('5\n6\n');
    expect((await find(5))[0]).toBe(7);
    expect((await find(0))[0]).toBe(7);
  });
});
