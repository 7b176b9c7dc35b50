import { appendFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSinkOptions } from '../../../src/connectors/file-sink/file-sink-options.ts';
import { sinks } from '../../../src/connectors/sinks.ts';
import { type SinkWriter, StreamRecord } from '../../../src/model/index.ts';
import { temporaryFolder, writerContext } from '../connector-fixture.ts';
import { durable, readIfThere, SinkRun } from './file-sink-fixture.ts';

const OUT: FileSinkOptions = { path: 'out.jsonl' };

describe('the start of a file sink', () => {
  it('refuses a target that exists, and names the three choices', async () => {
    const state = durable(temporaryFolder());
    writeFileSync(join(state.folder, 'out.jsonl'), 'mine\n');

    const start = new SinkRun(state, OUT).restore();

    await expect(start).rejects.toThrow(
      "sink 'output' 'out.jsonl' already exists and this state directory is new; choose ifExists: 'append' to write behind it, ifExists: 'replace' to overwrite it, or another path",
    );
    await expect(start).rejects.toMatchObject({ recovery: 'none', code: 'ERR_SINK_TARGET' });
    expect(readIfThere(join(state.folder, 'out.jsonl'))).toBe('mine\n');
  });

  it('refuses to append behind half a line', async () => {
    const state = durable(temporaryFolder());
    writeFileSync(join(state.folder, 'out.jsonl'), '1\n2');

    await expect(new SinkRun(state, { ...OUT, ifExists: 'append' }).restore()).rejects.toThrow(
      'does not end with a newline',
    );
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link to a device', (path: string) => symlinkSync('/dev/null', path)],
  ])('refuses a target that is %s', async (_, make) => {
    const state = durable(temporaryFolder());
    make(join(state.folder, 'out.jsonl'));

    await expect(new SinkRun(state, { ...OUT, ifExists: 'append' }).restore()).rejects.toThrow(/is not a regular file/);
  });

  it('refuses a folder that is a file', async () => {
    const state = durable(temporaryFolder());
    writeFileSync(join(state.folder, 'out'), '');

    await expect(new SinkRun(state, { path: 'out/result.jsonl' }).restore()).rejects.toMatchObject({
      recovery: 'none',
    });
  });

  it('leaves the target alone until the first epoch commits, then makes it, empty if need be', async () => {
    const state = durable(temporaryFolder());
    const run = new SinkRun(state, { path: 'new/out.jsonl' });

    await run.restore();
    expect(readIfThere(join(state.folder, 'new/out.jsonl'))).toBeUndefined();
    await run.epoch([]);
    expect(readIfThere(join(state.folder, 'new/out.jsonl'))).toBe('');
    await run.close();
  });

  it('refuses two sinks on one path, and lets a later one have it', async () => {
    const state = durable(temporaryFolder());
    const first = new SinkRun(state, OUT, { node: 'a' });
    await first.restore();

    await expect(new SinkRun(durable(state.folder), { path: './out.jsonl' }, { node: 'b' }).restore()).rejects.toThrow(
      /sink 'b' and sink 'test\/a' both write to .*out\.jsonl/,
    );
    await first.close();
    const second = new SinkRun(durable(state.folder), OUT, { node: 'b' });
    await second.restore();
    await second.close();
  });

  it('refuses state that has written elsewhere', async () => {
    const state = durable(temporaryFolder());
    const run = new SinkRun(state, OUT);
    await run.restore();
    await run.epoch([1]);
    await run.close();

    await expect(new SinkRun(state, { path: 'other.jsonl' }).restore()).rejects.toThrow(
      "writes to the file 'other.jsonl', but its state has written to the file 'out.jsonl'",
    );
  });
});

describe('a target that something else has changed', () => {
  const damages: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    [
      'longer',
      (path) => appendFileSync(path, 'foreign\n'),
      /has 10 bytes although this job has written 2: something else writes to it/,
    ],
    [
      'shorter',
      (path) => truncateSync(path, 1),
      /has 1 bytes although 2 were committed: something has cut it|committed bytes .* are lost/,
    ],
    ['gone', (path) => rmSync(path), /was removed while its job goes on|committed bytes .* are lost/],
  ];

  it.each(damages)('(%s) is noticed at the next commit, and nothing is written', async (_, damage, message) => {
    const state = durable(temporaryFolder());
    const path = join(state.folder, 'out.jsonl');
    const run = new SinkRun(state, OUT);
    await run.restore();
    await run.epoch([1]);
    damage(path);
    const before = readIfThere(path);

    await expect(run.epoch([2])).rejects.toThrow(message);

    expect(readIfThere(path)).toBe(before);
    await run.close();
  });

  it.each(damages)('(%s) is noticed at a restart', async (_, damage, message) => {
    const state = durable(temporaryFolder());
    const run = new SinkRun(state, OUT);
    await run.restore();
    await run.epoch([1]);
    await run.close();
    damage(join(state.folder, 'out.jsonl'));

    await expect(new SinkRun(state, OUT).restore()).rejects.toThrow(message);
  });
});

describe('parts of a file sink', () => {
  it('are closed at the end of the epoch in which they reached the size, and epochs stay whole', async () => {
    const state = durable(temporaryFolder());
    const run = new SinkRun(state, { path: 'out', rotate: { bytes: 4 } }, { parallelism: 1 });

    await run.restore();
    for (const records of [[], [1], [2, 3], [], [4, 5, 6, 7], [8]]) await run.epoch(records);
    await run.close();

    const parts = readdirSync(join(state.folder, 'out')).sort();
    expect(parts).toEqual(['part-00001.jsonl', 'part-00002.jsonl', 'part-00003.jsonl']);
    expect(parts.map((part) => readIfThere(join(state.folder, 'out', part)))).toEqual([
      '1\n2\n3\n',
      '4\n5\n6\n7\n',
      '8\n',
    ]);
  });
});

