/** A result as a table for people and as JSON for whoever compares. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchmarkResult, Figure } from './benchmark.ts';
import type { MachineFacts } from './machine.ts';

export interface Report extends BenchmarkResult {
  readonly benchmark: string;
  readonly question: string;
  readonly startedAt: string;
  readonly version: string;
  readonly machine: MachineFacts;
  /** Load of the machine over the minute before. */
  readonly loadBefore: number;
  readonly scale: number;
}

/** Results at full length are kept under their name; shorter ones end in `.local.json`, which is not committed. */
export function writeReport(report: Report, directory: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${report.benchmark}${report.scale === 1 ? '' : '.local'}.json`);
  writeFileSync(path, `${JSON.stringify(report, rounded, 2)}\n`);
  return path;
}

export function renderReport(report: Report): string {
  const { machine } = report;
  const place = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.kernel}, ${machine.fileSystem}`;
  const disk = `fsync p50 ${show(machine.fsyncMs.p50)} ms, p99 ${show(machine.fsyncMs.p99)} ms`;
  const { p50, p99, p999 } = machine.oversleepMs;
  const sleep = `a sleep of 50 us is late by p50 ${show(p50)}, p99 ${show(p99)}, p99.9 ${show(p999)} ms`;
  const conditions = Object.entries(report.conditions).map(([name, value]) => `${name}: ${show(value)}`);
  return [
    `\n${report.benchmark}: ${report.question}`,
    `  ${place}`,
    `  ${disk}; ${sleep}; load before ${report.loadBefore}`,
    ...(conditions.length === 0 ? [] : [`  ${conditions.join('; ')}`]),
    ...renderTable(report),
  ].join('\n');
}

function renderTable({ measurements }: BenchmarkResult): string[] {
  const columns = [...new Set(measurements.flatMap(({ figures }) => Object.keys(figures)))];
  const rows = measurements.map(({ of, figures }) => [
    of,
    ...columns.map((column) => (figures[column] === undefined ? '' : show(figures[column]))),
  ]);
  const table = [['', ...columns], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd(),
  );
}

function show(value: Figure): string {
  if (typeof value !== 'number') return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
