/** Every reader says truly which split it reads, and when one has ended: event time is followed split by split. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pacedSource } from '../../src/connectors/paced-source.ts';
import { sources } from '../../src/connectors/sources.ts';
import type { SourceConnector, SplitOffsets } from '../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readerContext, temporaryFolder } from './connector-fixture.ts';

/** Value n is in the split with index n % S. */
interface Named {
  readonly source: SourceConnector<number>;
  readonly splits: number;
  readonly folder: string;
  readonly total: number;
}

const makers: readonly [string, (sizes: readonly number[]) => Named][] = [
  ['memory', memory],
  ['generator', generator],
  ['file', file],
  ['paced', (sizes) => ({ ...memory(sizes), source: pacedSource(memory(sizes).source, {}) })],
  ['paced file', (sizes) => paced(file(sizes))],
];

function valuesOf(sizes: readonly number[]): number[][] {
  return sizes.map((size, split) => Array.from({ length: size }, (_, k) => split + k * sizes.length));
}

function memory(sizes: readonly number[]): Named {
  const splits = valuesOf(sizes);
  const total = splits.flat().length;
  return { source: sources.memory({ splits }), splits: sizes.length, folder: '/', total };
}

function generator(sizes: readonly number[]): Named {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const source = sources.generator({ create: (index) => index, records: total, splits: sizes.length });
  return { source, splits: sizes.length, folder: '/', total };
}

function file(sizes: readonly number[]): Named {
  const folder = temporaryFolder();
  const splits = valuesOf(sizes);
  splits.forEach((values, split) => {
    writeFileSync(join(folder, `in${split}`), values.map((value) => `${value}\n`).join(''));
  });
  const path = splits.map((_, split) => `in${split}`);
  return { source: sources.file<number>({ path }), splits: sizes.length, folder, total: splits.flat().length };
}

function paced(named: Named): Named {
  return { ...named, source: pacedSource(named.source, { recordsPerSecond: 1000 }) };
}

/** Reads on from `offsets` for at most `polls` polls, and judges what was said in each of them. */
async function readStory(named: Named, limit: number, polls: number, offsets: SplitOffsets) {
  const { source, folder } = named;
  const clock = new ManualClock();
  const listed = await source.listSplits(readerContext({ splits: [], baseDirectory: folder }), offsets);
  const reader = source.createReader(readerContext({ splits: listed, baseDirectory: folder, offsets, clock }));
  const values: number[] = [];
  const ended: string[] = [];
  let result = 'progress';
  for (let poll = 0; poll < polls && result !== 'ended'; poll++) {
    const out = new CollectingEmitter<number>();
    result = reader.poll(out, limit);
    let entered: string | undefined;
    for (const word of out.story) {
      if (typeof word === 'number') {
        expect(entered, 'a record without a split').toBe(listed[word % named.splits]);
        values.push(word);
      } else {
        const [what, split] = String(word).split(/ (.*)/) as [string, string];
        expect(ended, `of a split that has ended: ${word}`).not.toContain(split);
        if (what === 'end') ended.push(split);
        else {
          expect(split, 'said twice').not.toBe(entered);
          entered = split;
        }
      }
    }
    clock.timeMs += 10;
  }
  const saved: SplitOffsets = JSON.parse(JSON.stringify(reader.offsets()));
  reader.close();
  return { values, ended, result, offsets: saved, listed };
}

describe.each(makers)('a %s source', (_, make) => {
  it('names the split of each record, once per change, and each end once, in every run', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      // More than one: in the first, little is due of what is paced.
      fc.integer({ min: 2, max: 6 }),
      async (sizes, limit, polls) => {
        const named = make(sizes);
        const values: number[] = [];
        let offsets: SplitOffsets = {};
        for (let run = 0; run < 200; run++) {
          const story = await readStory(named, limit, polls, offsets);
          values.push(...story.values);
          offsets = story.offsets;
          if (story.result !== 'ended') continue;
          expect(story.ended.sort()).toEqual([...story.listed].sort());
          break;
        }
        expect(values).toHaveLength(named.total);

        // Opened behind its end, a split says so again.
        const again = await readStory(named, limit, 2, offsets);

        expect(again).toMatchObject({ values: [], result: 'ended' });
        expect(again.ended.sort()).toEqual([...again.listed].sort());
      },
    );

    await fc.assert(property, { numRuns: 30 });
  });
});

describe('the story of a reader', () => {
  it('goes to and fro between splits', () => {
    const reader = sources
      .memory({ splits: [['a', 'b'], [], ['x']] })
      .createReader(readerContext({ splits: ['0', '1', '2'] }));
    const out = new CollectingEmitter<string>();

    while (reader.poll(out, 1) !== 'ended');

    expect(out.story).toEqual(['enter 0', 'a', 'end 1', 'enter 0', 'b', 'end 0', 'enter 2', 'x', 'end 2']);
  });

  it('stays silent about the end of a range, which is none of the split', () => {
    const reader = sources.memory([1, 2, 3]).createReader(readerContext({ splits: ['0'] }));
    const out = new CollectingEmitter<number>();

    while (reader.poll(out, 10, { '0': 2 }) === 'progress');
    expect(out.story).toEqual(['enter 0', 1, 2]);

    while (reader.poll(out, 10, { '0': 3 }) === 'progress');
    expect(out.story.slice(3)).toEqual(['enter 0', 3, 'end 0']);
  });

  it('has no end where a file is followed', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), '1\n');
    writeFileSync(join(folder, 'b'), '');
    const clock = new ManualClock();
    const reader = sources
      .file<number>({ path: ['a', 'b'], follow: true })
      .createReader(readerContext({ splits: ['a', 'b'], baseDirectory: folder, clock }));
    const out = new CollectingEmitter<number>();

    while (reader.poll(out, 10) === 'progress');
    appendFileSync(join(folder, 'b'), '2\n');
    clock.timeMs += 10_000;
    while (reader.poll(out, 10) === 'progress');
    reader.close();

    expect(out.story).toEqual(['enter a', 1, 'enter b', 2]);
  });

  it('tells which files have nothing now while others go on, and none whose turn has not come', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), '1\n2\n3\n4\n');
    writeFileSync(join(folder, 'b'), '5\n6\n');
    writeFileSync(join(folder, 'c'), '');
    const reader = sources
      .file<number>({ path: ['a', 'b', 'c'], follow: true })
      .createReader(readerContext({ splits: ['a', 'b', 'c'], baseDirectory: folder, clock: new ManualClock() }));
    const out = new CollectingEmitter<number>();

    expect(reader.poll(out, 1)).toBe('progress');
    expect([...out.caughtUp]).toEqual([]);

    while (reader.poll(out, 1) === 'progress');
    reader.close();
    expect([...out.caughtUp].sort()).toEqual(['a', 'b', 'c']);
    expect(out.records).toHaveLength(6);
  });

  it('of a paced source ends a split with its number of records, whatever the source inside has left', () => {
    const source = pacedSource(sources.memory({ splits: [[0, 2, 4], [1, 3, 5], []] }), { records: 4 });
    const reader = source.createReader(readerContext({ splits: ['0/3:0', '1/3:1', '2/3:2'] }));
    const out = new CollectingEmitter<number>();

    while (reader.poll(out, 10) !== 'ended');

    // Of the first four, split 0 has numbers 0 and 3.
    expect(out.story).toEqual(['enter 0/3:0', 0, 2, 'end 0/3:0', 'enter 1/3:1', 1, 'end 1/3:1', 'end 2/3:2']);
  });
});
