/** Gives what a source reader, or the chain behind it, threw its place: the source, and where in it. */
import type { ErrorPlace, MillraceError, NodeId, SourceReader } from '../model/index.ts';
import { placed } from './placed-error.ts';

export function placedInSource(thrown: unknown, node: NodeId, reader: SourceReader): MillraceError {
  return placed(thrown, node, undefined).locate(positionOf(reader));
}

/** Where the reader stands, which is just behind the record at hand; said only where one split leaves no doubt. */
function positionOf(reader: SourceReader): ErrorPlace {
  const [first, ...others] = Object.entries(reader.offsets());
  if (first === undefined || others.length > 0) return {};
  const [split, offset] = first;
  return { split, offset: typeof offset === 'object' ? JSON.stringify(offset) : String(offset) };
}
