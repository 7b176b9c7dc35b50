/**
 * Keys of the spaces other than base state: small big-endian numbers and names, so that byte order is the useful order.
 */
import type { Epoch, SubtaskIndex } from '../model/index.ts';

const EPOCH_BYTES = 8;

/** After every key of the spaces that begin with an epoch or a catalog number below 0xffff. */
export const KEY_SPACE_END: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
/** Before every key. */
export const KEY_SPACE_START: Uint8Array = Uint8Array.of(0);

export function metaKey(name: 'generation' | 'fold' | 'catalog' | 'plan'): Uint8Array {
  return Uint8Array.from(Buffer.from(name, 'latin1'));
}

/** Manifests; and the prefix of deltas and dead letters of that epoch. */
export function epochKey(epoch: Epoch): Uint8Array {
  const key = new Uint8Array(EPOCH_BYTES);
  writeEpoch(key, epoch);
  return key;
}

export function epochOfKey(key: Uint8Array): Epoch {
  const view = new DataView(key.buffer, key.byteOffset, EPOCH_BYTES);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

/** `[epoch][node number u16][subtask u32]` */
export function deltaKey(epoch: Epoch, node: number, subtask: SubtaskIndex): Uint8Array {
  const key = new Uint8Array(EPOCH_BYTES + 6);
  writeEpoch(key, epoch);
  const view = new DataView(key.buffer);
  view.setUint16(EPOCH_BYTES, node);
  view.setUint32(EPOCH_BYTES + 2, subtask);
  return key;
}

export function nodeOfDeltaKey(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset).getUint16(EPOCH_BYTES);
}

/** `[epoch][sequence u32]` */
export function deadLetterKey(epoch: Epoch, sequence: number): Uint8Array {
  const key = new Uint8Array(EPOCH_BYTES + 4);
  writeEpoch(key, epoch);
  new DataView(key.buffer).setUint32(EPOCH_BYTES, sequence);
  return key;
}

/** The smallest key greater than every key that begins with `prefix`. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return KEY_SPACE_END;
  const end = Uint8Array.from(prefix.subarray(0, length));
  end[length - 1]!++;
  return end;
}

/** The smallest key greater than `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

function writeEpoch(target: Uint8Array, epoch: Epoch): void {
  const view = new DataView(target.buffer, target.byteOffset);
  view.setUint32(0, Math.floor(epoch / 2 ** 32));
  view.setUint32(4, epoch >>> 0);
}
