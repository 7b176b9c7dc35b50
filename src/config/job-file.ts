/**
 * A job file as data, after it has been checked. The schema (`job-schema.ts`) is compared with these types by the compiler.
 * Strings named after their meaning: an `expression` is CEL over `record`, paths are relative to the job file.
 */

/** One of `field` and `expression`. */
export interface EventTimeConfig {
  readonly field?: string | undefined;
  readonly expression?: string | undefined;
  readonly unit?: 'ms' | 's' | 'iso' | undefined;
  readonly outOfOrderMs?: number | undefined;
  readonly idleTimeoutMs?: number | 'never' | undefined;
}

interface HasEventTime {
  readonly eventTime?: EventTimeConfig | undefined;
}

export interface FileSourceConfig extends HasEventTime {
  readonly type: 'file';
  readonly path: string | string[];
  readonly format?: 'jsonl' | 'csv' | 'json' | undefined;
  readonly follow?: boolean | undefined;
  readonly onBadRecord?: 'fail' | 'skip' | 'dead-letter' | undefined;
  readonly onTruncate?: 'fail' | 'restart' | undefined;
  readonly recordMaxBytes?: number | undefined;
  readonly depthMax?: number | undefined;
  readonly pollIntervalMs?: number | undefined;
  readonly csv?:
    | { readonly header?: boolean | string[] | undefined; readonly delimiter?: string | undefined }
    | undefined;
}

/** One of `fields` and `value`. */
export interface GeneratorSourceConfig extends HasEventTime {
  readonly type: 'generator';
  readonly rate?: number | undefined;
  readonly records?: number | undefined;
  readonly seed?: number | undefined;
  readonly splits?: number | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly value?: string | undefined;
}

export type SourceConfig = FileSourceConfig | GeneratorSourceConfig;

interface Reads {
  readonly inputs: string[];
}

interface Operates extends Reads {
  readonly parallelism?: number | undefined;
}

interface FromModule {
  readonly module?: string | undefined;
  readonly export?: string | undefined;
}

export interface FilterConfig extends Operates {
  readonly type: 'filter';
  readonly where: string;
}

/** One of `fields`, `value` and `module`. */
export interface MapConfig extends Operates, FromModule {
  readonly type: 'map';
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly value?: string | undefined;
}

/** One of `list` and `module`. */
export interface FlatMapConfig extends Operates, FromModule {
  readonly type: 'flatMap';
  readonly list?: string | undefined;
}

export interface ExchangeConfig extends Reads {
  readonly type: 'merge' | 'rebalance' | 'broadcast';
}

export interface SplitConfig extends Operates {
  readonly type: 'split';
  readonly routes: Readonly<Record<string, string>>;
}

export type WindowTime = 'event' | 'processing';

/** Windows of fixed boundaries, in whichever time. */
export type EventWindowConfig =
  | {
      readonly type: 'tumbling';
      readonly sizeMs: number;
      readonly offsetMs?: number | undefined;
      readonly time?: WindowTime | undefined;
    }
  | {
      readonly type: 'sliding';
      readonly sizeMs: number;
      readonly slideMs: number;
      readonly offsetMs?: number | undefined;
      readonly time?: WindowTime | undefined;
    }
  | {
      readonly type: 'calendar';
      readonly unit: 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';
      readonly timeZone?: string | undefined;
      readonly offsetMs?: number | undefined;
      readonly time?: WindowTime | undefined;
    };

/** A text as `gapMs` is an expression of the record. */
export type WindowConfig =
  | EventWindowConfig
  | { readonly type: 'session'; readonly gapMs: number | string; readonly time?: WindowTime | undefined }
  | { readonly type: 'count'; readonly size: number; readonly slide?: number | undefined }
  | { readonly type: 'global' };

/** The options of windows only with `window`. */
export interface AggregateConfig extends Operates {
  readonly type: 'aggregate';
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
  readonly window?: WindowConfig | undefined;
  readonly emit?: 'append' | 'update' | 'complete' | undefined;
  readonly allowedLatenessMs?: number | undefined;
  readonly early?: { readonly everyMs?: number | undefined; readonly everyRecords?: number | undefined } | undefined;
  readonly completeEveryMs?: number | undefined;
  readonly local?: boolean | undefined;
}

