/** Where things lie inside a state directory. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { NodeId } from '../model/index.ts';

const NAME_BYTES_MAX = 180;

/** The LMDB environment. */
export function dataPathOf(directory: string): string {
  return join(directory, 'data.mdb');
}

/** For output of a sink that is not committed yet. Not created here. */
export function pendingPathOf(directory: string, node: NodeId): string {
  return join(directory, 'pending', fileNameOf(node));
}

/** A file name that is one for every node, whatever its id holds, and never leaves the directory. */
function fileNameOf(node: NodeId): string {
  const name = encodeURIComponent(Buffer.from(node, 'utf8').toString('utf8')).replace(
    /[.*~]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  if (name.length > 0 && name.length <= NAME_BYTES_MAX) return name;
  return `%-${createHash('sha256').update(node).digest('hex')}`;
}
