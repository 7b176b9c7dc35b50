/**
 * All shared memory of one generation: made by the driver, handed to every worker, gone with the generation (I10).
 */
import { createDoorbell } from './doorbell.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createRing } from './ring.ts';
import { createBrake } from './shared-brake.ts';

export interface RunMemory {
  /** By channel id: the channels that cross threads. */
  readonly rings: Readonly<Record<string, SharedArrayBuffer>>;
  /** One doorbell per worker. */
  readonly bells: readonly SharedArrayBuffer[];
  /** One heartbeat per worker. */
  readonly heartbeats: readonly SharedArrayBuffer[];
  /** One for all workers. */
  readonly brake: SharedArrayBuffer;
}

export function createRunMemory(workers: number, ringIds: readonly string[], ringBytes: number): RunMemory {
  return {
    rings: Object.fromEntries(ringIds.map((id) => [id, createRing(ringBytes)])),
    bells: Array.from({ length: workers }, createDoorbell),
    heartbeats: Array.from({ length: workers }, createHeartbeat),
    brake: createBrake(),
  };
}
