/**
 * Version of everything that is written into a state directory. Raised with any change that an older version would
 * misread; an older version refuses a newer directory instead of guessing (reliability row 15).
 */
export const STATE_FORMAT_VERSION = 2;
/** Format 1 knew no time: a job that went on from it would not know what is late. */
const STATE_FORMAT_VERSION_MIN = 2;

/** Why this version does not read that format, and what to do; `undefined`: it does. */
export function formatProblem(version: number): string | undefined {
  if (version > STATE_FORMAT_VERSION) {
    return `this version reads up to ${STATE_FORMAT_VERSION}; use a newer Millrace or another directory`;
  }
  if (version < STATE_FORMAT_VERSION_MIN) {
    return `this version reads from ${STATE_FORMAT_VERSION_MIN} on; finish the job with an older Millrace or start in a new directory`;
  }
  return undefined;
}
