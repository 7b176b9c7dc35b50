/** A namespace import, so that the others can be used while the windows are being written. */
import * as operators from '../operators/index.ts';

type Make = (...args: readonly unknown[]) => operators.OperatorBlueprint;

export const windowBlueprint: Make = (...args) =>
  (operators as unknown as Record<string, Make>)['windowBlueprint']!(...args);
