/** Input read in ranges, however it is cut: the same records, refusals and offsets as one reader gives that reads it all. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileSourceOptions } from '../../src/connectors/file-source/file-source-options.ts';
import { sources } from '../../src/connectors/sources.ts';
import type { SplitOffsets } from '../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readerContext, surveyContext, temporaryFolder } from './connector-fixture.ts';
import { anyCuts, readInRanges, readWhole } from './range-fixture.ts';

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

describe('ranges of a memory source', () => {
  it('cut anyhow make up the whole', async () => {
    const splits = fc.array(fc.array(fc.integer(), { maxLength: 20 }), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(splits, anyCuts, async (arrays, cut) => {
      const source = sources.memory({ splits: arrays });

      const read = await readInRanges(source, cut);

      expect(read.values.sort()).toEqual(arrays.flat().sort());
      const readSplits = Object.fromEntries(
        arrays.flatMap(({ length }, i) => (length > 0 ? [[String(i), length]] : [])),
      );
      expect(read.offsets).toEqual(readSplits);
    });

    await fc.assert(property);
  });

  it('are known to the record beforehand', async () => {
    const surveyor = sources
      .memory({ splits: [['a', 'b', 'c'], []] })
      .createSurveyor(surveyContext({ splits: ['0', '1'] }));

    expect(await surveyor.survey({ '0': 1 })).toEqual({
      '0': { until: 3, records: 2, isEmpty: false, isEnd: true },
      '1': { until: 0, records: 0, isEmpty: true, isEnd: true },
    });
    expect(surveyor.wakeAt()).toBe(Number.POSITIVE_INFINITY);
    surveyor.close();
  });
});

describe('ranges of a generator', () => {
  it('cut anyhow make up the whole, paced or not', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 60 }),
      fc.constantFrom(undefined, 100, 3000),
      anyCuts,
      async (splits, records, rate, cut) => {
        const options = { create: (index: number) => index, records, splits };
        const source = sources.generator(rate === undefined ? options : { ...options, rate });

        const read = await readInRanges(source, cut);

        expect(read.values.sort((a, b) => a - b)).toEqual(Array.from({ length: records }, (_, index) => index));
      },
    );

    await fc.assert(property);
  });

  it('hold what is due, and readers of any batch stamp a record with the time it was due at', async () => {
    const clock = new ManualClock();
    const source = sources.generator({ create: (index) => index, rate: 100, splits: 2, records: 9 });
    const surveyor = source.createSurveyor(surveyContext({ splits: ['0', '1'], clock, offsets: { '0': 4, '1': 3 } }));
    const hint = surveyor.hint!;

    // 2 is the index that is due when the run begins: 3 and 4 come after it.
    expect(await surveyor.survey({ '0': 4, '1': 3 })).toEqual({
      '0': { until: 4, records: 0, isEmpty: true, isEnd: false },
      '1': { until: 3, records: 0, isEmpty: true, isEnd: false },
    });
    expect(surveyor.wakeAt()).toBe(1010);
    clock.timeMs = 1040;
    expect(await surveyor.survey({ '0': 4, '1': 3 })).toEqual({
      '0': { until: 8, records: 2, isEmpty: false, isEnd: false },
      '1': { until: 7, records: 2, isEmpty: false, isEnd: false },
    });
    clock.timeMs = 2000;
    const reader = source.createReader(readerContext({ splits: ['1'], clock, offsets: { '1': 5 }, hint }));
    const out = new CollectingEmitter<number>();
    while (reader.poll(out, 5, { '1': 7 }) === 'progress');
    expect(out.records.map((record) => [record.value, record.ingestTime])).toEqual([[5, 1030]]);

    expect(await surveyor.survey({ '0': 8, '1': 7 })).toEqual({
      '0': { until: 10, records: 1, isEmpty: false, isEnd: true },
      '1': { until: 9, records: 1, isEmpty: false, isEnd: true },
    });
    expect((await surveyor.survey({ '0': 10, '1': 9 }))['0']).toMatchObject({ isEmpty: true, isEnd: true });
    expect(surveyor.wakeAt()).toBe(Number.POSITIVE_INFINITY);
    surveyor.close();
  });

  it('go no further than an end that was frozen, whatever has become due since', async () => {
    const clock = new ManualClock();
    const source = sources.generator({ create: (index) => index, rate: 100, splits: 2 });
    const surveyor = source.createSurveyor(surveyContext({ splits: ['0', '1'], clock }));
    await surveyor.survey({});
    clock.timeMs = 1050;
    const [first, second] = Object.values(await surveyor.survey({})).map(({ until }) => until!);
    const end = { '0': first!, '1': second! };

    clock.timeMs = 5000;

    expect(await surveyor.survey({}, end)).toEqual({
      '0': { until: 6, records: 3, isEmpty: false, isEnd: false },
      '1': { until: 7, records: 3, isEmpty: false, isEnd: false },
    });
    expect(await surveyor.survey(end, end)).toMatchObject({ '0': { isEmpty: true }, '1': { isEmpty: true } });
    surveyor.close();
  });

  it('that were planned by an earlier run are read at once, with no stamp that is still to come', async () => {
    const clock = new ManualClock();
    const source = sources.generator({ create: (index) => index, rate: 1 });
    const { hint } = source.createSurveyor(surveyContext({ splits: ['0'], clock, offsets: { '0': 7 } }));
    const reader = source.createReader(readerContext({ splits: ['0'], clock, offsets: { '0': 7 }, hint }));
    const out = new CollectingEmitter<number>();

    while (reader.poll(out, 5, { '0': 10 }) === 'progress');

    expect(out.records.map((record) => [record.value, record.ingestTime])).toEqual([
      [7, 1000],
      [8, 1000],
      [9, 1000],
    ]);
  });

  it('have a bound also where there is neither a rate nor an end', async () => {
    const source = sources.generator({ create: (index) => index, splits: 3 });
    const surveyor = source.createSurveyor(surveyContext({ splits: ['0', '1', '2'] }));

    const extents = await surveyor.survey({ '2': 5 });

    expect(extents['2']).toEqual({ until: 3_000_005, records: 1_000_000, isEmpty: false, isEnd: false });
  });
});

type Options = Omit<FileSourceOptions, 'path'>;

const formats: readonly Options[] = [
  { format: 'jsonl' },
  { format: 'json' },
  { format: 'csv' },
  { format: 'csv', csv: { header: ['x', 'y'] } },
  { format: 'csv', csv: { header: false } },
];

const fragments: readonly string[] = ['{"a":1}', '[', ']', '{', '"', '\\', ',', '\n', '\n', '\r\n', ' ', '1', '"ä"'];
const loose = fc.array(fc.constantFrom(...fragments, '\ufeff', '""', 'x,y', '7,8\n'), { maxLength: 60 });
const contents: fc.Arbitrary<string> = fc.oneof(
  loose.map((parts) => parts.join('')),
  fc.array(fc.json(), { maxLength: 10 }).map((lines) => lines.join('\n')),
  fc.array(fc.json(), { maxLength: 10 }).map((elements) => `\ufeff [${elements.join(', ')}]\n`),
  fc.array(fc.constantFrom('1,2\n', '"a\nb",c\n', '\n', '3,"', 'x\n'), { maxLength: 12 }).map((rows) => rows.join('')),
);
/** For a source whose first row is a header: one that is good. */
const withHeader = ({ format, csv }: Options, content: string): string =>
  format === 'csv' && csv === undefined ? `\ufeffx,y\n${content}` : content;

