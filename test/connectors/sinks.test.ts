import { describe, expect, it } from 'vitest';
import { decodeKey } from '../../src/codec/key-codec.ts';
import { readRowBlock } from '../../src/codec/row-block.ts';
import { decodeValue } from '../../src/codec/value-codec.ts';
import { ConsoleSinkWriter, type WriteBytes } from '../../src/connectors/console-sink.ts';
import { sinks } from '../../src/connectors/sinks.ts';
import { sources } from '../../src/connectors/sources.ts';
import { type CommitToken, type PreparedOutput, type SinkWriter, StreamRecord } from '../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readAll, readerContext, writerContext } from './connector-fixture.ts';

function write<T>(writer: SinkWriter<T>, epoch: number, ...values: readonly T[]): void {
  values.forEach((value, sequence) => {
    writer.write(new StreamRecord(value, undefined, Number.NaN, 0), { epoch, sequence });
  });
}

/** What the committer is given of it. */
async function prepare(writer: SinkWriter, epoch: number): Promise<CommitToken> {
  const { token } = await writer.prepare(epoch);
  return token ?? expect.fail('the writer prepared no token');
}

describe('a memory source', () => {
  it('gives each split in order, from any offset, up to the end of a range', () => {
    const source = sources.memory({ splits: [['a', 'b', 'c'], ['x']] });
    const reader = source.createReader(readerContext({ splits: ['0', '1'], offsets: { '0': 1 } }));
    const out = new CollectingEmitter<string>();

    expect(reader.poll(out, 10, { '0': 2 })).toBe('progress');
    expect(reader.poll(out, 10, { '0': 2 })).toBe('idle');
    expect(reader.offsets()).toEqual({ '0': 2, '1': 1 });
    expect(reader.poll(out, 10)).toBe('progress');
    expect(reader.poll(out, 10)).toBe('ended');

    expect(out.values).toEqual(['b', 'x', 'c']);
  });

  it('takes a plain array as one split', async () => {
    const source = sources.memory([1, 2, 3]);

    const splits = await source.listSplits(readerContext({ splits: [] }), {});

    expect(splits).toEqual(['0']);
    expect(readAll(source.createReader(readerContext({ splits })), 1)).toEqual([1, 2, 3]);
  });
});

describe('a committed memory sink', () => {
  it('I3, I4: shows records with their epoch, in order of subtasks, once', async () => {
    const sink = sinks.memory<string>();
    const committer = sink.createCommitter!();
    await committer.restore(undefined);
    const second = sink.createWriter(writerContext({ subtask: 1 }));
    const first = sink.createWriter(writerContext({ subtask: 0 }));

    write(second, 1, 'b');
    write(first, 1, 'a');
    const tokens = [await prepare(first, 1), await prepare(second, 1)];
    const token = await committer.seal(1, tokens);
    expect(sink.records).toEqual([]);
    await committer.commit(token);
    await committer.commit(token);

    expect(sink.records).toEqual(['a', 'b']);
  });

  it('I10: forgets what a generation prepared that did not commit, and repeats the token of one that did', async () => {
    const sink = sinks.memory<string>();
    const committer = sink.createCommitter!();
    await committer.restore(undefined);
    const writer = sink.createWriter(writerContext({ generation: 1 }));
    write(writer, 1, 'kept');
    const token = await committer.seal(1, [await prepare(writer, 1)]);
    write(writer, 2, 'lost');
    await prepare(writer, 2);

    await sink.createCommitter!().restore(token);
    const again = sink.createWriter(writerContext({ generation: 2 }));
    write(again, 2, 'again');
    await committer.commit(await committer.seal(2, [await prepare(again, 2)]));

    expect(sink.records).toEqual(['kept', 'again']);
  });

  it('shows nothing of an attempt that was superseded', async () => {
    const sink = sinks.memory<string>();
    const committer = sink.createCommitter!();
    await committer.restore(undefined);
    const slow = sink.createWriter(writerContext({ attempt: 1 }));
    const fast = sink.createWriter(writerContext({ attempt: 2 }));

    write(slow, 1, 'slow');
    write(fast, 1, 'fast');
    const token = await prepare(fast, 1);
    slow.close();
    await committer.commit(await committer.seal(1, [token]));

    expect(sink.records).toEqual(['fast']);
  });

  it('shows nothing of an attempt that had prepared and whose thread died before it could say so', async () => {
    const sink = sinks.memory<string>();
    const committer = sink.createCommitter!();
    await committer.restore(undefined);
    const lost = sink.createWriter(writerContext({ attempt: 1 }));
    const second = sink.createWriter(writerContext({ attempt: 2 }));

    write(lost, 1, 'a');
    await prepare(lost, 1);
    write(second, 1, 'a');
    const token = await prepare(second, 1);
    await committer.commit(await committer.seal(1, [token]));

    expect(sink.records).toEqual(['a']);
  });

  it('shows everything at once, stamped, when it is immediate', () => {
    const sink = sinks.memory<string>({ delivery: 'immediate' });

    write(sink.createWriter(writerContext({ subtask: 3 })), 5, 'a', 'b');

    expect(sink.createCommitter).toBeUndefined();
    expect(sink.stamped.map(({ epoch, sequence, subtask }) => [epoch, sequence, subtask])).toEqual([
      [5, 0, 3],
      [5, 1, 3],
    ]);
  });
});

