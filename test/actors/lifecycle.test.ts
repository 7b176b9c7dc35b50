import { describe, expect, test } from 'vitest';
import { jobSuccessors, Lifecycle, type Successors, workerSuccessors } from '../../src/actors/index.ts';
import { AssertionError } from '../../src/model/index.ts';

const TABLES: readonly [name: string, successors: Successors<string>][] = [
  ['worker', workerSuccessors],
  ['job', jobSuccessors],
];

describe.each(TABLES)('the lifecycle of a %s', (name, successors) => {
  const states = Object.keys(successors);

  test('moves along its table and along nothing else', () => {
    for (const from of states) {
      for (const to of states) {
        const lifecycle = new Lifecycle(name, successors, from);
        const isLegal = successors[from]!.includes(to);

        expect(lifecycle.canEnter(to)).toBe(isLegal);
        if (isLegal) lifecycle.enter(to);
        else expect(() => lifecycle.enter(to)).toThrow(AssertionError);
        expect(lifecycle.state).toBe(isLegal ? to : from);
      }
    }
  });

  test('reaches every state from created, and a final one from every state', () => {
    const reach = (from: string, seen: Set<string> = new Set()): Set<string> => {
      for (const next of successors[from]!) {
        if (seen.has(next)) continue;
        seen.add(next);
        reach(next, seen);
      }
      return seen;
    };

    expect([...reach('created'), 'created'].sort()).toEqual([...states].sort());
    for (const state of states) {
      const isFinal = new Lifecycle(name, successors, state).isFinal;
      expect(isFinal || [...reach(state)].some((other) => successors[other]!.length === 0)).toBe(true);
    }
  });
});

test('observers hear of each move, with both states, until they leave', () => {
  const lifecycle = new Lifecycle('worker 1', workerSuccessors, 'created');
  const moves: string[] = [];
  const leave = lifecycle.observe((state, previous) => void moves.push(`${previous} > ${state}`));

  lifecycle.enter('starting');
  lifecycle.enter('running');
  leave();
  lifecycle.enter('stopping');

  expect(moves).toEqual(['created > starting', 'starting > running']);
});

test('a move that is not in the table names whose it is, both states and the legal ones', () => {
  const lifecycle = new Lifecycle('worker 1', workerSuccessors, 'created');

  expect(() => lifecycle.enter('stopped')).toThrow(/worker 1 cannot go from created to stopped; it may go to starting/);
});
