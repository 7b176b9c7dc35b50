import type {
  ConnectorContext,
  ConnectorDescription,
  Delivery,
  SinkCommitter,
  SinkConnector,
  SinkWriter,
  SinkWriterContext,
} from '../../model/index.ts';
import { FileSinkCommitter } from './file-sink-committer.ts';
import { type FileSinkOptions, type FileSinkSettings, resolveFileSinkOptions } from './file-sink-options.ts';
import { FileSinkWriter } from './file-sink-writer.ts';
import { csvLineEncoder, jsonLine, type LineEncoder } from './line-encoder.ts';

export type { FileSinkOptions } from './file-sink-options.ts';

/**
 * A file of JSON lines or CSV in which every record of a committed epoch appears exactly once, and nothing else ever appears
 * (how: `file-sink-committer.ts`). Made when the first epoch commits; empty if there are no records. What JSON cannot carry:
 * `json-text.ts`.
 *
 * Throws `OptionError`. At the start the job fails with `ConnectorError` when the target exists (see `ifExists`), cannot be
 * written, or is the target of another sink.
 *
 * @example sinks.file({ path: 'delays.jsonl' })
 * @example sinks.file({ path: 'parts', rotate: { bytes: 64_000_000 }, ifExists: 'append' })
 */
export function fileSink<T = unknown>(options: FileSinkOptions): SinkConnector<T> {
  return new FileSink(resolveFileSinkOptions(options));
}

class FileSink<T> implements SinkConnector<T> {
  readonly delivery: Delivery = 'committed';
  readonly #settings: FileSinkSettings;
  readonly #encode: LineEncoder;

  constructor(settings: FileSinkSettings) {
    this.#settings = settings;
    this.#encode = settings.format === 'csv' ? csvLineEncoder(settings.columns) : jsonLine;
  }

  describe(): ConnectorDescription {
    const { path, format, columns, rotateBytes } = this.#settings;
    const isFolder = rotateBytes !== Number.POSITIVE_INFINITY;
    const identity = { path, format, columns: columns.join(','), isFolder };
    return { type: 'file', label: path, identity };
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    return new FileSinkWriter<T>(context, this.#encode);
  }

  createCommitter(context: ConnectorContext): SinkCommitter {
    return new FileSinkCommitter(context, this.#settings);
  }
}
