/**
 * A live subtask fed by channels: takes records one at a time as they come, merges watermarks, aligns markers, seals.
 *
 * One `step`: hand over pending output (else blocked), take time on, then drain each open input up to its next control element. While a
 * watermark is on its way through the chain nothing is read.
 */

import type { RecordTarget } from '../execution/exchange-writer.ts';
import type { SubtaskHost } from '../execution/subtask-host.ts';
import { NO_SOURCE } from '../execution/subtask-host.ts';
import type { WatermarkMerger } from '../execution/watermark-merger.ts';
import {
  assert,
  type ChannelReader,
  type Marker,
  type MonotonicMs,
  type RecordReceiver,
  type StepResult,
  type StreamRecord,
  type Watermark,
} from '../model/index.ts';
import type { InputIndex } from '../plan/logical-plan.ts';
import { MarkerAligner } from './marker-aligner.ts';
import { type LiveSubtask, type SubtaskCommand, SubtaskMailbox } from './subtask-command.ts';

/** A channel into the subtask. */
export interface ChannelInput {
  readonly channel: ChannelReader;
  /** Which input of the stage it feeds. */
  readonly input: InputIndex;
}

export interface ExchangeSubtaskOptions {
  readonly host: SubtaskHost;
  /** By input of the stage. */
  readonly heads: readonly RecordTarget[];
  readonly inputs: readonly ChannelInput[];
  /** Its channels are those of `inputs`, its groups their exchanges. */
  readonly merger: WatermarkMerger;
}

export class ExchangeSubtask implements LiveSubtask {
  readonly name: string;
  readonly #host: SubtaskHost;
  readonly #inputs: readonly ChannelInput[];
  /** By channel. */
  readonly #receivers: readonly RecordReceiver[];
  readonly #merger: WatermarkMerger;
  readonly #aligner: MarkerAligner;
  readonly #mailbox: SubtaskMailbox;
  #firstInput = 0;
  /** Aligned, and waiting for calls under way: nothing may be left behind a job that ends. */
  #finalMarker: Marker | undefined;
  #isFinished = false;

  constructor(options: ExchangeSubtaskOptions) {
    const { host, heads, inputs, merger } = options;
    this.name = host.id;
    this.#host = host;
    this.#inputs = inputs;
    const receivers = heads.map((head) => new HeadReceiver(host, head));
    this.#receivers = inputs.map(({ input }) => receivers[input]!);
    this.#merger = merger;
    this.#aligner = new MarkerAligner(inputs.length);
    this.#mailbox = new SubtaskMailbox(this.name, {
      beginEpoch: ({ epoch }) => assert(false, `marker ${epoch} was sent to ${this.name}, which has no source`),
      committed: (_epoch, foldedThrough) => host.onFolded(foldedThrough),
      release: () => assert(false, `${this.name} was released, and has no source`),
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
    const hasMoved = host.advanceTime(budget);
    const taken = this.#drainInputs(budget);
    const hasSealed = this.#sealFinally();
    const isHeld = host.handOver();
    const hasEncoded = host.encodeSlice();
    return taken > 0 || hasMoved || hasSealed || hasEncoded || hasObeyed || isHeld ? 'progress' : 'idle';
  }

  hasInput(): boolean {
    if (!this.#mailbox.isEmpty || this.#host.isEncoding()) return true;
    if (this.#host.isBlocked()) return false;
    if (this.#host.isTimeDue()) return true;
    if (!this.#mayRead()) return false;
    for (let i = 0; i < this.#inputs.length; i++) {
      if (this.#aligner.isOpen(i) && !this.#inputs[i]!.channel.isEmpty()) return true;
    }
    return false;
  }

  wakeAt(): MonotonicMs {
    return this.#host.wakeAt();
  }

  close(): void {
    this.#mailbox.close();
    this.#host.close();
    for (const { channel } of this.#inputs) channel.close();
  }

  #mayRead(): boolean {
    return !this.#isFinished && this.#finalMarker === undefined && this.#host.mayRead();
  }

  /** Returns the number of elements taken. The inputs take turns at being first, so that a full one cannot starve the others. */
  #drainInputs(budget: number): number {
    const inputs = this.#inputs;
    let taken = 0;
    this.#firstInput = this.#firstInput + 1 === inputs.length ? 0 : this.#firstInput + 1;
    for (let i = 0; i < inputs.length && taken < budget && this.#mayRead(); i++) {
      const at = (this.#firstInput + i) % inputs.length;
      if (!this.#aligner.isOpen(at)) continue;
      const { channel } = inputs[at]!;
      taken += channel.drain(this.#receivers[at]!, budget - taken);
      if (this.#host.isBlocked()) break;
      const control = channel.takeControl();
      if (control === undefined) continue;
      taken++;
      if (control.kind === 'watermark') this.#onWatermark(at, control, budget - taken);
      else if (this.#onMarker(at, control)) break;
    }
    return taken;
  }

  #onWatermark(at: number, watermark: Watermark, budget: number): void {
    const merged = this.#merger.onWatermark(at, watermark);
    if (merged === undefined) return;
    this.#host.raise(merged);
    this.#host.advanceTime(budget);
  }

  /** True when it was the last one of its epoch. */
  #onMarker(at: number, marker: Marker): boolean {
    const aligned = this.#aligner.onMarker(at, marker);
    if (aligned === undefined) return false;
    if (aligned.isFinal) this.#finalMarker = aligned;
    else this.#host.seal(aligned, NO_SOURCE);
    return true;
  }

  #sealFinally(): boolean {
    const marker = this.#finalMarker;
    if (marker === undefined || this.#host.isWaitingForCalls()) return false;
    this.#finalMarker = undefined;
    this.#isFinished = true;
    this.#host.seal(marker, NO_SOURCE);
    return true;
  }
}

/** Stops taking where the chain cannot take more. */
class HeadReceiver implements RecordReceiver {
  readonly #host: SubtaskHost;
  readonly #head: RecordTarget;

  constructor(host: SubtaskHost, head: RecordTarget) {
    this.#host = host;
    this.#head = head;
  }

  receive(record: StreamRecord): void {
    this.#head.receive(record);
  }

  isBlocked(): boolean {
    return this.#host.isBlocked() || this.#host.isWaitingForRoom();
  }
}
