/**
 * The channel ends of one worker: rings where a channel crosses threads, plain queues inside the thread. Both ends of a plain
 * queue are asked for here, by different subtasks; each end once.
 */
import {
  LocalChannel,
  RingChannelReader,
  RingChannelWriter,
  type RunMemory,
  SharedDoorbell,
} from '../channels/index.ts';
import type { Deployment } from '../execution/deployment.ts';
import { assert, type ChannelReader, type ChannelWriter } from '../model/index.ts';
import type { ChannelPlacement } from '../plan/index.ts';

export class WorkerChannels {
  readonly #deployment: Deployment;
  readonly #memory: RunMemory;
  readonly #local = new Map<string, LocalChannel>();

  constructor(deployment: Deployment, memory: RunMemory) {
    this.#deployment = deployment;
    this.#memory = memory;
  }

  writerOf(channel: ChannelPlacement): ChannelWriter {
    if (!channel.crossesThreads) return this.#localChannel(channel).writer;
    const { frameRecords } = this.#deployment.options.channel;
    return new RingChannelWriter({
      ring: this.#ringOf(channel),
      consumerBell: new SharedDoorbell(this.#memory.bells[channel.to.worker]!),
      frameRecordsMax: frameRecords,
    });
  }

  readerOf(channel: ChannelPlacement): ChannelReader {
    if (!channel.crossesThreads) return this.#localChannel(channel).reader;
    return new RingChannelReader({
      ring: this.#ringOf(channel),
      producerBell: new SharedDoorbell(this.#memory.bells[channel.from.worker]!),
    });
  }

  #localChannel(channel: ChannelPlacement): LocalChannel {
    const known = this.#local.get(channel.id);
    if (known !== undefined) return known;
    const created = new LocalChannel({ elementsMax: this.#deployment.options.channel.localRecords });
    this.#local.set(channel.id, created);
    return created;
  }

  #ringOf(channel: ChannelPlacement): RunMemory['rings'][string] {
    const ring = this.#memory.rings[channel.id];
    assert(ring !== undefined, `channel ${channel.id} crosses threads and has a ring`);
    return ring;
  }
}
