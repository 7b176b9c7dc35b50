/**
 * Lock of a state directory against a second process or thread (reliability rows 18, 19).
 *
 *   lock/000000000007   a claim, as JSON; the owner is the claim with the highest number, if it still holds
 *
 * To own the directory is to have created the number behind the highest one. Creating is linking a complete file to that
 * name, which fails when the name exists: of several starters that find a stale claim exactly one gets the next number.
 * Numbers are never given twice (a released claim stays), so a slow starter that looked long ago either fails to link or
 * finds a higher number right after and steps back.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LockedError, type TimestampMs } from '../model/index.ts';
import { decideClaim, type LockClaim } from './lock-claim.ts';
import type { OwnerProbe } from './owner-probe.ts';

const NUMBER_DIGITS = 12;
/** Each try that fails means that somebody else made progress. */
const TRIES_MAX = 1_000;

export interface DirectoryLock {
  /** Lets the next one in. Idempotent. */
  release(): void;
}

export interface DirectoryLockOptions {
  /** The state directory. */
  readonly directory: string;
  readonly probe: OwnerProbe;
  readonly now: TimestampMs;
}

/** Throws `LockedError`, naming process and host, when the directory has a living owner. Never waits. */
export function acquireDirectoryLock(options: DirectoryLockOptions): DirectoryLock {
  const folder = join(options.directory, 'lock');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const claim = options.probe.claim(options.now);
  const draft = join(folder, `draft-${claim.pid}-${claim.instance}`);
  writeFileSync(draft, JSON.stringify(claim), { mode: 0o600 });
  try {
    const number = takeNumber(folder, draft, options);
    removeOlder(folder, number, options.probe);
    return { release: () => release(folder, number, claim) };
  } finally {
    rmSync(draft, { force: true });
  }
}

function takeNumber(folder: string, draft: string, options: DirectoryLockOptions): number {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const highest = numbersIn(folder).at(-1) ?? 0;
    const owner = highest === 0 ? undefined : readClaim(folder, highest);
    if (owner !== undefined && decideClaim(owner, options.probe.factsOf(owner)) === 'held') {
      throw refusal(options.directory, owner);
    }
    if (!tryLink(draft, join(folder, nameOf(highest + 1)))) continue;
    if (numbersIn(folder).at(-1) === highest + 1) return highest + 1;
    rmSync(join(folder, nameOf(highest + 1)), { force: true });
  }
  throw new LockedError(
    `the state directory ${options.directory} is being taken by other processes all the time; stop them and start again`,
  );
}

/** False when the number is taken, or the draft was swept away. */
function tryLink(draft: string, name: string): boolean {
  try {
    linkSync(draft, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes claims that nobody can be comparing with any more, and drafts of dead processes. The number just before stays:
 * a reader of the folder that misses the newest name then still sees that one.
 */
function removeOlder(folder: string, own: number, probe: OwnerProbe): void {
  for (const number of numbersIn(folder)) {
    if (number < own - 1) rmSync(join(folder, nameOf(number)), { force: true });
  }
  for (const name of readdirSync(folder)) {
    const pid = /^draft-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || probe.factsOf({ pid: Number(pid), thread: 0 }).processStart !== undefined) continue;
    rmSync(join(folder, name), { force: true });
  }
}

function release(folder: string, number: number, claim: LockClaim): void {
  const draft = join(folder, `draft-${claim.pid}-${claim.instance}`);
  try {
    writeFileSync(draft, JSON.stringify({ ...claim, isReleased: true } satisfies LockClaim), { mode: 0o600 });
    renameSync(draft, join(folder, nameOf(number)));
  } catch {
    // The folder is gone or cannot be written: the claim ends with this thread at the latest.
  }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => name.length === NUMBER_DIGITS && /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function nameOf(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}

/** `undefined` when it is gone, or was cut short by a power failure: then nobody can be running under it. */
function readClaim(folder: string, number: number): LockClaim | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, nameOf(number)), 'utf8')) as LockClaim;
  } catch {
    return undefined;
  }
}

function refusal(directory: string, owner: LockClaim): LockedError {
  return new LockedError(
    `the state directory ${directory} is in use by process ${owner.pid} on ${owner.host} since ${owner.claimedAt}; stop that process or choose another directory`,
  );
}
