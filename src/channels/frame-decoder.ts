/**
 * Decodes frames (`frame-format.ts`). What it returns refers to none of the frame's bytes.
 */
import type { ByteReader } from '../codec/byte-reader.ts';
import { readColumn } from '../codec/column-codec.ts';
import { assert, type ControlElement, CorruptionError, type Key, StreamRecord } from '../model/index.ts';
import {
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  KIND_MARKER,
  KIND_RECORDS,
  RECORDS_HEADER_BYTES,
} from './frame-format.ts';

/** Total bytes of the frame whose header is at the start of `from`. */
export function readFrameBytes(from: ByteReader): number {
  const bytes = from.uint32(0);
  assert(
    bytes > FRAME_HEADER_BYTES && bytes <= FRAME_BYTES_MAX && bytes % 8 === 0,
    `a frame header claims ${bytes} bytes: the ring does not stand at the start of a frame`,
  );
  return bytes;
}

/** The records of the complete frame at the start of `from`, or its control element. */
export function decodeFrame(from: ByteReader): StreamRecord[] | ControlElement {
  const kind = from.bytes[4];
  switch (kind) {
    case KIND_RECORDS:
      return decodeRecords(from);
    case KIND_MARKER:
      return {
        kind: 'marker',
        epoch: from.floats[FRAME_HEADER_BYTES / 8]!,
        isFinal: from.bytes[FRAME_HEADER_BYTES + 8] === 1,
      };
    default:
      throw new CorruptionError(`a frame has the unknown kind ${kind}: writer and reader are of different versions`);
  }
}

function decodeRecords(from: ByteReader): StreamRecord[] {
  const count = from.uint32(FRAME_HEADER_BYTES);
  assert(count > 0, 'a frame of records has at least one');
  from.at = FRAME_HEADER_BYTES + RECORDS_HEADER_BYTES;
  const timestamps = readColumn(from, count) as number[];
  const ingestTimes = readColumn(from, count) as number[];
  const keys = readColumn(from, count) as (Key | undefined)[];
  const values = readColumn(from, count);
  const records = new Array<StreamRecord>(count);
  for (let i = 0; i < count; i++) {
    records[i] = new StreamRecord(values[i], keys[i], timestamps[i]!, ingestTimes[i]!);
  }
  return records;
}
