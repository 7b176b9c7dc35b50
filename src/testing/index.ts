/** The public test kit: `millrace/testing`. */
export { MemoryDisk } from '../storage/index.ts';
export type { OperatorSnapshot } from './driven-operator.ts';
export type { SinkRow } from './driven-sink.ts';
export { HarnessError } from './harness-error.ts';
export {
  type HarnessOutput,
  type HarnessStep,
  type HarnessWay,
  type OperatorHarnessOptions,
  runAsyncOperator,
  runOperator,
  step,
} from './operator-harness.ts';
export type { OperatorSketch } from './operator-under-test.ts';
export { SimulatedClock } from './simulated-clock.ts';
export {
  type SimulatedEpoch,
  type SimulatedFaults,
  type SimulationOptions,
  type SimulationResult,
  simulateJob,
} from './simulated-job.ts';
export type { PendingTimer, StateContent } from './state-content.ts';
export { type TestJob, type TestJobOptions, type TestSink, type TestSource, testJob } from './test-job.ts';
export { testJobFile } from './test-job-file.ts';
export {
  type AddOptions,
  type EmittedRecord,
  type OperatorDriver,
  type TestOperatorOptions,
  testOperator,
} from './test-operator.ts';
