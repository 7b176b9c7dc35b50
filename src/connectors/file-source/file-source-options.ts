import type { BadRecordPolicy } from '../../model/index.ts';
import { OptionCheck } from '../option-check.ts';

/**
 * A record whose type nobody has stated. Fields are `any` on purpose, as the result of `JSON.parse` is: a job can be written
 * against a file without declaring its type first. State the type (`sources.file<Flight>`) to have fields checked.
 */
// biome-ignore lint/suspicious/noExplicitAny: the one place where data without a stated type enters a program
export type LooseRecord = Readonly<Record<string, any>>;

export type FileFormat = 'jsonl' | 'csv' | 'json';

export interface FileSourceOptions {
  /**
   * A file or several, relative to the job file. `*` in the last part of a path stands for any characters; the files it
   * matches are listed once, at the start. Each file is a split.
   */
  readonly path: string | readonly string[];
  /** `jsonl` (default): one JSON value a line. `csv`: RFC 4180. `json`: one array of records. */
  readonly format?: FileFormat;
  /** Go on reading as the file grows (not for `json`); default false. Then the source never ends. */
  readonly follow?: boolean;
  /** What to do with input that is no record; default `dead-letter`. */
  readonly onBadRecord?: BadRecordPolicy;
  /** Longer records are refused without being kept in memory; default 1 MiB, at most 64 MiB. */
  readonly recordMaxBytes?: number;
  /** Objects and arrays inside each other; default 64, at most 512. Refused before parsing. */
  readonly depthMax?: number;
  /** Members of all objects of a record, or columns; default and at most 10,000. Refused before parsing. */
  readonly keysMax?: number;
  readonly csv?: CsvOptions;
  /** Longest time between looks at a followed file, in milliseconds; default 20. After new data it looks sooner. */
  readonly pollIntervalMs?: number;
  /** Bytes per read; default 256 KiB. */
  readonly readBytes?: number;
  /**
   * When the file became shorter than what was read, or is not the file the checkpoint knows: `fail` (default), or
   * `restart` at its beginning, which may lose or repeat records.
   */
  readonly onTruncate?: 'fail' | 'restart';
}

export interface CsvOptions {
  /**
   * `true` (default): the first row names the columns. A list: the file has no such row and these are the names. `false`:
   * records are arrays of strings.
   */
  readonly header?: boolean | readonly string[];
  /** One ASCII character; default `,`. */
  readonly delimiter?: string;
  /**
   * Types of columns; all others are strings. An empty field of a `number` or `boolean` column is `null`; one that is no
   * decimal number, or neither `true` nor `false`, makes the row a bad record. Not with `header: false`.
   */
  readonly types?: Readonly<Record<string, CsvType>>;
}

export type CsvType = 'string' | 'number' | 'boolean';

/** Complete and checked. */
export interface FileSourceSettings {
  readonly paths: readonly string[];
  readonly format: FileFormat;
  readonly follow: boolean;
  readonly onBadRecord: BadRecordPolicy;
  readonly recordMaxBytes: number;
  readonly depthMax: number;
  readonly keysMax: number;
  readonly csv: CsvSettings;
  readonly pollIntervalMs: number;
  readonly readBytes: number;
  readonly onTruncate: 'fail' | 'restart';
}

export interface CsvSettings {
  readonly header: boolean | readonly string[];
  readonly delimiter: string;
  readonly types: Readonly<Record<string, CsvType>>;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const KNOWN = [
  'path',
  'format',
  'follow',
  'onBadRecord',
  'recordMaxBytes',
  'depthMax',
  'keysMax',
  'csv',
  'pollIntervalMs',
  'readBytes',
  'onTruncate',
];

/** Throws `OptionError` that lists every problem. */
export function resolveFileSourceOptions(options: FileSourceOptions): FileSourceSettings {
  const check = new OptionCheck('sources.file');
  check.keys(options, KNOWN);
  const paths = typeof options.path === 'string' ? [options.path] : [...(options.path ?? [])];
  check.require(paths.length > 0, 'path', 'names no file');
  for (const path of paths) check.nonEmptyString(path, 'path');
  const format = check.oneOf(options.format, 'jsonl', 'format', ['jsonl', 'csv', 'json']);
  const follow = options.follow ?? false;
  check.require(typeof follow === 'boolean', 'follow', 'must be true or false');
  check.require(
    !(follow && format === 'json'),
    'follow',
    "an array has an end: a followed file needs format 'jsonl' or 'csv'",
  );
  check.require(options.csv === undefined || format === 'csv', 'csv', "only for format 'csv'");
  const settings: FileSourceSettings = {
    paths,
    format,
    follow,
    onBadRecord: check.oneOf(options.onBadRecord, 'dead-letter', 'onBadRecord', ['fail', 'skip', 'dead-letter']),
    recordMaxBytes: check.integer(options.recordMaxBytes, MIB, 'recordMaxBytes', 1, 64 * MIB),
    depthMax: check.integer(options.depthMax, 64, 'depthMax', 1, 512),
    keysMax: check.integer(options.keysMax, 10_000, 'keysMax', 1, 10_000),
    csv: resolveCsv(options.csv ?? {}, check),
    pollIntervalMs: check.integer(options.pollIntervalMs, 20, 'pollIntervalMs', 1, 3_600_000),
    readBytes: check.integer(options.readBytes, 256 * KIB, 'readBytes', 1, 64 * MIB),
    onTruncate: check.oneOf(options.onTruncate, 'fail', 'onTruncate', ['fail', 'restart']),
  };
  check.finish();
  return Object.freeze(settings);
}

function resolveCsv(options: CsvOptions, check: OptionCheck): CsvSettings {
  check.keys(options, ['header', 'delimiter', 'types']);
  const header = options.header ?? true;
  if (Array.isArray(header)) {
    const isList = header.length > 0 && header.every((name) => typeof name === 'string');
    check.require(isList && new Set(header).size === header.length, 'csv.header', 'must list different names');
  } else {
    check.require(typeof header === 'boolean', 'csv.header', 'must be true, false or a list of names');
  }
  const delimiter = options.delimiter ?? ',';
  check.require(
    /^[^"\r\n\u0080-\uffff]$/.test(delimiter),
    'csv.delimiter',
    'must be one ASCII character other than a quote or a line end',
  );
  const types = options.types ?? {};
  for (const [column, type] of Object.entries(types)) {
    check.require(
      ['string', 'number', 'boolean'].includes(type),
      `csv.types.${column}`,
      "must be 'string', 'number' or 'boolean'",
    );
    if (Array.isArray(header))
      check.require(header.includes(column), `csv.types.${column}`, 'is no column of csv.header');
  }
  check.require(
    header !== false || Object.keys(types).length === 0,
    'csv.types',
    'columns have no names when csv.header is false',
  );
  return { header, delimiter, types };
}