describe('leftovers in the pending directory', () => {
  it('of older generations are removed at the start, those of newer ones and strangers stay', async () => {
    const state = durable(temporaryFolder());
    const pending = join(state.folder, 'state', 'pending', 'output');
    mkdirSync(pending, { recursive: true });
    for (const name of ['1-4-0.segment', '1-4-0-2.segment', '9-1-0.segment', '9-1-0-1.segment', 'notes.txt']) {
      writeFileSync(join(pending, name), '');
    }
    state.generation = 4;

    const run = new SinkRun(state, OUT);
    await run.restore();
    await run.close();

    expect(readdirSync(pending).sort()).toEqual(['9-1-0-1.segment', '9-1-0.segment', 'notes.txt']);
  });
});

describe('two attempts of one subtask', () => {
  /** More than is gathered before it goes to the segment. */
  const LONG = 'x'.repeat(70_000);
  const at = (epoch: number) => ({ epoch, sequence: 0 });
  const record = (value: string) => new StreamRecord(value, undefined, Number.NaN, 0);

  function attempts(count: number) {
    const folder = temporaryFolder();
    const pendingDirectory = join(folder, 'state', 'pending', 'output');
    const context = { baseDirectory: folder, pendingDirectory, generation: 3 };
    const sink = sinks.file<string>(OUT);
    const writers = Array.from({ length: count }, (_, attempt) =>
      sink.createWriter(writerContext({ ...context, attempt })),
    );
    return { folder, pendingDirectory, writers, committer: sink.createCommitter!(writerContext(context)) };
  }

  it('write segments of their own, and the one that is superseded leaves no trace', async () => {
    const { folder, pendingDirectory, writers, committer } = attempts(2);
    const [slow, fast] = writers as [SinkWriter<string>, SinkWriter<string>];
    await committer.restore(undefined);

    slow.write(record(`slow${LONG}`), at(1));
    fast.write(record(`fast${LONG}`), at(1));
    expect(readdirSync(pendingDirectory).sort()).toEqual(['3-1-0-0.segment', '3-1-0-1.segment']);
    const { token } = await fast.prepare(1);
    slow.close();
    expect(readdirSync(pendingDirectory)).toEqual(['3-1-0-1.segment']);
    await committer.commit(await committer.seal(1, [token!]));

    expect(readIfThere(join(folder, 'out.jsonl'))).toBe(`"fast${LONG}"\n`);
    expect(readdirSync(pendingDirectory)).toEqual([]);
    await committer.close();
  });

  it('of which one dies with its thread leave what it wrote until the sink is closed, and nothing behind that', async () => {
    const { pendingDirectory, writers, committer } = attempts(2);
    const [dead, second] = writers as [SinkWriter<string>, SinkWriter<string>];
    await committer.restore(undefined);

    dead.write(record(`dead${LONG}`), at(1));
    second.write(record(LONG), at(1));
    await committer.commit(await committer.seal(1, [(await second.prepare(1)).token!]));
    second.write(record(LONG), at(2));
    const { token } = await second.prepare(2);
    await committer.seal(2, [token!]);
    expect(readdirSync(pendingDirectory).sort()).toEqual(['3-1-0-0.segment', '3-2-0-1.segment']);
    await committer.close();

    // Epoch 2 may be durable: then the next start needs its segment.
    expect(readdirSync(pendingDirectory)).toEqual(['3-2-0-1.segment']);
  });

  it('are closed without harm where there is nothing to remove, or where it is handed over', async () => {
    const { pendingDirectory, writers } = attempts(3);
    const [empty, gathering, prepared] = writers as [SinkWriter<string>, SinkWriter<string>, SinkWriter<string>];
    gathering.write(record('short'), at(1));
    prepared.write(record(LONG), at(1));

    await prepared.prepare(1);
    for (const writer of [empty, gathering, prepared]) writer.close();

    expect(readdirSync(pendingDirectory)).toEqual(['3-1-0-2.segment']);
  });

  it('are closed without harm also where the segment cannot be removed any more', () => {
    const { pendingDirectory, writers } = attempts(1);
    const [writer] = writers as [SinkWriter<string>];
    writer.write(record(LONG), at(1));
    rmSync(pendingDirectory, { recursive: true });
    writeFileSync(pendingDirectory, '');

    expect(() => writer.close()).not.toThrow();
  });
});

describe('the order of epochs', () => {
  it('I2: a second epoch is not sealed before the first is committed, nor one committed that was not sealed', async () => {
    const state = durable(temporaryFolder());
    const { committer } = new SinkRun(state, OUT);
    await committer.restore(undefined);
    const token = await committer.seal(1, []);

    await expect(committer.seal(2, [])).rejects.toThrow('I2: epoch 2 was sealed before epoch 1 was committed');
    await committer.commit(token);
    await expect(committer.commit(token)).rejects.toThrow('I2: epoch 1 is committed but not sealed');
    await committer.close();
  });
});

describe('options of a file sink', () => {
  it('are all checked at once', () => {
    const options = { path: '', format: 'csv', rotate: { bytes: 0 }, ifExists: 'overwrite', fsync: false };

    const attempt = () => sinks.file(options as unknown as FileSinkOptions);

    for (const part of [
      'fsync: unknown option',
      'path: must',
      'columns',
      'rotate.bytes: must',
      "ifExists: must be one of 'fail', 'append', 'replace'",
    ]) {
      expect(attempt).toThrow(part);
    }
  });
});
