/**
 * A generator whose records carry the time at which they were due, on the machine's monotonic clock: event time that a sink on another
 * thread can compare with its own clock, without the error of a wall clock.
 */
import {
  type GeneratorSourceOptions,
  type SourceConnector,
  type SourceReader,
  type StreamRecord,
  sources,
} from 'millrace';

export interface Due {
  /** Machine time, milliseconds; when the record was due. */
  at: number;
}

type Out<T> = Parameters<SourceReader<T>['poll']>[0];

export function dueTimeSource<T extends Due>(options: GeneratorSourceOptions<T>): SourceConnector<T> {
  const generator = sources.generator(options);
  return {
    isBounded: generator.isBounded,
    describe: () => generator.describe(),
    listSplits: (context, known) => generator.listSplits(context, known),
    createSurveyor: (context) => generator.createSurveyor(context),
    createReader: (context) => new DueTimeReader(generator.createReader(context)),
  };
}

class DueTimeReader<T extends Due> implements SourceReader<T> {
  readonly #reader: SourceReader<T>;
  readonly #stamping: StampingEmitter<T> = new StampingEmitter<T>();

  constructor(reader: SourceReader<T>) {
    this.#reader = reader;
  }

  offsets(): ReturnType<SourceReader['offsets']> {
    return this.#reader.offsets();
  }

  poll(out: Out<T>, limit: number, until?: Parameters<SourceReader['poll']>[2]): ReturnType<SourceReader['poll']> {
    this.#stamping.out = out;
    return this.#reader.poll(this.#stamping, limit, until);
  }

  wakeAt(): number {
    return this.#reader.wakeAt();
  }

  acknowledge(upTo: Parameters<SourceReader['acknowledge']>[0]): void {
    this.#reader.acknowledge(upTo);
  }

  close(): void {
    this.#reader.close();
  }
}

/** The generator has stamped the record with when it was due. */
class StampingEmitter<T extends Due> implements Out<T> {
  out!: Out<T>;

  emit(record: StreamRecord<T>): void {
    record.value.at = record.ingestTime;
    this.out.emit(record);
  }

  emitTo(output: number, record: StreamRecord): void {
    this.out.emitTo(output, record);
  }

  enterSplit(split: string): void {
    this.out.enterSplit(split);
  }

  caughtUpSplit(split: string): void {
    this.out.caughtUpSplit(split);
  }

  endSplit(split: string): void {
    this.out.endSplit(split);
  }
}
