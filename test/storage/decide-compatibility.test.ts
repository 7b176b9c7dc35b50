import { describe, expect, it } from 'vitest';
import type { NodeSignature } from '../../src/model/index.ts';
import { decideCompatibility } from '../../src/storage/index.ts';

const SOURCE: NodeSignature = { kind: 'source', identity: { type: 'file', path: 'a' }, states: [] };
const MAP: NodeSignature = { kind: 'map', identity: {}, states: [] };
const COUNT: NodeSignature = {
  kind: 'aggregate',
  identity: { shape: 'count' },
  states: [{ name: 'total', kind: 'value' }],
};
const SINK: NodeSignature = { kind: 'sink', identity: { type: 'file', path: 'out' }, states: [] };
const JOB = { flights: SOURCE, late: MAP, hourly: COUNT, out: SINK };

function without(node: string): Record<string, NodeSignature> {
  return Object.fromEntries(Object.entries(JOB).filter(([id]) => id !== node));
}

describe('decideCompatibility', () => {
  it('finds nothing to say about the same plan, in any order', () => {
    const reordered = Object.fromEntries(Object.entries(JOB).reverse());

    expect(decideCompatibility(JOB, reordered)).toEqual({ refused: [], allowed: [] });
  });

  it.each([
    ['a stateful node is gone', without('hourly'), 'hourly: the aggregate is gone, and with it its state "total"'],
    ['a source is gone', without('flights'), 'flights: the source is gone, and with it the position it was read to'],
    ['a sink is gone', without('out'), 'out: the sink is gone, its last committed output may not be visible yet'],
    ['a source is new', { ...JOB, more: SOURCE }, 'more: the source is new; a job keeps its set of sources'],
    [
      'a source reads something else',
      { ...JOB, flights: { ...SOURCE, identity: { type: 'file', path: 'b' } } },
      'flights: path was "a", is now "b"',
    ],
    [
      'a sink writes in another form',
      { ...JOB, out: { ...SINK, identity: { ...SINK.identity, rotate: true } } },
      'out: rotate was not set, is now true',
    ],
    ['a stateful node is of another kind', { ...JOB, hourly: MAP }, 'hourly: kind was aggregate, is now map'],
    ['a stateless node becomes stateful', { ...JOB, late: COUNT }, 'late: kind was map, is now aggregate'],
    ['a state is gone', { ...JOB, hourly: { ...COUNT, states: [] } }, 'hourly: state "total" is gone'],
    [
      'a state is new',
      { ...JOB, hourly: { ...COUNT, states: [...COUNT.states, { name: 'more', kind: 'map' as const }] } },
      'hourly: state "more" is new',
    ],
    [
      'a state is of another kind',
      { ...JOB, hourly: { ...COUNT, states: [{ name: 'total', kind: 'list' as const }] } },
      'hourly: state "total" was a value, is now a list',
    ],
  ])('refuses when %s, and names it', (_case, planned, message) => {
    expect(decideCompatibility(JOB, planned).refused).toEqual([message]);
  });

  it.each([
    ['a stateless node is gone', without('late'), 'late: the map is gone'],
    ['a stateless node is new', { ...JOB, early: MAP }, 'early: the map is new and begins empty'],
    ['a stateful node is new', { ...JOB, daily: COUNT }, 'daily: the aggregate is new and begins empty'],
    ['a sink is new', { ...JOB, other: SINK }, 'other: the sink is new and begins empty'],
    [
      'a stateless node is of another kind',
      { ...JOB, late: { ...MAP, kind: 'filter' } },
      'late: kind was map, is now filter',
    ],
  ])('allows and names it when %s', (_case, planned, message) => {
    expect(decideCompatibility(JOB, planned)).toEqual({ refused: [], allowed: [message] });
  });

  it('names every difference at once', () => {
    expect(decideCompatibility(JOB, {}).refused).toHaveLength(3);
  });

  it('takes a node called __proto__ for a node', () => {
    const planned = JSON.parse(JSON.stringify({ ...JOB })) as Record<string, NodeSignature>;
    Object.defineProperty(planned, '__proto__', { value: COUNT, enumerable: true });

    expect(decideCompatibility(JOB, planned).allowed).toEqual(['__proto__: the aggregate is new and begins empty']);
  });
});