describe('ranges of a file', () => {
  it.each(formats)('cut anyhow make up the whole, whatever is in it: %j', async (format) => {
    const folder = temporaryFolder();
    const property = fc.asyncProperty(
      fc.array(contents, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(8, 1000),
      anyCuts,
      async (files, readBytes, recordMaxBytes, cut) => {
        const names = files.map((_, index) => `in${index}`);
        for (const [index, content] of files.entries()) {
          writeFileSync(join(folder, names[index]!), withHeader(format, content));
        }
        const options = { ...format, path: names, recordMaxBytes, depthMax: 3 };
        const whole = await readWhole(sources.file<unknown>(options), folder);

        const inRanges = await readInRanges(sources.file<unknown>({ ...options, readBytes }), {
          ...cut,
          baseDirectory: folder,
        });

        expect(inRanges.values.sort(byText)).toEqual(whole.values.sort(byText));
        expect(inRanges.letters.sort(byText)).toEqual(whole.letters.sort(byText));
        for (const [split, offset] of Object.entries(inRanges.offsets)) expect(offset).toEqual(whole.offsets[split]);
      },
    );

    await fc.assert(property, { numRuns: 60 });
  });

  it.each(formats)('are the same however the file is read: %j', async (format) => {
    const folder = temporaryFolder();
    const property = fc.asyncProperty(
      contents,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 120 }),
      async (content, readBytes, bytes) => {
        writeFileSync(join(folder, 'in'), withHeader(format, content));
        const readRange = (options: Options, limit: number) => {
          const context = readerContext({ splits: ['in'], baseDirectory: folder });
          const reader = sources.file<unknown>({ path: 'in', ...format, ...options }).createReader(context);
          const until = { in: { offset: bytes, file: '', head: 0, headBytes: 0, isClosed: false } };
          const out = new CollectingEmitter();
          while (reader.poll(out, limit, until) === 'progress');
          const offsets = reader.offsets();
          reader.close();
          return { values: out.values, letters: context.refused.letters, offsets };
        };

        const atOnce = readRange({}, 1000);

        expect(readRange({ readBytes }, 1)).toEqual(atOnce);
        expect(readRange({ readBytes: 1 }, 1000)).toEqual(atOnce);
      },
    );

    await fc.assert(property, { numRuns: 60 });
  });

  it('have no bound where all of the file is wanted, and say how many bytes there are', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in'), '1\n2\n3');
    const surveyor = sources
      .file({ path: 'in' })
      .createSurveyor(surveyContext({ splits: ['in'], baseDirectory: folder }));

    expect(await surveyor.survey({})).toEqual({ in: { bytes: 5, isEmpty: false, isEnd: true } });
    expect(surveyor.cut!('in', undefined, 3)).toMatchObject({ offset: 3 });
    expect(surveyor.wakeAt()).toBe(Number.POSITIVE_INFINITY);
    surveyor.close();
  });

  it('always hold a record, however few bytes are wanted, and the header goes with the first one', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in'), '\ufefflong name,b\n1,2\n3,4\n');

    const read = await readInRanges(sources.file<unknown>({ path: 'in', format: 'csv' }), {
      sizes: [],
      bytes: [1],
      baseDirectory: folder,
    });

    expect(read.values).toEqual([
      { 'long name': '1', b: '2' },
      { 'long name': '3', b: '4' },
    ]);
    expect(read.batches).toBe(2);
  });

  it('refuse a file that is missing, cut or another, each in its one sentence', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'in');
    const survey = (from: SplitOffsets = {}, options: Options = {}) =>
      sources
        .file({ path: 'in', ...options })
        .createSurveyor(surveyContext({ splits: ['in'], baseDirectory: folder }))
        .survey(from);

    await expect(survey()).rejects.toThrow(`the input file ${path} does not exist; check the path`);
    writeFileSync(path, '1\n2\n');
    const { offsets } = await readWhole(sources.file({ path: 'in' }), folder);
    writeFileSync(path, '1\n');
    await expect(survey(offsets)).rejects.toThrow('has 2 bytes, but 4 were read before: it was cut or replaced');
    writeFileSync(path, '7\n8\n9\n');
    await expect(survey(offsets)).rejects.toThrow('does not begin as it did when it was read before');
    await expect(survey({ in: 4 })).rejects.toThrow('an offset for in that is none of a file');

    expect(await survey(offsets, { onTruncate: 'restart' })).toMatchObject({ in: { bytes: 6, isEmpty: false } });
  });
});
