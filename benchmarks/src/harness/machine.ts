/** What a figure depends on besides the code: processor, kernel, Node, disk. Measured or read at the start of every run. */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { Distribution, type DistributionSummary } from './distribution.ts';

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly v8: string;
  readonly kernel: string;
  /** File system of the state directories, by its magic number where it is a known one. */
  readonly fileSystem: string;
  /** Appending 4 KiB and fsync, ms: the floor of every commit. */
  readonly fsyncMs: DistributionSummary;
  /** How much later than asked one idle thread comes back from a sleep of 50 us, ms: the floor of every latency. */
  readonly oversleepMs: DistributionSummary;
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs (fsync does nothing there)',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

export function readMachineFacts(directory: string): MachineFacts {
  const processors = cpus();
  const { type } = statfsSync(directory);
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    v8: process.versions.v8,
    kernel: `${process.platform} ${release()} ${process.arch}`,
    fileSystem: FILE_SYSTEMS[Number(type)] ?? `0x${Number(type).toString(16)}`,
    fsyncMs: measureFsync(directory),
    oversleepMs: measureOversleep(),
  };
}

/** Load of the machine over the last minute: figures taken beside other work say little. */
export function readLoad(): number {
  return Math.round(loadavg()[0]! * 100) / 100;
}

const FSYNC_SAMPLES = 200;

function measureFsync(directory: string): DistributionSummary {
  const path = join(directory, 'fsync.probe');
  const page = Buffer.alloc(4096, 1);
  const file = openSync(path, 'w');
  const durations = new Distribution();
  for (let i = 0; i < FSYNC_SAMPLES; i++) {
    writeSync(file, page);
    const beganAt = performance.now();
    fsyncSync(file);
    durations.record(performance.now() - beganAt);
  }
  closeSync(file);
  rmSync(path);
  return durations.summary();
}

const SLEEP_MS = 0.05;
const SLEEP_SAMPLES = 20_000;

/** Timer slack, wake-up, and whatever the machine does to a thread that wants nothing but to be on time. */
function measureOversleep(): DistributionSummary {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const durations = new Distribution();
  for (let i = 0; i < SLEEP_SAMPLES; i++) {
    const beganAt = performance.now();
    Atomics.wait(word, 0, 0, SLEEP_MS);
    durations.record(performance.now() - beganAt - SLEEP_MS);
  }
  return durations.summary();
}
