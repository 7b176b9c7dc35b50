/**
 * Named places at which a test may kill the process. They belong to the product: what cannot be hit cannot be tested.
 * Outside tests the port does nothing.
 */
export type CrashPoint = (name: string) => void;

/** The places in this layer; `storage` and `connectors` list their own. */
export const EXECUTION_CRASH_POINTS = [
  'generation.begun',
  'generation.restored',
  'epoch.begun',
  'epoch.complete',
  'epoch.sealed',
  'epoch.committed',
  'epoch.visible',
  'epoch.announced',
] as const;

export const noCrashPoint: CrashPoint = () => {};
