/**
 * Entry of a worker thread of continuous mode, in two steps: it loads the job and builds the plan before anything of a
 * generation is known, then waits for its deployment and serves that one generation (I10) until told to stop.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { announceFailure, announcePrepared, announceReady, exposeControl } from './actors/index.ts';
import type { WorkerThreadCommands, WorkerThreadData } from './continuous/thread-worker-hosting.ts';
import { deployWorker } from './deploy-worker.ts';
import type { WorkerCommands } from './execution/deployment.ts';
import { loadPlan } from './load-plan.ts';
import { assert, SystemClock } from './model/index.ts';
import type { PhysicalPlan } from './plan/index.ts';
import type { WorkerJob } from './worker-job.ts';

const port = parentPort;
assert(port !== null, 'worker.ts is the entry of a worker thread');
const thread = port;

try {
  const data = workerData as WorkerThreadData<WorkerJob>;
  const plan = await loadPlan(data.job.reference, data.options, data.fingerprint);
  serve(plan, data);
  announcePrepared(thread);
} catch (thrown) {
  announceFailure(thread, thrown);
}

function serve(plan: PhysicalPlan, { job, ports }: WorkerThreadData<WorkerJob>): void {
  // Here and not at the deployment, when others wait: the first clock of a thread takes milliseconds.
  const clock = new SystemClock();
  let worker: WorkerCommands | undefined;
  const deployed = (): WorkerCommands => {
    assert(worker !== undefined, 'a worker is deployed before it is told to work');
    return worker;
  };
  const commands: WorkerThreadCommands = {
    deploy: (deployment, memory) => {
      assert(worker === undefined, 'I10: a worker thread serves one generation');
      try {
        worker = deployWorker(deployment, {
          plan,
          clock,
          dataPath: job.dataPath,
          memory,
          calls: ports.calls,
          isControlPending: () => server.pending() > 0,
        });
        announceReady(thread);
      } catch (thrown) {
        announceFailure(thread, thrown);
      }
    },
    run: () => deployed().run(),
    beginEpoch: (marker) => deployed().beginEpoch(marker),
    epochCommitted: (...args) => deployed().epochCommitted(...args),
    stop: async () => {
      await worker?.stop();
      // Behind the answer.
      setImmediate(() => {
        ports.calls.close();
        ports.serves.close();
        thread.close();
      });
    },
  };
  const server = exposeControl({ ...commands }, ports.serves);
}
