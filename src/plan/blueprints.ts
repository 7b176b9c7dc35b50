/** Blueprints of operators. A namespace import, so that the others can be used while some are being written. */
import * as operators from '../operators/index.ts';

type Make = (...args: readonly unknown[]) => operators.OperatorBlueprint;
const make =
  (name: string): Make =>
  (...args) =>
    (operators as unknown as Record<string, Make>)[name]!(...args);

export const asyncMapBlueprint: Make = make('asyncMapBlueprint');
export const broadcastJoinBlueprint: Make = make('broadcastJoinBlueprint');
export const deduplicateBlueprint: Make = make('deduplicateBlueprint');
export const streamJoinBlueprint: Make = make('streamJoinBlueprint');
export const tableJoinBlueprint: Make = make('tableJoinBlueprint');
export const windowBlueprint: Make = make('windowBlueprint');
export const windowJoinBlueprint: Make = make('windowJoinBlueprint');
