/**
 * The sending end of an exchange: decides which consumer subtask gets a record and writes it to that channel. One class per
 * partitioning, chosen once when the subtask is built, so that no record pays for the choice.
 *
 * I11: all records of a key go through one channel, in order.
 */
import { assert, type ChannelWriter, hashKey, ownerOf, type StreamRecord } from '../model/index.ts';
import type { Partitioning } from '../plan/logical-plan.ts';

export interface RecordTarget {
  receive(record: StreamRecord): void;
}

/** `channels` are ordered by consumer subtask; `subtask` is the sender's own index. */
export function createExchangeWriter(
  partitioning: Partitioning,
  channels: readonly ChannelWriter[],
  subtask: number,
  keyGroups: number,
): RecordTarget {
  assert(channels.length > 0, 'an exchange has at least one channel');
  switch (partitioning) {
    case 'forward':
      assert(channels.length === 1, `a forward exchange has one channel per sender, not ${channels.length}`);
      return new ForwardExchange(channels[0]!);
    case 'hash':
      return channels.length === 1 ? new ForwardExchange(channels[0]!) : new HashExchange(channels, keyGroups);
    case 'rebalance':
      return new RebalanceExchange(channels, subtask);
    case 'broadcast':
      return new BroadcastExchange(channels);
  }
}

class ForwardExchange implements RecordTarget {
  readonly #channel: ChannelWriter;

  constructor(channel: ChannelWriter) {
    this.#channel = channel;
  }

  receive(record: StreamRecord): void {
    this.#channel.write(record);
  }
}

class HashExchange implements RecordTarget {
  readonly #keyGroups: number;
  readonly #channelOfGroup: readonly ChannelWriter[];

  constructor(channels: readonly ChannelWriter[], keyGroups: number) {
    this.#keyGroups = keyGroups;
    this.#channelOfGroup = Array.from(
      { length: keyGroups },
      (_, group) => channels[ownerOf(group, channels.length, keyGroups)]!,
    );
  }

  receive(record: StreamRecord): void {
    const key = record.key;
    assert(key !== undefined, 'I11: a record reached a hash exchange without a key');
    this.#channelOfGroup[hashKey(key) % this.#keyGroups]!.write(record);
  }
}

class RebalanceExchange implements RecordTarget {
  readonly #channels: readonly ChannelWriter[];
  #next: number;

  /** Senders start at different consumers, or the first consumers would get more of a short input. */
  constructor(channels: readonly ChannelWriter[], subtask: number) {
    this.#channels = channels;
    this.#next = subtask % channels.length;
  }

  receive(record: StreamRecord): void {
    const at = this.#next;
    this.#next = at + 1 === this.#channels.length ? 0 : at + 1;
    this.#channels[at]!.write(record);
  }
}

class BroadcastExchange implements RecordTarget {
  readonly #channels: readonly ChannelWriter[];

  constructor(channels: readonly ChannelWriter[]) {
    this.#channels = channels;
  }

  receive(record: StreamRecord): void {
    for (const channel of this.#channels) channel.write(record);
  }
}
