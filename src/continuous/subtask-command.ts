/**
 * What the control plane tells a live subtask. Commands wait in its mailbox and are obeyed at the start of its next step,
 * never in the middle of a record.
 */
import { Mailbox, type MailDelivery } from '../actors/index.ts';
import { assert, type Epoch, type Marker, type Steppable, unreachable } from '../model/index.ts';

export type SubtaskCommand =
  /** To subtasks of sources: the marker goes in before the next record. */
  | { readonly kind: 'begin-epoch'; readonly marker: Marker }
  | { readonly kind: 'committed'; readonly epoch: Epoch; readonly foldedThrough: Epoch }
  /** To subtasks of sources: begin to read, if you were held back. */
  | { readonly kind: 'release' };

export interface LiveSubtask extends Steppable {
  tell(command: SubtaskCommand): void;
}

/**
 * I8. The coordinator has one epoch in flight, so a subtask that obeys now and then sees a few at a time; one that never
 * comes back from user code is found by its heartbeat long before this many.
 */
const COMMANDS_MAX = 1024;

export class SubtaskMailbox {
  readonly #name: string;
  readonly #mailbox: Mailbox<SubtaskCommand> = new Mailbox(COMMANDS_MAX);
  readonly #obey: (command: SubtaskCommand) => void;

  constructor(
    name: string,
    obey: {
      beginEpoch(marker: Marker): void;
      committed(epoch: Epoch, foldedThrough: Epoch): void;
      release(): void;
    },
  ) {
    this.#name = name;
    this.#obey = (command) => {
      switch (command.kind) {
        case 'begin-epoch':
          return obey.beginEpoch(command.marker);
        case 'committed':
          return obey.committed(command.epoch, command.foldedThrough);
        case 'release':
          return obey.release();
        default:
          return unreachable(command);
      }
    };
  }

  get isEmpty(): boolean {
    return this.#mailbox.isEmpty;
  }

  post(command: SubtaskCommand): void {
    const delivery: MailDelivery = this.#mailbox.offer(command);
    assert(delivery !== 'full', `I8: ${this.#name} has ${COMMANDS_MAX} commands waiting`);
  }

  /** Obeys everything that waits; true when that was anything. */
  obeyAll(): boolean {
    return !this.#mailbox.isEmpty && this.#mailbox.drain(this.#obey) > 0;
  }

  close(): void {
    this.#mailbox.close();
  }
}
