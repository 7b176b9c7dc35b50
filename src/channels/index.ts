export { createDoorbell, SharedDoorbell } from './doorbell.ts';
export { FRAME_BYTES_MAX } from './frame-format.ts';
export { createHeartbeat, SharedHeartbeatReader, SharedHeartbeatWriter } from './heartbeat.ts';
export { LocalChannel, type LocalChannelOptions } from './local-channel.ts';
export { createRing } from './ring.ts';
export { RingChannelReader, type RingChannelReaderOptions } from './ring-channel-reader.ts';
export { RingChannelWriter, type RingChannelWriterOptions } from './ring-channel-writer.ts';
export { createRunMemory, type RunMemory } from './run-memory.ts';
export { SharedParker, type SharedParkerOptions } from './shared-parker.ts';
