/**
 * Opens a job's state directory for its one owner: made when it does not exist, checked, locked. For the driver thread.
 *
 *   DIR/millrace.json   what it is          DIR/lock/      who owns it
 *   DIR/data.mdb        state, checkpoints  DIR/pending/   output of sinks that is not committed yet
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CheckpointStore, type Clock, MillraceError, type NodeId, OptionError } from '../model/index.ts';
import { bootstrapDirectory, removeLeftovers } from './bootstrap-directory.ts';
import type { CrashPoint } from './crash-points.ts';
import { acquireDirectoryLock, type DirectoryLock } from './directory-lock.ts';
import { DurableCheckpointStore } from './durable-checkpoint-store.ts';
import { type FoldPolicyOptions, resolveFoldPolicy } from './fold-policy.ts';
import { STATE_FORMAT_VERSION } from './format-version.ts';
import { LmdbKeyValueStore } from './lmdb-key-value-store.ts';
import { type OwnerProbe, SystemOwnerProbe } from './owner-probe.ts';
import { DESCRIPTOR_FILE, decodeDescriptor, requireSameJob, type StateDescriptor } from './state-descriptor.ts';
import { dataPathOf, pendingPathOf } from './state-paths.ts';

export interface StateDirectoryOptions extends FoldPolicyOptions {
  /** Created, with its parents, when missing. */
  readonly path: string;
  readonly job: string;
  /** Fixed for the life of the directory. */
  readonly keyGroups: number;
  readonly clock: Clock;
  readonly crashPoint?: CrashPoint | undefined;
  /** Release that writes, for people who read the descriptor; default 'unknown'. */
  readonly writtenBy?: string | undefined;
  /** Replaced in tests of the lock. */
  readonly ownerProbe?: OwnerProbe | undefined;
}

export interface StateDirectory {
  readonly store: CheckpointStore;
  /** Absolute. */
  readonly path: string;
  /** What workers open with `openStateReader`. */
  readonly dataPath: string;
  /** A directory for `node` alone. Not created here. */
  pendingDirectory(node: NodeId): string;
  /** Closes the store, then lets the next owner in. Idempotent. */
  close(): void;
}

/**
 * Throws `OptionError` when the directory cannot be made or used, `LockedError` when somebody owns it,
 * `IncompatiblePlanError` when it is another job's or newer, `CorruptionError` when it is damaged.
 */
export function openStateDirectory(options: StateDirectoryOptions): StateDirectory {
  const policy = resolveFoldPolicy(options);
  const path = resolve(options.path);
  const probe = options.ownerProbe ?? new SystemOwnerProbe();
  const crashPoint = options.crashPoint ?? noCrash;
  explain(path, () => prepare(path, options, probe, crashPoint));
  const descriptor = explain(path, () => decodeDescriptor(readDescriptor(path), path));
  requireSameJob(descriptor, options, path);
  const lock = explain(path, () => acquireDirectoryLock({ directory: path, probe, now: options.clock.now() }));
  try {
    crashPoint('storage.lock.taken');
    const { job, keyGroups } = options;
    const store = new DurableCheckpointStore(new LmdbKeyValueStore(dataPathOf(path)), {
      job,
      keyGroups,
      policy,
      crashPoint,
    });
    return new LockedStateDirectory(path, store, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class LockedStateDirectory implements StateDirectory {
  readonly store: CheckpointStore;
  readonly path: string;
  readonly #lock: DirectoryLock;
  #isOpen = true;

  constructor(path: string, store: CheckpointStore, lock: DirectoryLock) {
    this.path = path;
    this.store = store;
    this.#lock = lock;
  }

  get dataPath(): string {
    return dataPathOf(this.path);
  }

  pendingDirectory(node: NodeId): string {
    return pendingPathOf(this.path, node);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.store.close();
    this.#lock.release();
  }
}

/** Afterwards the directory exists and is not empty. */
function prepare(path: string, options: StateDirectoryOptions, probe: OwnerProbe, crashPoint: CrashPoint): void {
  mkdirSync(dirname(path), { recursive: true });
  removeLeftovers(path, probe);
  if (!isMissingOrEmpty(path)) return;
  const now = options.clock.now();
  const descriptor: StateDescriptor = {
    formatVersion: STATE_FORMAT_VERSION,
    writtenBy: options.writtenBy ?? 'unknown',
    job: options.job,
    keyGroups: options.keyGroups,
    createdAt: now,
  };
  bootstrapDirectory({ directory: path, descriptor, owner: probe.claim(now), crashPoint });
}

function isMissingOrEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/**
 * A missing descriptor beside data of ours reads as an empty one, which is refused as damaged. Without such data the directory
 * is somebody else's.
 */
function readDescriptor(path: string): string {
  try {
    return readFileSync(join(path, DESCRIPTOR_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (existsSync(dataPathOf(path))) return '';
    throw new OptionError(
      `the directory ${path} holds other files and no ${DESCRIPTOR_FILE}: it is no state directory of Millrace; choose an empty or a new one`,
      [],
      { code: 'ERR_STATE_DIRECTORY', cause: error },
    );
  }
}

/** Says in one sentence what the file system would not do. */
function explain<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof MillraceError || typeof (cause as NodeJS.ErrnoException).code !== 'string') throw cause;
    const reason = REASONS[(cause as NodeJS.ErrnoException).code!] ?? (cause as Error).message;
    throw new OptionError(
      `the state directory ${path} cannot be used: ${reason}; choose another with state.directory`,
      [],
      {
        code: 'ERR_STATE_DIRECTORY',
        cause,
      },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'part of the path is a file, not a directory',
  EEXIST: 'part of the path is a file, not a directory',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
};

function noCrash(): void {}
