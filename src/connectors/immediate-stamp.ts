/**
 * The stamp of records that an `immediate` sink writes: enough to find out later which of them count.
 *
 * It is not made for the sinks of delivery `committed`: what those show counts.
 */
import type { Epoch, Generation, SubtaskIndex } from '../model/index.ts';

/**
 * Names one record that an `immediate` sink wrote. No two records of a sink have the same stamp.
 *
 * The rule for readers: **a record whose generation began at epoch `firstEpoch` makes void whatever earlier generations wrote, in
 * any subtask, under that epoch and later ones.** What is left are the records of the committed epochs, each once, and of those
 * still open: a record of epoch `e` or a `firstEpoch` of `e` says that all epochs up to `e - 2`, or `e - 1`, are committed.
 *
 * (epoch, sequence, subtask) alone does not name a record: a replay may cut epochs elsewhere, and may send a record to another
 * subtask.
 */
export interface ImmediateStamp {
  /** The run between two restarts that wrote the record. Grows over the life of the state directory. */
  readonly generation: Generation;
  /** The epoch its generation began with, hence the one behind the last that was committed then. */
  readonly firstEpoch: Epoch;
  readonly epoch: Epoch;
  /** Position among the records that the subtask wrote in this generation and epoch, from 0. */
  readonly sequence: number;
  readonly subtask: SubtaskIndex;
}
