/** On what a comparison runs, for whoever reads its figures. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import type { Machine } from './comparison.ts';

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    loadBefore: loadavg()[0] ?? 0,
  };
}
