import { OptionCheck } from '../option-check.ts';

export interface FileSinkOptions {
  /** The file (or, with `rotate`, the folder) to write; relative to the job file. */
  readonly path: string;
  /** `jsonl` (default): one JSON value a line. `csv`: RFC 4180 with a header row; needs `columns`. */
  readonly format?: 'jsonl' | 'csv';
  /** Fields of a row in the order of the columns, for `csv`. */
  readonly columns?: readonly string[];
  /** Write a folder of parts `part-00001.jsonl`, ...; a part is closed at the end of the epoch in which it reached `bytes`. */
  readonly rotate?: { readonly bytes: number };
  /**
   * What to do at the start of a new state directory when the target exists: `fail` (default), `append` behind what is
   * there, or `replace` it when the first epoch commits. A continued job always goes on where it was.
   */
  readonly ifExists?: ExistsPolicy;
}

export type ExistsPolicy = 'fail' | 'append' | 'replace';

/** Complete and checked. */
export interface FileSinkSettings {
  readonly path: string;
  readonly format: 'jsonl' | 'csv';
  readonly columns: readonly string[];
  /** Infinity: one file. */
  readonly rotateBytes: number;
  readonly ifExists: ExistsPolicy;
}

/** Throws `OptionError` that lists every problem. */
export function resolveFileSinkOptions(options: FileSinkOptions): FileSinkSettings {
  const check = new OptionCheck('sinks.file');
  check.keys(options, ['path', 'format', 'columns', 'rotate', 'ifExists']);
  check.nonEmptyString(options.path, 'path');
  const format = check.oneOf(options.format, 'jsonl', 'format', ['jsonl', 'csv']);
  const columns = options.columns ?? [];
  if (format === 'csv') {
    const isList =
      Array.isArray(columns) && columns.length > 0 && columns.every((column) => typeof column === 'string');
    check.require(
      isList && new Set(columns).size === columns.length,
      'columns',
      "format 'csv' needs a list of different field names",
    );
  } else {
    check.require(options.columns === undefined, 'columns', "only for format 'csv'");
  }
  const ifExists = check.oneOf(options.ifExists, 'fail', 'ifExists', ['fail', 'append', 'replace']);
  if (options.rotate !== undefined) check.keys(options.rotate, ['bytes']);
  const rotateBytes =
    options.rotate === undefined
      ? Number.POSITIVE_INFINITY
      : check.integer(options.rotate.bytes, 0, 'rotate.bytes', 1, Number.MAX_SAFE_INTEGER);
  check.require(rotateBytes > 0, 'rotate.bytes', 'is missing');
  check.finish();
  return Object.freeze({ path: options.path, format, columns: Object.freeze([...columns]), rotateBytes, ifExists });
}
