/**
 * `millrace.json`: what a state directory is. Written before the directory gets its name, never changed. A directory
 * without a valid one is damaged or not ours, and is refused, never filled anew (reliability F9, row 14).
 */
import { checksum } from '../codec/checksum.ts';
import { CorruptionError, IncompatiblePlanError, type TimestampMs } from '../model/index.ts';
import { formatProblem, STATE_FORMAT_VERSION } from './format-version.ts';

export const DESCRIPTOR_FILE = 'millrace.json';

const FORMAT = 'millrace-state';

export interface StateDescriptor {
  readonly formatVersion: number;
  /** The Millrace release that made the directory, for people. */
  readonly writtenBy: string;
  readonly job: string;
  readonly keyGroups: number;
  readonly createdAt: TimestampMs;
}

export function encodeDescriptor(descriptor: StateDescriptor): string {
  const body = { format: FORMAT, ...descriptor };
  return `${JSON.stringify({ ...body, checksum: checksumOf(body) }, null, 2)}\n`;
}

/** `path` is for messages. */
export function decodeDescriptor(text: string, path: string): StateDescriptor {
  const parsed = parse(text);
  if (parsed === undefined || parsed['format'] !== FORMAT) throw damaged(path);
  const { checksum: stored, format: _format, ...body } = parsed;
  // Before the checksum: a newer version may compute it in another way, and "damaged" would be the wrong thing to say.
  const version = body['formatVersion'];
  const problem = typeof version === 'number' ? formatProblem(version) : undefined;
  if (problem !== undefined) {
    throw new IncompatiblePlanError(
      `the state directory ${path} was written by format ${String(version)} of Millrace ${String(body['writtenBy'])}, ${problem}`,
      Number(version) > STATE_FORMAT_VERSION ? { code: 'ERR_NEWER_FORMAT' } : {},
    );
  }
  if (stored !== checksumOf({ format: FORMAT, ...body })) throw damaged(path);
  return body as unknown as StateDescriptor;
}

/** Throws unless a directory of `found` may be used for `wanted`. */
export function requireSameJob(
  found: StateDescriptor,
  wanted: Pick<StateDescriptor, 'job' | 'keyGroups'>,
  path: string,
): void {
  if (found.job !== wanted.job) {
    throw new IncompatiblePlanError(
      `the state directory ${path} belongs to job "${found.job}", not to "${wanted.job}"; choose another directory`,
    );
  }
  if (found.keyGroups !== wanted.keyGroups) {
    throw new IncompatiblePlanError(
      `the state directory ${path} was made with ${found.keyGroups} key groups, the job asks for ${wanted.keyGroups}; the number is fixed for the life of a directory: set it back or start a new one`,
    );
  }
}

function checksumOf(body: object): number {
  return checksum(Buffer.from(JSON.stringify(body), 'utf8'));
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function damaged(path: string): CorruptionError {
  return new CorruptionError(
    `the state directory ${path} has no valid ${DESCRIPTOR_FILE}: it is damaged or not a Millrace state directory; restore it from a copy or choose another directory`,
  );
}
