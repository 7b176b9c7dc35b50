/** The public test kit: `millrace/testing`. */
export { MemoryDisk } from '../storage/index.ts';
export { SimulatedClock } from './simulated-clock.ts';
export {
  type SimulatedEpoch,
  type SimulatedFaults,
  type SimulationOptions,
  type SimulationResult,
  simulateJob,
} from './simulated-job.ts';
