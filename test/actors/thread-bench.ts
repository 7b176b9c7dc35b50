/** A real worker thread with its control connections, as a driver would hold them. */
import {
  type ControlConnection,
  type ControlServer,
  connectControl,
  createControlPorts,
  exposeControl,
  WorkerRef,
  type WorkerRefOptions,
} from '../../src/actors/index.ts';
import { createDoorbell, SharedDoorbell } from '../../src/channels/doorbell.ts';
import { createHeartbeat, SharedHeartbeatReader } from '../../src/channels/heartbeat.ts';
import { SystemClock } from '../../src/model/index.ts';
import type { Behaviour, BehaviourData, DriverApi, WorkerApi } from './fixtures/worker-behaviour.ts';

export const FIXTURE_ENTRY: URL = new URL('./fixtures/worker-entry.mjs', import.meta.url);

export class ThreadBench {
  readonly clock: SystemClock = new SystemClock();
  readonly ref: WorkerRef;
  readonly heartbeat: SharedHeartbeatReader;
  readonly bell: SharedDoorbell;
  readonly connection: ControlConnection<WorkerApi>;
  readonly questions: string[] = [];
  rings = 0;
  /** Whether calls ring. */
  isRinging = true;
  readonly #server: ControlServer;

  constructor(behaviour: Behaviour, options: Partial<WorkerRefOptions> = {}) {
    const ports = createControlPorts();
    const bell = createDoorbell();
    const heartbeat = createHeartbeat();
    const workerData: BehaviourData = { behaviour, control: ports.worker, bell, heartbeat };
    this.bell = new SharedDoorbell(bell);
    this.heartbeat = new SharedHeartbeatReader(heartbeat);
    this.ref = new WorkerRef({
      name: 'worker 1',
      entry: FIXTURE_ENTRY,
      workerData,
      transferList: [ports.worker.calls, ports.worker.serves],
      startTimeoutMs: 15_000,
      clock: this.clock,
      ...options,
    });
    const ring = (): void => {
      if (!this.isRinging) return;
      this.rings++;
      this.bell.ringControl();
    };
    this.connection = connectControl(ports.driver.calls, { name: 'worker 1', ring, lost: this.ref.exited });
    const api: DriverApi = {
      answer: (question) => {
        this.questions.push(question);
        return `${question}!`;
      },
    };
    this.#server = exposeControl(api, ports.driver.serves, { ring });
  }

  /** Polls shared memory, one turn of the event loop at a time. */
  async parked(): Promise<void> {
    while (this.heartbeat.state() !== 'parked') await new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {
    this.connection.close();
    this.#server.close();
  }
}

/** Runs `test` with a thread and ends that thread whatever happens. */
export async function withThread(
  behaviour: Behaviour,
  test: (bench: ThreadBench) => Promise<void>,
  options: Partial<WorkerRefOptions> = {},
): Promise<void> {
  const bench = new ThreadBench(behaviour, options);
  try {
    await test(bench);
  } finally {
    await bench.ref.terminate();
    bench.close();
  }
}
