/**
 * A live subtask fed by channels: takes records one at a time as they come, aligns markers, seals.
 *
 * One `step`: hand over pending output (else blocked), then drain each open input up to its next control element.
 */

import type { RecordTarget } from '../execution/exchange-writer.ts';
import type { SubtaskHost } from '../execution/subtask-host.ts';
import { NO_SOURCE } from '../execution/subtask-host.ts';
import {
  assert,
  type ChannelReader,
  type MonotonicMs,
  type RecordReceiver,
  type StepResult,
  type StreamRecord,
} from '../model/index.ts';
import { MarkerAligner } from './marker-aligner.ts';
import { type LiveSubtask, type SubtaskCommand, SubtaskMailbox } from './subtask-command.ts';

export class ExchangeSubtask implements LiveSubtask, RecordReceiver {
  readonly name: string;
  readonly #host: SubtaskHost;
  readonly #head: RecordTarget;
  readonly #inputs: readonly ChannelReader[];
  readonly #aligner: MarkerAligner;
  readonly #mailbox: SubtaskMailbox;
  #firstInput = 0;
  #isFinished = false;

  constructor(host: SubtaskHost, head: RecordTarget, inputs: readonly ChannelReader[]) {
    this.name = host.id;
    this.#host = host;
    this.#head = head;
    this.#inputs = inputs;
    this.#aligner = new MarkerAligner(inputs.length);
    this.#mailbox = new SubtaskMailbox(this.name, {
      beginEpoch: ({ epoch }) => assert(false, `marker ${epoch} was sent to ${this.name}, which has no source`),
      committed: (_epoch, foldedThrough) => host.onFolded(foldedThrough),
    });
  }

  tell(command: SubtaskCommand): void {
    this.#mailbox.post(command);
  }

  step(budget: number): StepResult {
    const host = this.#host;
    host.stepBegins();
    const hasObeyed = this.#mailbox.obeyAll();
    if (host.isBlocked()) return host.encodeSlice() ? 'progress' : 'blocked';
    const taken = this.#isFinished ? 0 : this.#drainInputs(budget);
    const isHeld = host.handOver();
    const hasEncoded = host.encodeSlice();
    return taken > 0 || hasEncoded || hasObeyed || isHeld ? 'progress' : 'idle';
  }

  receive(record: StreamRecord): void {
    this.#head.receive(record);
  }

  isBlocked(): boolean {
    return this.#host.isBlocked();
  }

  hasInput(): boolean {
    if (!this.#mailbox.isEmpty || this.#host.isEncoding()) return true;
    if (this.#isFinished || this.#host.isBlocked()) return false;
    for (let i = 0; i < this.#inputs.length; i++) {
      if (this.#aligner.isOpen(i) && !this.#inputs[i]!.isEmpty()) return true;
    }
    return false;
  }

  wakeAt(): MonotonicMs {
    return Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#mailbox.close();
    this.#host.close();
    for (const input of this.#inputs) input.close();
  }

  /** Returns the number of elements taken. The inputs take turns at being first, so that a full one cannot starve the others. */
  #drainInputs(budget: number): number {
    const inputs = this.#inputs;
    let taken = 0;
    this.#firstInput = this.#firstInput + 1 === inputs.length ? 0 : this.#firstInput + 1;
    for (let i = 0; i < inputs.length && taken < budget; i++) {
      const at = (this.#firstInput + i) % inputs.length;
      if (!this.#aligner.isOpen(at)) continue;
      const input = inputs[at]!;
      taken += input.drain(this, budget - taken);
      if (this.#host.isBlocked()) break;
      const marker = input.takeControl();
      if (marker === undefined) continue;
      taken++;
      const aligned = this.#aligner.onMarker(at, marker);
      if (aligned === undefined) continue;
      this.#host.seal(aligned, NO_SOURCE);
      this.#isFinished = aligned.isFinal;
      break;
    }
    return taken;
  }
}
