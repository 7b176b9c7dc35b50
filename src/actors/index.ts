export { withTransfer } from './control-answer.ts';
export { type ConnectOptions, type ControlConnection, connectControl, type Remote } from './control-client.ts';
export { type ControlPorts, createControlPorts, type RingOptions } from './control-endpoint.ts';
export { type ControlServer, exposeControl } from './control-server.ts';
export { HeartbeatMonitor, type HeartbeatMonitorOptions } from './heartbeat-monitor.ts';
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
  decideSupervision,
  ERR_WORKER_START,
  type SupervisionDecision,
  type SupervisionHistory,
} from './supervision.ts';
export { SUPERVISION_DEFAULTS, SUPERVISION_POLICY, type SupervisionPolicy } from './supervision-policy.ts';
export { Supervisor, type SupervisorOptions } from './supervisor.ts';
export { announceFailure, announcePrepared, announceReady } from './worker-announcement.ts';
export {
  WORKER_LOOP_LIMITS,
  WorkerLoop,
  type WorkerLoopLimits,
  type WorkerLoopOptions,
  type WorkerLoopStats,
  type WorkerLoopStatus,
} from './worker-loop.ts';
export { describeWorkerLoss } from './worker-loss.ts';
export { type StopOutcome, WorkerRef, type WorkerRefOptions } from './worker-ref.ts';
