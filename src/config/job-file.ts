/**
 * A job file as data, after it has been checked. The schema (`job-schema.ts`) is compared with these types by the compiler.
 * Strings named after their meaning: an `expression` is CEL over `record`, paths are relative to the job file.
 */

export interface FileSourceConfig {
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
export interface GeneratorSourceConfig {
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

export interface AggregateConfig extends Operates {
  readonly type: 'aggregate';
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
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
