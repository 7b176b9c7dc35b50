/**
 * Makes a new state directory so that it either exists whole or not at all: everything is written and synced under a
 * temporary name, which is renamed last. Power loss during the creation of an LMDB environment was the only way to damage
 * one (reliability F9), and here a half-made one never carries the final name.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CrashPoint } from './crash-points.ts';
import { writeFoldProgress, writeGeneration } from './ledger.ts';
import { LmdbKeyValueStore } from './lmdb-key-value-store.ts';
import type { LockClaim } from './lock-claim.ts';
import type { OwnerProbe } from './owner-probe.ts';
import { DESCRIPTOR_FILE, encodeDescriptor, type StateDescriptor } from './state-descriptor.ts';
import { dataPathOf } from './state-paths.ts';

export interface BootstrapOptions {
  /** Final path; absent, or an empty directory. Its parent exists. */
  readonly directory: string;
  readonly descriptor: StateDescriptor;
  readonly owner: Pick<LockClaim, 'pid' | 'processStart' | 'instance'>;
  readonly crashPoint: CrashPoint;
}

export function bootstrapDirectory(options: BootstrapOptions): void {
  const { directory, descriptor, owner, crashPoint } = options;
  const temporary = join(dirname(directory), temporaryName(directory, owner));
  mkdirSync(temporary, { mode: 0o700 });
  try {
    crashPoint('storage.bootstrap.beforeCommit');
    createData(dataPathOf(temporary));
    writeDurably(join(temporary, DESCRIPTOR_FILE), encodeDescriptor(descriptor));
    syncPath(temporary);
    crashPoint('storage.bootstrap.beforeRename');
    // A name that somebody else gave meanwhile is kept: theirs is as new as ours would be.
    renameUnlessTaken(temporary, directory);
    syncPath(dirname(directory));
    crashPoint('storage.bootstrap.afterRename');
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Deletes what starters that died left under temporary names beside `directory`. */
export function removeLeftovers(directory: string, probe: OwnerProbe): void {
  const parent = dirname(directory);
  const prefix = temporaryPrefix(directory);
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix)) continue;
    const [pid, processStart] = name.slice(prefix.length).split('-');
    if (probe.factsOf({ pid: Number(pid), thread: 0 }).processStart === processStart) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function temporaryPrefix(directory: string): string {
  return `.${basename(directory)}.new-`;
}

function temporaryName(directory: string, owner: BootstrapOptions['owner']): string {
  return `${temporaryPrefix(directory)}${owner.pid}-${owner.processStart}-${owner.instance}`;
}

function createData(path: string): void {
  const store = new LmdbKeyValueStore(path);
  try {
    store.transact((writer) => {
      writeGeneration(writer, 0);
      writeFoldProgress(writer, { through: 0, target: undefined });
    });
  } finally {
    store.close();
  }
  syncPath(path);
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Syncs a file, or the names in a directory. */
function syncPath(path: string): void {
  // Windows cannot open directories; there a rename is durable with its journal.
  if (process.platform === 'win32') return;
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function renameUnlessTaken(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
