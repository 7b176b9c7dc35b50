import { describe, expect, it } from 'vitest';
import type { NodeInput, NodeSignature } from '../../src/model/index.ts';
import { decideCompatibility } from '../../src/storage/index.ts';

type Nodes = Readonly<Record<string, NodeSignature>>;

const reads = (...names: readonly string[]): readonly NodeInput[] =>
  names.map((name) => {
    const [from, output = 'main'] = name.split('.') as [string, string?];
    return { from, output, partitioning: 'forward' };
  });
const by = (partitioning: string, name: string): readonly NodeInput[] => [{ ...reads(name)[0]!, partitioning }];

const SOURCE: NodeSignature = { kind: 'source', identity: { type: 'file', path: 'a' }, states: [], inputs: [] };
const MAP: NodeSignature = { kind: 'map', identity: {}, states: [], inputs: reads('flights') };
const COUNT: NodeSignature = {
  kind: 'aggregate',
  identity: { flights: 'count' },
  states: [{ name: 'total', kind: 'value' }],
  expressions: { key: 'record.origin', 'values.flights': 'count()' },
  inputs: by('hash', 'late'),
};
const SINK: NodeSignature = {
  kind: 'sink',
  identity: { type: 'file', path: 'out' },
  states: [],
  inputs: reads('hourly'),
};
const SPLIT: NodeSignature = { kind: 'split', identity: {}, states: [], inputs: reads('flights') };

/** flights -> late -> hourly -> out, and flights -> routes -> heavy */
const JOB: Nodes = {
  flights: SOURCE,
  late: MAP,
  hourly: COUNT,
  out: SINK,
  routes: SPLIT,
  heavy: { ...SINK, inputs: reads('routes.heavy') },
};

function without(...nodes: readonly string[]): Nodes {
  return Object.fromEntries(Object.entries(JOB).filter(([id]) => !nodes.includes(id)));
}

/** The job with some nodes changed or new. */
function changed(nodes: Readonly<Record<string, Partial<NodeSignature>>>): Nodes {
  return {
    ...JOB,
    ...Object.fromEntries(Object.entries(nodes).map(([id, part]) => [id, { ...(JOB[id] ?? MAP), ...part }])),
  };
}

