import { consoleSink } from './console-sink.ts';
import { discardSink } from './discard-sink.ts';
import { fileSink } from './file-sink/file-sink.ts';
import { memorySink } from './memory-sink.ts';
import { tableSink } from './table-sink.ts';

/** Where records go. */
export const sinks: {
  readonly console: typeof consoleSink;
  readonly discard: typeof discardSink;
  readonly file: typeof fileSink;
  readonly memory: typeof memorySink;
  readonly table: typeof tableSink;
} = Object.freeze({ console: consoleSink, discard: discardSink, file: fileSink, memory: memorySink, table: tableSink });