describe('a table sink', () => {
  const rowsOf = (output: PreparedOutput | Promise<PreparedOutput>): [unknown, unknown][] => {
    const rows: [unknown, unknown][] = [];
    readRowBlock((output as PreparedOutput).rows!.block, (key, value) =>
      rows.push([decodeKey(key), value === undefined ? undefined : decodeValue(value)]),
    );
    return rows;
  };

  it('hands over the last row of each key, as it was when it was written', () => {
    const sink = sinks.table<{ id: string; n: number }>({ key: (row) => row.id, name: 'totals' });
    const writer = sink.createWriter(writerContext({}));
    const changed = { id: 'a', n: 2 };

    write(writer, 1, { id: 'a', n: 1 }, { id: 'b', n: 1 }, changed);
    changed.n = 99;
    const output = writer.prepare(1) as PreparedOutput;

    expect(output.rows).toMatchObject({ table: 'totals', count: 2 });
    expect(rowsOf(output)).toEqual([
      ['a', { id: 'a', n: 2 }],
      ['b', { id: 'b', n: 1 }],
    ]);
    expect(writer.prepare(2)).toEqual({});
  });

  it('is named after its node, and deletes where the value is undefined', () => {
    const sink = sinks.table<{ id: number; n?: number }>({ key: (row) => row.id, value: (row) => row.n });
    const writer = sink.createWriter(writerContext({ node: 'latest' }));

    write(writer, 1, { id: -0, n: 1 }, { id: 0 }, { id: 1, n: 5 });
    const output = writer.prepare(1) as PreparedOutput;

    expect(output.rows?.table).toBe('latest');
    expect(rowsOf(output)).toEqual([
      [0, undefined],
      [1, 5],
    ]);
  });

  it('refuses a key that is none', () => {
    const writer = sinks.table<{ id?: string }>({ key: (row) => row.id! }).createWriter(writerContext({}));

    expect(() => write(writer, 1, {})).toThrow('a key must be a string, number, bigint or boolean, not undefined');
  });
});

describe('a console sink', () => {
  /** A stream that takes as many bytes per call as it is told to; an error code is thrown, `''` takes all. */
  function stream(format: 'json' | 'text', hasStamp: boolean, answers: (number | string)[] = []) {
    let text = '';
    const clock = new ManualClock();
    const take: WriteBytes = (bytes) => {
      clock.timeMs++;
      const answer = answers.shift() ?? bytes.length;
      if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer });
      text += Buffer.from(bytes.subarray(0, answer)).toString('latin1');
      return Math.min(answer, bytes.length);
    };
    const context = writerContext({ clock, subtask: 2, firstEpoch: 4 });
    return { writer: new ConsoleSinkWriter<unknown>({ format, hasStamp, context, write: take }), written: () => text };
  }

  it.each([
    [
      'json',
      true,
      '{"generation":1,"firstEpoch":4,"epoch":4,"sequence":0,"subtask":2,"value":{"a":1}}\n' +
        '{"generation":1,"firstEpoch":4,"epoch":4,"sequence":1,"subtask":2,"value":"x"}\n',
    ],
    ['json', false, '{"a":1}\n"x"\n'],
    ['text', true, '1:4:4:0:2 {"a":1}\n1:4:4:1:2 x\n'],
    ['text', false, '{"a":1}\nx\n'],
  ] as const)('writes %s (stamp: %s)', (format, hasStamp, expected) => {
    const { writer, written } = stream(format, hasStamp);

    write(writer, 4, { a: 1 }, 'x');
    expect(written()).toBe('');
    writer.flush!();

    expect(written()).toBe(expected);
  });

  it('stamps with the epoch its generation began with, though nothing was written in that one', () => {
    const { writer, written } = stream('text', true);

    writer.prepare();
    write(writer, 5, 'x');
    writer.flush!();

    expect(written()).toBe('1:4:5:0:2 x\n');
  });

  it('goes on where a stream that was full has stopped, and lets no epoch by before all is written', async () => {
    const { writer, written } = stream('text', false, [3, 'EAGAIN', 'EAGAIN', 2, 'EAGAIN']);

    write(writer, 1, 'abcdef');
    writer.flush!();
    expect(written()).toBe('abc');
    write(writer, 1, 'gh');
    const prepared = writer.prepare();
    expect(prepared).toBeInstanceOf(Promise);
    await prepared;

    expect(written()).toBe('abcdef\ngh\n');
  });

  it('ends the job when nobody reads any more', () => {
    const { writer } = stream('text', false, ['EPIPE']);
    write(writer, 1, 'a');

    expect(() => writer.flush!()).toThrow(
      "sink 'output' cannot write to its output stream: the program that reads it has ended",
    );
  });

  it('I8: waits for a reader when a mebibyte is pending, but not for ever', () => {
    const { writer } = stream('text', false, new Array(40_000).fill('EAGAIN'));

    expect(() => write(writer, 1, 'x'.repeat(1024 * 1024))).toThrow('has taken nothing for 30 s');
  });
});
