/** The worker's way to committed state. */
import { LmdbKeyValueReader } from './lmdb-key-value-store.ts';
import { type StateReader, StoredStateReader } from './state-reader.ts';

/**
 * Opens the state of a directory that the driver thread has open. Read-only, whatever happens in the thread: it may be
 * terminated at any instruction (reliability F1). Throws `StateError` when the file cannot be opened.
 */
export function openStateReader(dataPath: string): StateReader {
  return new StoredStateReader(new LmdbKeyValueReader(dataPath));
}
