export { withTransfer } from './control-answer.ts';
export { type ConnectOptions, type ControlConnection, connectControl, type Remote } from './control-client.ts';
export { type ControlPorts, createControlPorts, type RingOptions } from './control-endpoint.ts';
export { type ControlServer, exposeControl } from './control-server.ts';
export {
  type JobState,
  jobSuccessors,
  Lifecycle,
  type Successors,
  type WorkerState,
  workerSuccessors,
} from './lifecycle.ts';
export { Mailbox, type MailDelivery } from './mailbox.ts';
export {
  WORKER_LOOP_LIMITS,
  WorkerLoop,
  type WorkerLoopLimits,
  type WorkerLoopOptions,
  type WorkerLoopStats,
  type WorkerLoopStatus,
} from './worker-loop.ts';
