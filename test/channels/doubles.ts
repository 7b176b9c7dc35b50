import type { ChannelReader, ControlElement, Doorbell, RecordReceiver } from '../../src/model/index.ts';
import { StreamRecord } from '../../src/model/index.ts';

/** Counts rings. */
export class CountingBell implements Doorbell {
  rings = 0;

  ring(): void {
    this.rings++;
  }
}

/** Keeps what it receives; reports itself blocked once it holds `capacity`. */
export class CollectingReceiver implements RecordReceiver {
  readonly records: StreamRecord[] = [];
  capacity: number = Number.POSITIVE_INFINITY;

  receive(record: StreamRecord): void {
    this.records.push(record);
  }

  isBlocked(): boolean {
    return this.records.length >= this.capacity;
  }

  values(): unknown[] {
    return this.records.map((record) => record.value);
  }
}

export function recordOf(value: unknown): StreamRecord {
  return new StreamRecord(value, String(value).slice(0, 20), 1_000, 0.5);
}

export function marker(epoch: number): ControlElement {
  return { kind: 'marker', epoch, isFinal: false };
}

/** Takes everything there is: values of records, and control elements as they are. */
export function takeAll(reader: ChannelReader): unknown[] {
  const taken: unknown[] = [];
  while (!reader.isEmpty()) {
    const receiver = new CollectingReceiver();
    reader.drain(receiver, 1_000);
    taken.push(...receiver.values());
    const control = reader.takeControl();
    if (control !== undefined) taken.push(control);
  }
  return taken;
}