describe('decideCompatibility', () => {
  it('finds nothing to say about the same plan, in any order', () => {
    const reordered = Object.fromEntries(Object.entries(JOB).reverse());

    expect(decideCompatibility(JOB, reordered)).toEqual({ refused: [], allowed: [] });
  });

  it('refuses another policy of merging watermarks, and names both', () => {
    expect(decideCompatibility(JOB, JOB, { before: 'min', after: 'min' }).refused).toEqual([]);

    expect(decideCompatibility(JOB, JOB, { before: 'min', after: 'max' }).refused).toEqual([
      'time: the watermark policy was "min", is now "max"; it decides what is late, for the whole life of a job',
    ]);
  });

  it('finds nothing to say about a merge whose inputs come in another order', () => {
    const merged = changed({ more: {}, hourly: { inputs: reads('late', 'more') } });
    const turned = changed({ more: {}, hourly: { inputs: reads('more', 'late') } });

    expect(decideCompatibility(merged, turned)).toEqual({ refused: [], allowed: [] });
  });

  it.each<[string, Nodes, readonly string[]]>([
    [
      'a stateful node is gone',
      changed({ out: { inputs: reads('late') } }),
      ['out: is no longer fed by hourly', 'out: is now fed by late', 'out: is now fed by flights'],
    ],
    ['a sink is gone', without('out'), ['out: the sink is gone, its last committed output may not be visible yet']],
    ['a source is new', { ...JOB, more: SOURCE }, ['more: the source is new; a job keeps its set of sources']],
    [
      'a source reads something else',
      changed({ flights: { identity: { type: 'file', path: 'b' } } }),
      ['flights: path was "a", is now "b"'],
    ],
    [
      'a sink writes in another form',
      changed({ out: { identity: { ...SINK.identity, rotate: true } } }),
      ['out: rotate was not set, is now true'],
    ],
    ['a stateful node is of another kind', changed({ hourly: MAP }), ['hourly: kind was aggregate, is now map']],
    ['a stateless node becomes stateful', changed({ routes: COUNT }), ['routes: kind was split, is now aggregate']],
    ['a state is gone', changed({ hourly: { states: [] } }), ['hourly: state "total" is gone']],
    [
      'a state is new',
      changed({ hourly: { states: [...COUNT.states, { name: 'more', kind: 'map' }] } }),
      ['hourly: state "more" is new'],
    ],
    [
      'a state is of another kind',
      changed({ hourly: { states: [{ name: 'total', kind: 'list' }] } }),
      ['hourly: state "total" was a value, is now a list'],
    ],
    [
      'the key of a stateful node changes',
      changed({ hourly: { expressions: { ...COUNT.expressions, key: "record.origin + 'x'" } } }),
      [`hourly: key was "record.origin", is now "record.origin + 'x'"`],
    ],
  ])('refuses when %s, and names it', (_case, planned, messages) => {
    expect(decideCompatibility(JOB, planned).refused).toEqual(expect.arrayContaining([...messages]));
  });

  it.each<[string, Nodes, readonly string[]]>([
    [
      'a sink moves to another output of a split',
      changed({ heavy: { inputs: reads('routes.light') } }),
      ['heavy: is no longer fed by routes.heavy', 'heavy: is now fed by routes.light'],
    ],
    [
      'a sink moves to another branch',
      changed({ heavy: { inputs: reads('late') } }),
      ['heavy: is no longer fed by routes.heavy', 'heavy: is now fed by late'],
    ],
    [
      'a stateless node before a stateful one moves',
      changed({ late: { inputs: reads('routes.heavy') } }),
      ['hourly: is now fed by routes.heavy'],
    ],
    [
      'a stateful node gets another input',
      changed({ hourly: { inputs: reads('late', 'routes.rest') } }),
      ['hourly: is now fed by flights in 2 ways, was in 1', 'hourly: is now fed by routes.rest'],
    ],
    [
      'records come by a new way beside the old one',
      changed({ more: {}, hourly: { inputs: reads('late', 'more') } }),
      ['hourly: is now fed by flights in 2 ways, was in 1'],
    ],
    [
      'a stateful node is put before a sink',
      changed({ daily: COUNT, heavy: { inputs: reads('daily') } }),
      ['heavy: is no longer fed by routes.heavy', 'heavy: is no longer fed by flights'],
    ],
    [
      'a sink gets copies',
      changed({ heavy: { inputs: by('broadcast', 'routes.heavy') } }),
      [
        'heavy: is no longer fed by routes.heavy',
        'heavy: is no longer fed by flights',
        'heavy: is now fed by routes.heavy, every record to every subtask',
        'heavy: is now fed by flights, every record to every subtask',
      ],
    ],
    [
      'copies are made behind a new node',
      changed({ more: {}, hourly: { inputs: by('broadcast', 'more') }, late: {} }),
      [
        'hourly: is no longer fed by late',
        'hourly: is no longer fed by flights',
        'hourly: is now fed by flights, every record to every subtask',
      ],
    ],
  ])('refuses when %s: state or committed output would mean something else', (_case, planned, messages) => {
    expect(decideCompatibility(JOB, planned).refused).toEqual(messages);
  });

  it.each<[string, Nodes, Nodes, readonly string[]]>([
    ['a stateless node is new', JOB, changed({ early: {} }), ['early: the map is new']],
    ['a stateful node is new', JOB, changed({ daily: COUNT }), ['daily: the aggregate is new and begins empty']],
    ['a sink is new', JOB, changed({ other: SINK }), ['other: the sink is new and begins empty']],
    [
      'a stateless node is of another kind',
      JOB,
      changed({ late: { kind: 'filter' } }),
      ['late: kind was map, is now filter'],
    ],
    [
      'a filter is put between two nodes',
      JOB,
      changed({ early: { kind: 'filter' }, late: { inputs: reads('early') } }),
      ['late: reads early, before flights', 'early: the filter is new'],
    ],
    [
      'a map is put before a sink',
      JOB,
      changed({ shape: { inputs: reads('hourly') }, out: { inputs: reads('shape') } }),
      ['out: reads shape, before hourly', 'shape: the map is new'],
    ],
    [
      'a stateless node is taken out',
      JOB,
      { ...without('late'), hourly: { ...COUNT, inputs: by('hash', 'flights') } },
      ['late: the map is gone', 'hourly: reads flights (hash), before late (hash)'],
    ],
    [
      'two stateless nodes change places',
      changed({ early: {}, late: { inputs: reads('early') } }),
      changed({ early: { inputs: reads('late') }, hourly: { inputs: by('hash', 'early') } }),
      [
        'late: reads flights, before early',
        'hourly: reads early (hash), before late (hash)',
        'early: reads late, before flights',
      ],
    ],
    [
      'records are spread in another way',
      JOB,
      changed({ heavy: { inputs: by('rebalance', 'routes.heavy') } }),
      ['heavy: reads routes.heavy (rebalance), before routes.heavy'],
    ],
    [
      'an expression of a stateless node changes',
      changed({ late: { expressions: { value: 'record.a' } } }),
      changed({ late: { expressions: { value: 'record.b' } } }),
      ['late: value was "record.a", is now "record.b"'],
    ],
    [
      'what a stateful node makes of its state changes',
      changed({ hourly: { results: { value: 'left' } } }),
      changed({ hourly: { results: { 'fields.a': 'left.a' } } }),
      ['hourly: fields.a was not set, is now "left.a"', 'hourly: value was "left", is now not set'],
    ],
    [
      'the module of a node without expressions becomes a function',
      changed({ hourly: { expressions: undefined, results: { module: './a.mjs' } } }),
      changed({ hourly: { expressions: undefined } }),
      ['hourly: has functions now, which cannot be compared with its expressions'],
    ],
    [
      'expressions become functions',
      JOB,
      changed({ hourly: { expressions: undefined } }),
      ['hourly: has functions now, which cannot be compared with its expressions'],
    ],
    [
      'functions become expressions',
      changed({ hourly: { expressions: undefined } }),
      JOB,
      ['hourly: has expressions now, which cannot be compared with its functions'],
    ],
  ])('allows and names it when %s', (_case, stored, planned, messages) => {
    expect(decideCompatibility(stored, planned)).toEqual({ refused: [], allowed: messages });
  });

  it('names every difference at once', () => {
    const { refused, allowed } = decideCompatibility(JOB, {});

    expect(refused).toEqual([
      'flights: the source is gone, and with it the position it was read to',
      'hourly: the aggregate is gone, and with it its state "total"',
      'out: the sink is gone, its last committed output may not be visible yet',
      'heavy: the sink is gone, its last committed output may not be visible yet',
    ]);
    expect(allowed).toEqual(['late: the map is gone', 'routes: the split is gone']);
  });

  it('looks through a thousand diamonds without walking every way', () => {
    const nodes: Record<string, NodeSignature> = { flights: SOURCE };
    let last = 'flights';
    for (let i = 0; i < 1000; i++) {
      nodes[`a${i}`] = { ...MAP, inputs: reads(last) };
      nodes[`b${i}`] = { ...MAP, inputs: reads(last) };
      nodes[`c${i}`] = { ...MAP, inputs: reads(`a${i}`, `b${i}`) };
      last = `c${i}`;
    }
    nodes['out'] = { ...SINK, inputs: reads(last) };
    const rewired = { ...nodes, c0: { ...MAP, inputs: reads('a0') } };

    expect(decideCompatibility(nodes, { ...nodes })).toEqual({ refused: [], allowed: [] });
    expect(decideCompatibility(nodes, rewired).refused).toContain('out: is no longer fed by b0');
  });

  it('takes a node called __proto__ for a node', () => {
    const planned = JSON.parse(JSON.stringify(JOB)) as Record<string, NodeSignature>;
    Object.defineProperty(planned, '__proto__', { value: COUNT, enumerable: true });

    expect(decideCompatibility(JOB, planned).allowed).toEqual(['__proto__: the aggregate is new and begins empty']);
  });
});

describe('a join', () => {
  const joined = (left: string, right: string): Nodes => ({
    orders: SOURCE,
    payments: SOURCE,
    paid: {
      kind: 'join',
      identity: { type: 'left' },
      states: [{ name: 'left', kind: 'map' }],
      inputs: [...by('hash', left), { ...by('hash', right)[0]!, input: 1 }],
    },
  });

  it('may not exchange its sides: what is stored for one would be taken for that of the other', () => {
    expect(decideCompatibility(joined('orders', 'payments'), joined('payments', 'orders')).refused).toEqual([
      'paid: its left side is no longer fed by orders',
      'paid: its left side is now fed by payments',
      'paid: its right side is no longer fed by payments',
      'paid: its right side is now fed by orders',
    ]);
  });

  it('stays the same where its sides do', () => {
    expect(decideCompatibility(joined('orders', 'payments'), joined('orders', 'payments'))).toEqual({
      refused: [],
      allowed: [],
    });
  });
});
