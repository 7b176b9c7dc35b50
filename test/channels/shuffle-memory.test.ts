import { beforeEach, describe, expect, test } from 'vitest';
import { type ShuffleOutput, ShuffleReader, ShuffleWriter } from '../../src/channels/index.ts';
import { CollectingReceiver, recordOf } from './doubles.ts';

const CHUNK_BYTES = 1 << 20;

let writer: ShuffleWriter;

beforeEach(() => {
  writer = new ShuffleWriter({ bins: 1, bytesMax: 1 << 30 });
});

/** An output of so many bytes, roughly. */
function write(bytes: number): ShuffleOutput {
  for (let i = 0; i < bytes; i += 10_000) writer.channels[0]!.write(recordOf(`${i}`.padEnd(10_000)));
  return writer.take();
}

function memoriesOf(...outputs: readonly ShuffleOutput[]): Set<SharedArrayBuffer> {
  return new Set(outputs.flatMap(({ chunks }) => chunks.map((chunk) => chunk.memory)));
}

function read(output: ShuffleOutput): number {
  return new ShuffleReader([output], 0, 0).drain(new CollectingReceiver(), 1_000_000);
}

describe('the memory of a shuffle', () => {
  test('is not allocated for each small output', () => {
    const outputs = Array.from({ length: 10 }, () => write(20_000));

    expect(memoriesOf(...outputs).size).toBe(1);
    for (const output of outputs) expect(read(output)).toBe(2);
  });

  test('is used again when nobody reads it any more', () => {
    const first = write(5 * CHUNK_BYTES);
    writer.recycle();
    const second = write(5 * CHUNK_BYTES);
    writer.recycle();
    const third = write(5 * CHUNK_BYTES);

    expect(memoriesOf(first).size).toBeGreaterThanOrEqual(5);
    expect(memoriesOf(first, second, third)).toEqual(memoriesOf(first));
    expect(read(third)).toBe(read(third));
  });

  test('is left alone without a word that nobody reads it', () => {
    const first = write(3 * CHUNK_BYTES);

    const second = write(3 * CHUNK_BYTES);

    expect([read(first), read(second)]).toEqual([first.records, second.records]);
  });

  test('that a large batch needed is given back little by little', () => {
    const large = write(5 * CHUNK_BYTES);
    const kept = (): number => {
      writer.recycle();
      const again = memoriesOf(write(5 * CHUNK_BYTES));
      return [...memoriesOf(large)].filter((memory) => again.has(memory)).length;
    };
    const chunks = memoriesOf(large).size;
    expect(kept()).toBe(chunks);

    for (let batch = 0; batch < chunks + 1; batch++) {
      writer.recycle();
      write(20_000);
    }

    expect(kept()).toBeLessThanOrEqual(2);
  });

  test('an output is outdated from the moment its memory is given up, also in the middle of reading', () => {
    const output = write(2 * CHUNK_BYTES);
    const sent = structuredClone(output);
    const receiver = new CollectingReceiver();
    const reader = new ShuffleReader([sent], 0, 0);
    reader.drain(receiver, 1);

    writer.recycle();

    expect(() => reader.drain(receiver, 1_000_000)).toThrow(
      expect.objectContaining({ code: 'ERR_SHUFFLE_OUTDATED', domain: 'internal', recovery: 'restart' }),
    );
    expect(() => read(output)).toThrow('given up for the next batch');
  });

  test('is not given up in the middle of an output', () => {
    for (let i = 0; i < 10; i++) writer.channels[0]!.write(recordOf(i));

    expect(() => writer.recycle()).toThrow('between two outputs');
  });
});
