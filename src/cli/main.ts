#!/usr/bin/env node
/** Entry of the `millrace` command: the real terminal, clock, signals and engine. */
import { readFileSync } from 'node:fs';
import { Millrace } from '../index.ts';
import { SystemClock } from '../model/index.ts';
import { runCli } from './run-cli.ts';
import type { JobRunner, StopSignal, Terminal } from './runner.ts';

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
  // Some pseudo-terminals say 0.
  columns: () => process.stderr.columns || 80,
};

const runner: JobRunner = {
  async start(job, options) {
    const millrace = await Millrace.open();
    return millrace.start(job, options);
  },
};

function onSignal(listener: (signal: StopSignal) => void): () => void {
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}

// A reader that leaves (`millrace run ... | head`) ends the output, not the job: it would lose its last epoch.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
process.exitCode = await runCli(process.argv.slice(2), version, {
  terminal,
  clock: new SystemClock(),
  runner,
  onSignal,
  exitNow: (code) => process.exit(code),
});
