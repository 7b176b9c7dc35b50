/**
 * Decodes frames (`frame-format.ts`). What it returns refers to none of the frame's bytes.
 */
import type { ByteReader } from '../codec/byte-reader.ts';
import { readColumn, readRecordColumns } from '../codec/column-codec.ts';
import { buildRecords } from '../codec/record-builder.ts';
import type { FieldColumns } from '../codec/record-columns.ts';
import { assert, type ControlElement, CorruptionError, type Key, StreamRecord } from '../model/index.ts';
import {
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  INGEST_TIME_SHARED,
  KEY_SOURCE_AT,
  KEYS_ARE_VALUES,
  KEYS_FROM_FIELD,
  KEYS_OF_THEIR_OWN,
  KIND_MARKER,
  KIND_RECORDS,
  KIND_WATERMARK,
  RECORDS_HEADER_BYTES,
  SHARED_TIMES_AT,
  TIMESTAMP_SHARED,
} from './frame-format.ts';

/** Total bytes of the frame whose header is at the start of `from`. */
export function readFrameBytes(from: ByteReader): number {
  const bytes = from.uint32(0);
  if (bytes <= FRAME_HEADER_BYTES || bytes > FRAME_BYTES_MAX || bytes % 8 !== 0) {
    assert(false, `a frame header claims ${bytes} bytes: the ring does not stand at the start of a frame`);
  }
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
    case KIND_WATERMARK:
      return {
        kind: 'watermark',
        time: from.floats[FRAME_HEADER_BYTES / 8]!,
        ingestTime: from.floats[FRAME_HEADER_BYTES / 8 + 1]!,
        isIdle: from.bytes[FRAME_HEADER_BYTES + 16] === 1,
      };
    default:
      throw new CorruptionError(`a frame has the unknown kind ${kind}: writer and reader are of different versions`);
  }
}

function decodeRecords(from: ByteReader): StreamRecord[] {
  const count = from.uint32(FRAME_HEADER_BYTES);
  const keySource = from.uint32(KEY_SOURCE_AT);
  const sharedTimes = from.bytes[SHARED_TIMES_AT]!;
  const { floats } = from;
  assert(count > 0, 'a frame of records has at least one');
  const timestampsAt = (FRAME_HEADER_BYTES + RECORDS_HEADER_BYTES) / 8;
  const timestampStep = (sharedTimes & TIMESTAMP_SHARED) === 0 ? 1 : 0;
  const ingestTimesAt = timestampsAt + (count - 1) * timestampStep + 1;
  const ingestTimeStep = (sharedTimes & INGEST_TIME_SHARED) === 0 ? 1 : 0;
  from.at = (ingestTimesAt + (count - 1) * ingestTimeStep + 1) * 8;

  const batch = readRecordColumns(from, count);
  const values = batch === undefined ? readColumn(from, count) : buildRecords(batch.shape, batch.columns, count);
  const keys = readKeys(from, count, keySource, values, batch?.columns);
  const records = new Array<StreamRecord>(count);
  for (let i = 0; i < count; i++) {
    const timestamp = floats[timestampsAt + i * timestampStep]!;
    const ingestTime = floats[ingestTimesAt + i * ingestTimeStep]!;
    records[i] = new StreamRecord(values[i], keys[i], timestamp, ingestTime);
  }
  return records;
}

type Keys = readonly (Key | undefined)[];

function readKeys(
  from: ByteReader,
  count: number,
  source: number,
  values: readonly unknown[],
  fields: FieldColumns | undefined,
): Keys {
  if (source === KEYS_OF_THEIR_OWN) return readColumn(from, count) as Keys;
  const keys = source === KEYS_ARE_VALUES ? values : fields?.[source - KEYS_FROM_FIELD];
  if (keys === undefined) {
    throw new CorruptionError(
      `a frame has its keys in the unknown place ${source}; writer and reader are of different versions`,
    );
  }
  return keys as Keys;
}
