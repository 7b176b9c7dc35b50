/**
 * The checkpoint of a job that does not run, read with the inspection of the built package: what `millrace state` shows.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as KeyCodec from '../../../src/codec/key-codec.ts';
import type * as ValueCodec from '../../../src/codec/value-codec.ts';
import type { CheckpointManifest } from '../../../src/model/index.ts';
import type * as Storage from '../../../src/storage/index.ts';
import { builtPackage } from './built-package.ts';

export interface CommittedState {
  /** `undefined`: no epoch is committed. */
  readonly manifest: CheckpointManifest | undefined;
  readonly entries: readonly Storage.StateEntry[];
  readonly deadLetters: readonly { readonly split: string; readonly offset: string; readonly rawBytes: number }[];
  readonly tables: ReadonlyMap<string, ReadonlyMap<unknown, unknown>>;
  /** What the verification of all checksums and counts found. */
  readonly problems: readonly string[];
  /** Files of output that is not committed. */
  readonly pending: readonly string[];
}

/** `undefined`: the state directory was not made yet. */
export async function readCommittedState(
  directory: string,
  tables: readonly string[],
): Promise<CommittedState | undefined> {
  if (!existsSync(directory)) return undefined;
  const { inspectState } = await load<typeof Storage>('dist/storage/index.js');
  const { decodeKey } = await load<typeof KeyCodec>('dist/codec/key-codec.js');
  const { decodeValue } = await load<typeof ValueCodec>('dist/codec/value-codec.js');
  const inspection = inspectState(directory);
  try {
    const rowsOf = (table: string): ReadonlyMap<unknown, unknown> =>
      new Map([...inspection.rows(table)].map(({ key, value }) => [decodeKey(key), decodeValue(value)]));
    const report = inspection.verify();
    return {
      manifest: inspection.list().at(-1),
      entries: [...inspection.entries()],
      deadLetters: [...inspection.deadLetters()],
      tables: new Map(tables.map((table) => [table, rowsOf(table)])),
      problems: report.problems,
      pending: filesIn(join(directory, 'pending')),
    };
  } finally {
    inspection.close();
  }
}

/** Entries of a map or list state by key; of a list in order, under their positions. */
export function nestedEntries(
  entries: readonly Storage.StateEntry[],
  node: string,
  state: string,
): ReadonlyMap<string, ReadonlyMap<unknown, unknown>> {
  const nested = new Map<string, Map<unknown, unknown>>();
  for (const entry of entries.filter((entry) => entry.node === node && entry.state === state)) {
    const key = String(entry.key);
    const inner = nested.get(key) ?? new Map<unknown, unknown>();
    nested.set(key, inner.set(entry.at, entry.value));
  }
  return nested;
}

/** Values of a value state by key. */
export function valueEntries(
  entries: readonly Storage.StateEntry[],
  node: string,
  state: string,
): ReadonlyMap<string, unknown> {
  const own = entries.filter((entry) => entry.node === node && entry.state === state);
  return new Map(own.map((entry) => [String(entry.key), entry.value]));
}

function load<T>(file: string): Promise<T> {
  return import(pathToFileURL(join(builtPackage(), file)).href) as Promise<T>;
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
