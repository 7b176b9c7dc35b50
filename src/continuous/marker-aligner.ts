/**
 * Alignment of markers over the inputs of one subtask (asynchronous barrier snapshots, Carbone et al. 2015). Pure.
 *
 * I1: once the marker of an epoch has come on an input, that input is closed until all others have theirs.
 */
import { assert, type Marker } from '../model/index.ts';

export class MarkerAligner {
  readonly #inputs: number;
  readonly #hasArrived: boolean[];
  #arrived = 0;
  #current: Marker | undefined;

  constructor(inputs: number) {
    assert(inputs > 0, 'a subtask that aligns has inputs');
    this.#inputs = inputs;
    this.#hasArrived = Array.from({ length: inputs }, () => false);
  }

  /** Whether records of that input may be processed now. */
  isOpen(input: number): boolean {
    return !this.#hasArrived[input];
  }

  /** Returns the marker when it has now arrived on every input: seal, and all inputs are open again. */
  onMarker(input: number, marker: Marker): Marker | undefined {
    assert(this.isOpen(input), `I1: input ${input} brought marker ${marker.epoch} while it was closed`);
    const current = this.#current ?? marker;
    assert(
      marker.epoch === current.epoch && marker.isFinal === current.isFinal,
      `I1: marker ${marker.epoch} arrived during the alignment of ${current.epoch}`,
    );
    this.#hasArrived[input] = true;
    this.#current = current;
    this.#arrived++;
    if (this.#arrived < this.#inputs) return undefined;
    this.#hasArrived.fill(false);
    this.#arrived = 0;
    this.#current = undefined;
    return marker;
  }
}
