/** Deduplication as users define it. The first record of a key goes on, later ones are dropped. */
import type { DurationMs } from '../model/index.ts';

/**
 * How long a key is remembered. `forever`: state grows with the number of keys. `watermark`: until the watermark is `withinMs` behind the
 * first record's event time (a repeat does not extend it); records at or before the watermark are late. `ttl`: processing time since
 * the first record.
 */
export type DeduplicateOptions =
  | { readonly scope: 'forever' }
  | { readonly scope: 'watermark'; readonly withinMs: DurationMs }
  | { readonly scope: 'ttl'; readonly ttlMs: DurationMs };
