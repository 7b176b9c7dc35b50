import type { NodeId, SplitId } from './ids.ts';

/** Next position in a split: plain JSON data whose meaning belongs to the connector. */
export type Offset = number | string | { readonly [field: string]: number | string | boolean };

/** Next position of every split of one source. */
export type SplitOffsets = Readonly<Record<SplitId, Offset>>;

/** Next position of every split of every source: what an epoch seals. */
export type SourceOffsets = Readonly<Record<NodeId, SplitOffsets>>;