export interface JoinSideConfig extends Reads {
  readonly key: string;
}

/** At most one of `fields` and `value`. */
interface Joins {
  readonly left: JoinSideConfig;
  readonly right: JoinSideConfig;
  readonly parallelism?: number | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly value?: string | undefined;
}

type JoinTypeConfig = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

/** One of `within` and `retentionMs`. */
export interface StreamJoinConfig extends Joins {
  readonly type: 'join';
  readonly joinType?: JoinTypeConfig | undefined;
  readonly within?: { readonly beforeMs: number; readonly afterMs: number } | undefined;
  readonly retentionMs?: number | undefined;
}

export interface WindowJoinConfig extends Joins {
  readonly type: 'windowJoin';
  readonly joinType?: JoinTypeConfig | undefined;
  readonly window: EventWindowConfig;
}

export interface TableJoinConfig extends Joins {
  readonly type: 'tableJoin';
  readonly joinType?: 'inner' | 'left' | undefined;
  readonly isDelete?: string | undefined;
}

export interface BroadcastJoinConfig extends Joins {
  readonly type: 'broadcastJoin';
  readonly joinType?: 'inner' | 'left' | undefined;
  readonly isDelete?: string | undefined;
}

export type JoinConfig = StreamJoinConfig | WindowJoinConfig | TableJoinConfig | BroadcastJoinConfig;

/** `withinMs` with scope 'watermark', `ttlMs` with scope 'ttl'. */
export interface DeduplicateConfig extends Operates {
  readonly type: 'deduplicate';
  readonly key: string;
  readonly scope: 'forever' | 'watermark' | 'ttl';
  readonly withinMs?: number | undefined;
  readonly ttlMs?: number | undefined;
}

export interface AsyncMapConfig extends Operates {
  readonly type: 'asyncMap';
  readonly module: string;
  readonly export?: string | undefined;
  readonly concurrency?: number | undefined;
  readonly order?: 'ordered' | 'unordered' | undefined;
  readonly timeoutMs?: number | undefined;
  readonly attempts?: number | undefined;
  readonly backoffMs?: number | undefined;
  readonly backoffMaxMs?: number | undefined;
  readonly onFailure?: 'fail' | 'side' | undefined;
}

export interface ProcessConfig extends Operates {
  readonly type: 'process';
  readonly key: string;
  readonly module: string;
  readonly export?: string | undefined;
}

export type TransformConfig =
  | FilterConfig
  | MapConfig
  | FlatMapConfig
  | ExchangeConfig
  | SplitConfig
  | AggregateConfig
  | JoinConfig
  | DeduplicateConfig
  | AsyncMapConfig
  | ProcessConfig;

export interface FileSinkConfig extends Operates {
  readonly type: 'file';
  readonly path: string;
  readonly format?: 'jsonl' | 'csv' | undefined;
  readonly rotate?: { readonly bytes: number } | undefined;
  readonly ifExists?: 'fail' | 'append' | 'replace' | undefined;
}

export interface ConsoleSinkConfig extends Operates {
  readonly type: 'console';
  readonly format?: 'json' | 'text' | undefined;
  readonly stamp?: boolean | undefined;
  readonly stream?: 'stdout' | 'stderr' | undefined;
}

export interface TableSinkConfig extends Operates {
  readonly type: 'table';
  readonly key: string;
  readonly name?: string | undefined;
}

export interface DiscardSinkConfig extends Operates {
  readonly type: 'discard';
}

export type SinkConfig = FileSinkConfig | ConsoleSinkConfig | TableSinkConfig | DiscardSinkConfig;

/** The graph of a job file and what belongs to the file itself; engine options stand beside these keys. */
export interface JobFile {
  readonly name: string;
  readonly moduleRoot?: string | undefined;
  readonly state?: { readonly directory?: string | undefined } | undefined;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly transforms?: Readonly<Record<string, TransformConfig>> | undefined;
  readonly sinks: Readonly<Record<string, SinkConfig>>;
  readonly [option: string]: unknown;
}
