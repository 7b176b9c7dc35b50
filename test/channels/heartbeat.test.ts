import { expect, test } from 'vitest';
import { createHeartbeat, SharedHeartbeatReader, SharedHeartbeatWriter } from '../../src/channels/index.ts';

test('a heartbeat shows beats and states to its reader', () => {
  const memory = createHeartbeat();
  const writer = new SharedHeartbeatWriter(memory);
  const reader = new SharedHeartbeatReader(memory);
  expect([reader.count(), reader.state()]).toEqual([0, 'starting']);

  writer.enter('running');
  writer.beat();
  writer.beat();
  expect([reader.count(), reader.state()]).toEqual([2, 'running']);

  for (const state of ['parked', 'stopped', 'starting'] as const) {
    writer.enter(state);
    expect(reader.state()).toBe(state);
  }
});

test('a heartbeat goes on where an earlier writer of the memory stopped, and wraps', () => {
  const memory = createHeartbeat();
  const words = new Int32Array(memory);
  words[0] = -1;
  const reader = new SharedHeartbeatReader(memory);
  expect(reader.count()).toBe(2 ** 32 - 1);

  new SharedHeartbeatWriter(memory).beat();

  expect(reader.count()).toBe(0);
  words[1] = 9;
  expect(() => reader.state()).toThrow('does not exist');
});
