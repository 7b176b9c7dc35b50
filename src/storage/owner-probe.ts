/**
 * Who this thread is, and whether the owner of a claim still runs: `/proc` on Linux, the process id alone elsewhere.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { TimestampMs } from '../model/index.ts';
import type { LockClaim, OwnerFacts } from './lock-claim.ts';

export interface OwnerProbe {
  /** A claim of the calling thread. */
  claim(now: TimestampMs): LockClaim;
  factsOf(claim: Pick<LockClaim, 'pid' | 'thread'>): OwnerFacts;
}

/** Index of the start time behind the command name in `/proc/PID/stat`, and of the state. */
const STAT_START_TIME = 19;
const STAT_STATE = 0;

export class SystemOwnerProbe implements OwnerProbe {
  readonly #bootId: string = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

  claim(now: TimestampMs): LockClaim {
    const thread = ownThread();
    const { processStart, threadStart } = this.factsOf({ pid: process.pid, thread });
    return {
      pid: process.pid,
      host: hostname(),
      bootId: this.#bootId,
      processStart: processStart ?? '',
      thread,
      threadStart: threadStart ?? '',
      instance: randomBytes(8).toString('hex'),
      claimedAt: new Date(now).toISOString(),
      isReleased: false,
    };
  }

  factsOf(owner: Pick<LockClaim, 'pid' | 'thread'>): OwnerFacts {
    const { pid, thread } = owner;
    if (this.#bootId === '') {
      return { bootId: '', processStart: isRunning(pid) ? '' : undefined, threadStart: '' };
    }
    return {
      bootId: this.#bootId,
      processStart: startTime(`/proc/${pid}/stat`),
      threadStart: startTime(`/proc/${pid}/task/${thread}/stat`),
    };
  }
}

/** The system's number of the calling thread; 0 where it cannot be told. */
function ownThread(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/** `undefined` when it does not run any more: gone, or dead and not yet collected by its parent. */
function startTime(path: string): string | undefined {
  const stat = readText(path);
  // The command name may hold anything, blanks and brackets too; the fields begin behind its last bracket.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || 'ZX'.includes(fields[STAT_STATE]!)) return undefined;
  return fields[STAT_START_TIME];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
