/**
 * Numbers for the names of nodes and their states, given once and for ever, so that base keys are short and do not depend
 * on the order in which a plan or an operator lists things. Written in the transaction that first needs a number.
 */
import { assert, CorruptionError, IncompatiblePlanError, type NodeId, type StateKind } from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import type { DeltaState } from './delta-format.ts';

/** 0xffff stays free: it marks the end of the key space. */
const NUMBER_MAX = 0xfffe;

interface StateEntry {
  readonly name: string;
  readonly kind: StateKind;
}

interface NodeEntry {
  readonly name: NodeId;
  /** Index is the number. */
  readonly states: StateEntry[];
}

export class Catalog {
  /** Index is the number. */
  readonly #nodes: NodeEntry[];
  readonly #numbers: Map<NodeId, number>;

  private constructor(nodes: NodeEntry[]) {
    this.#nodes = nodes;
    this.#numbers = new Map(nodes.map((node, number) => [node.name, number]));
  }

  static empty(): Catalog {
    return new Catalog([]);
  }

  /** From what {@link toPlain} made, already checked against its checksum. */
  static fromPlain(plain: unknown): Catalog {
    if (!Array.isArray(plain)) throw new CorruptionError('the catalog of the state directory is not readable');
    return new Catalog(plain as NodeEntry[]);
  }

  toPlain(): unknown {
    return this.#nodes;
  }

  nodeNumber(node: NodeId): number | undefined {
    return this.#numbers.get(node);
  }

  node(number: number): NodeId | undefined {
    return this.#nodes[number]?.name;
  }

  nodes(): readonly NodeId[] {
    return this.#nodes.map((node) => node.name);
  }

  states(node: NodeId): readonly StateEntry[] {
    const number = this.#numbers.get(node);
    return number === undefined ? [] : this.#nodes[number]!.states;
  }

  state(place: StatePlace): StateEntry | undefined {
    return this.#nodes[place.node]?.states[place.state];
  }

  place(node: NodeId, state: string): StatePlace | undefined {
    const number = this.#numbers.get(node);
    if (number === undefined) return undefined;
    const index = this.#nodes[number]!.states.findIndex((entry) => entry.name === state);
    return index < 0 ? undefined : { node: number, state: index };
  }

  /** Gives numbers to what has none. True when something was added, and the catalog must be written. */
  ensure(node: NodeId, states: readonly DeltaState[]): boolean {
    let isChanged = false;
    let number = this.#numbers.get(node);
    if (number === undefined) {
      number = this.#nodes.length;
      assert(number <= NUMBER_MAX, `I8: a state directory knows at most ${NUMBER_MAX} nodes`);
      this.#nodes.push({ name: node, states: [] });
      this.#numbers.set(node, number);
      isChanged = true;
    }
    for (const state of states) isChanged = this.#ensureState(number, state) || isChanged;
    return isChanged;
  }

  #ensureState(number: number, state: DeltaState): boolean {
    const { name, states } = this.#nodes[number]!;
    const known = states.find((entry) => entry.name === state.name);
    if (known === undefined) {
      assert(states.length <= NUMBER_MAX, `I8: a node has at most ${NUMBER_MAX} states`);
      states.push({ name: state.name, kind: state.kind });
      return true;
    }
    if (known.kind === state.kind) return false;
    throw new IncompatiblePlanError(
      `state "${state.name}" of "${name}" is stored as a ${known.kind} and used as a ${state.kind}; give the new state another name`,
      { node: name },
    );
  }
}
