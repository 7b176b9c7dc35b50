import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pacedSource } from '../../src/connectors/paced-source.ts';
import { sources } from '../../src/connectors/sources.ts';
import type { SourceConnector, SourceReader, SplitExtent } from '../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readerContext, surveyContext, temporaryFolder } from './connector-fixture.ts';
import { readInRanges } from './range-fixture.ts';

const NUMBERS: readonly number[] = Array.from({ length: 40 }, (_, index) => index);

/** What a reader emits until it says something other than `progress`, as [value, stamp]. */
function drain<T>(reader: SourceReader<T>, limit = 100): [T, number][] {
  const out = new CollectingEmitter<T>();
  while (reader.poll(out, limit) === 'progress');
  return out.records.map((record) => [record.value, record.ingestTime]);
}

/** 40 numbers over `splits` memory splits, number n in split n % splits. */
function interleaved(splits: number): SourceConnector<number> {
  return sources.memory({
    splits: Array.from({ length: splits }, (_, split) => NUMBERS.filter((n) => n % splits === split)),
  });
}

describe('a paced source in continuous mode', () => {
  it('emits each record when it is due, overdue ones with the time they were due at', async () => {
    const clock = new ManualClock();
    const source = pacedSource(sources.memory(NUMBERS), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const reader = source.createReader(readerContext({ splits, clock }));

    expect(drain(reader)).toEqual([[0, 1000]]);
    expect(reader.wakeAt()).toBe(1010);
    clock.timeMs = 1009;
    expect(drain(reader)).toEqual([]);
    clock.timeMs = 1030;
    expect(drain(reader, 2)).toEqual([
      [1, 1010],
      [2, 1020],
      [3, 1030],
    ]);

    clock.timeMs = 10_000;
    expect(drain(reader)).toHaveLength(36);
    expect(reader.poll(new CollectingEmitter(), 1)).toBe('ended');
    expect(reader.wakeAt()).toBe(Number.POSITIVE_INFINITY);
  });

  it('spreads the pace over splits, also where each is read by a subtask of its own', async () => {
    const clock = new ManualClock();
    const source = pacedSource(interleaved(2), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const readers = splits.map((split) => source.createReader(readerContext({ splits: [split], clock })));

    const first = readers.map((reader) => drain(reader));
    clock.timeMs = 1030;
    const second = readers.map((reader) => drain(reader));

    expect(first).toEqual([[[0, 1000]], []]);
    expect(second).toEqual([
      [[2, 1020]],
      [
        [1, 1010],
        [3, 1030],
      ],
    ]);
  });

  it('begins its schedule anew where it goes on', async () => {
    const clock = new ManualClock();
    const source = pacedSource(interleaved(2), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const before = source.createReader(readerContext({ splits, clock }));
    drain(before);
    clock.timeMs = 1100;
    drain(before);
    const offsets = JSON.parse(JSON.stringify(before.offsets()));
    clock.timeMs = 9000;

    await source.listSplits(readerContext({ splits: [] }), offsets);
    const after = source.createReader(readerContext({ splits, clock, offsets }));

    // Eleven were read: 0 to 10. Split 0 goes on with 12, split 1 with 11, each at its place in the turn.
    expect(drain(after)).toEqual([[12, 9000]]);
    clock.timeMs = 9010;
    expect(drain(after)).toEqual([[11, 9010]]);
  });

  it.each([1, 2, 3, 7])('ends after the stated number of records over %i splits', async (count) => {
    const source = pacedSource(interleaved(count), { records: 10 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});

    const read = drain(source.createReader(readerContext({ splits })), 3);

    expect(source.isBounded).toBe(true);
    expect(read.map(([value]) => value).sort((a, b) => a - b)).toEqual(NUMBERS.slice(0, 10));
  });

  it('without a pace stamps records with the time they are read at', async () => {
    const clock = new ManualClock();
    const inner = sources.generator({ create: (index) => index, rate: 100 });
    const source = pacedSource(inner, { recordsPerSecond: 0 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const reader = source.createReader(readerContext({ splits, clock }));
    drain(reader);

    clock.timeMs = 1025;

    expect(drain(reader)).toEqual([
      [1, 1025],
      [2, 1025],
    ]);
    expect(source.isBounded).toBe(false);
  });

  it('passes refused input through, which takes no place in the schedule', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in'), '1\nx\ny\n2\n3\n');
    const clock = new ManualClock();
    const source = pacedSource(sources.file<number>({ path: 'in' }), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [], baseDirectory: folder }), {});
    const context = readerContext({ splits, clock, baseDirectory: folder });
    const reader = source.createReader(context);

    const read = [1000, 1010, 1020].flatMap((time) => {
      clock.timeMs = time;
      return drain(reader);
    });
    reader.close();

    expect(read).toEqual([
      [1, 1000],
      [2, 1010],
      [3, 1020],
    ]);
    expect(context.refused.letters.map((letter) => letter.offset)).toEqual(['2', '4']);
  });

  it('tells the source inside what was committed, in its own words', () => {
    const acknowledged: unknown[] = [];
    const inner = sources.memory([1]);
    const spied: SourceConnector<number> = {
      describe: () => inner.describe(),
      isBounded: true,
      listSplits: (context, known) => inner.listSplits(context, known),
      createSurveyor: (context) => inner.createSurveyor(context),
      createReader: (context) =>
        Object.assign(inner.createReader(context), { acknowledge: (upTo: unknown) => acknowledged.push(upTo) }),
    };
    const reader = pacedSource(spied, {}).createReader(readerContext({ splits: ['0/1:0'] }));
    drain(reader);

    reader.acknowledge(reader.offsets());

    expect(acknowledged).toEqual([{ '0': 1 }]);
  });
});

describe('a paced source in ranges', () => {
  it('has an extent of what is due and no more, and wants to be asked again when more is', async () => {
    const clock = new ManualClock();
    const source = pacedSource(interleaved(2), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const surveyor = source.createSurveyor(surveyContext({ splits, clock }));
    const counts = async (from = {}) => Object.values(await surveyor.survey(from)).map((extent) => extent.records);

    expect(await counts()).toEqual([1, 0]);
    clock.timeMs = 1035;
    const from = { '0/2:0': { records: 1, inner: '1' } };
    expect(await counts(from)).toEqual([1, 2]);
    expect(await counts({ '0/2:0': { records: 2, inner: '2' }, '1/2:1': { records: 2, inner: '2' } })).toEqual([0, 0]);
    expect(surveyor.wakeAt()).toBe(1040);
    surveyor.close();
  });

  it('goes no further than an end that was frozen, whatever has become due since', async () => {
    const clock = new ManualClock();
    const source = pacedSource(interleaved(2), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const surveyor = source.createSurveyor(surveyContext({ splits, clock }));
    await surveyor.survey({});
    clock.timeMs = 1020;
    const frozen = await surveyor.survey({});
    const end = Object.fromEntries(Object.entries(frozen).map(([split, { until }]) => [split, until!]));

    clock.timeMs = 5000;

    const records = Object.values(frozen).map((extent) => extent.records);
    expect(Object.values(await surveyor.survey({}, end)).map((extent) => extent.records)).toEqual(records);
    expect(Object.values(await surveyor.survey({})).map((extent) => extent.records)).not.toEqual(records);
    surveyor.close();
  });

  it('stamps a record of a later batch, read by a new reader, with the time it was due at', async () => {
    const clock = new ManualClock();
    const source = pacedSource(interleaved(2), { recordsPerSecond: 100 });
    const splits = await source.listSplits(readerContext({ splits: [] }), {});
    const surveyor = source.createSurveyor(surveyContext({ splits, clock }));
    await surveyor.survey({});
    clock.timeMs = 1100;
    const offsets = { '1/2:1': { records: 3, inner: '3' } };
    const extents = await surveyor.survey(offsets);
    clock.timeMs = 1500;

    const reader = source.createReader(
      readerContext({
        splits: ['1/2:1'],
        clock,
        offsets,
        ...(surveyor.hint === undefined ? {} : { hint: surveyor.hint }),
      }),
    );
    const out = new CollectingEmitter<number>();
    while (reader.poll(out, 10, { '1/2:1': extents['1/2:1']!.until! }) === 'progress');

    expect(out.records.map((record) => [record.value, record.ingestTime])).toEqual([
      [7, 1070],
      [9, 1090],
    ]);
  });

  it('reads a planned range again under a new schedule, without waiting and with no stamp that is still to come', async () => {
    const clock = new ManualClock();
    const source = pacedSource(sources.memory(NUMBERS), { recordsPerSecond: 10 });
    const surveyor = source.createSurveyor(surveyContext({ splits: ['0/1:0'], clock }));
    const reader = source.createReader(
      readerContext({ splits: ['0/1:0'], clock, ...(surveyor.hint === undefined ? {} : { hint: surveyor.hint }) }),
    );
    const out = new CollectingEmitter<number>();

    while (reader.poll(out, 10, { '0/1:0': { records: 5, inner: '40' } }) === 'progress');

    expect(out.values).toEqual([0, 1, 2, 3, 4]);
    expect(out.records.map((record) => record.ingestTime)).toEqual([1000, 1000, 1000, 1000, 1000]);
  });

  it('ends with the source inside, or with its own number of records', async () => {
    const ends = async (options: { recordsPerSecond?: number; records?: number }, at: number, elapsedMs = 0) => {
      const clock = new ManualClock();
      const surveyor = pacedSource(sources.memory(NUMBERS), options).createSurveyor(
        surveyContext({ splits: ['0/1:0'], clock }),
      );
      await surveyor.survey({});
      clock.timeMs += elapsedMs;
      const extent: SplitExtent = (await surveyor.survey({ '0/1:0': { records: at, inner: String(at) } }))['0/1:0']!;
      return [extent.records, extent.isEmpty, extent.isEnd];
    };

    expect(await ends({}, 0)).toEqual([40, false, true]);
    expect(await ends({}, 40)).toEqual([0, true, true]);
    expect(await ends({ records: 10 }, 4)).toEqual([6, false, true]);
    expect(await ends({ records: 10 }, 10)).toEqual([0, true, true]);
    expect(await ends({ records: 100 }, 10)).toEqual([30, false, true]);
    expect(await ends({ recordsPerSecond: 10 }, 0)).toEqual([1, false, false]);
    expect(await ends({ recordsPerSecond: 10 }, 0, 3900)).toEqual([40, false, true]);
    expect(await ends({ recordsPerSecond: 10 }, 0, 3800)).toEqual([39, false, false]);
    expect(await ends({ recordsPerSecond: 10, records: 5 }, 0, 400)).toEqual([5, false, true]);
  });

  it('waits for input and for its schedule, whichever is later', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in'), '1\n2\n');
    const clock = new ManualClock();
    const source = pacedSource(sources.file<number>({ path: 'in', follow: true, pollIntervalMs: 500 }), {
      recordsPerSecond: 100,
      records: 4,
    });
    const [split] = await source.listSplits(readerContext({ splits: [], baseDirectory: folder }), {});
    const reader = source.createReader(readerContext({ splits: [split!], baseDirectory: folder, clock }));
    const surveyor = source.createSurveyor(surveyContext({ splits: [split!], baseDirectory: folder, clock }));
    await surveyor.survey({});
    drain(reader);
    expect(reader.wakeAt()).toBe(1010);
    clock.timeMs = 1030;
    drain(reader);

    // The third record is due since 1020, but not there: the file is looked at again after a quarter of the interval.
    expect(reader.wakeAt()).toBe(1155);
    const extent = (await surveyor.survey(reader.offsets()))[split!];
    expect(extent).toMatchObject({ isEmpty: true, isEnd: false });
    expect(surveyor.wakeAt()).toBe(1530);
    appendFileSync(join(folder, 'in'), '3\n');
    // Four are due, one is there: that the fourth will come is not known.
    expect((await surveyor.survey(reader.offsets()))[split!]).toMatchObject({ isEmpty: false, isEnd: false });
    reader.close();
  });

  it.each([undefined, 7])('gives the same records however the input is cut (pace: %j)', async (recordsPerSecond) => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      fc.option(fc.integer({ min: 0, max: 45 }), { nil: undefined }),
      async (splits, sizes, records) => {
        const source = pacedSource(interleaved(splits), { recordsPerSecond, records });

        const { values } = await readInRanges(source, { sizes, bytes: [] });

        expect(values.sort((a, b) => a - b)).toEqual(NUMBERS.slice(0, records ?? 40));
      },
    );

    await fc.assert(property, { numRuns: 50 });
  });

  it('cuts by bytes what the source inside can cut, and follows it as it grows', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'in'), '1\n2\n3\n4\n');
    const source = pacedSource(sources.file<number>({ path: 'in', follow: true }), {});
    const [split] = await source.listSplits(readerContext({ splits: [], baseDirectory: folder }), {});
    const surveyor = source.createSurveyor(surveyContext({ splits: [split!], baseDirectory: folder }));
    const reader = source.createReader(readerContext({ splits: [split!], baseDirectory: folder }));
    const out = new CollectingEmitter<number>();
    await surveyor.survey({});

    const until = surveyor.cut!(split!, undefined, 3);
    while (reader.poll(out, 10, { [split!]: until }) === 'progress');
    expect(out.values).toEqual([1, 2]);
    appendFileSync(join(folder, 'in'), '5\n');
    const extent = (await surveyor.survey(reader.offsets()))[split!]!;
    while (reader.poll(out, 10, { [split!]: extent.until! }) === 'progress');
    const offsets = reader.offsets();
    reader.close();

    expect(out.values).toEqual([1, 2, 3, 4, 5]);
    expect(extent).toMatchObject({ bytes: 6, isEmpty: false, isEnd: false });
    expect((await surveyor.survey(offsets))[split!]).toMatchObject({ isEmpty: true, isEnd: false });
  });
});

describe('the splits of a paced source', () => {
  it('are those of the source inside, in their order, and must stay so', async () => {
    const known = { '1/3:1': { records: 2, inner: '2' } };
    const list = (splits: number, offsets = {}) =>
      pacedSource(interleaved(splits), {}).listSplits(readerContext({ splits: [] }), offsets);

    expect(await list(2)).toEqual(['0/2:0', '1/2:1']);
    expect(await list(3, known)).toEqual(['0/3:0', '1/3:1', '2/3:2']);
    await expect(list(2, known)).rejects.toThrow(
      "source 'input' has read split 1/3:1 before, but its splits are now 0/2:0, 1/2:1",
    );
    await expect(list(2, { '0': 3 })).rejects.toThrow('split 0 has an offset that no paced source has made');
  });

  it('refuse options that make no sense', () => {
    const attempt = () => pacedSource(interleaved(1), { recordsPerSecond: -1, records: 0.5 });

    for (const part of ['recordsPerSecond: must', 'records: must']) expect(attempt).toThrow(part);
  });
});
