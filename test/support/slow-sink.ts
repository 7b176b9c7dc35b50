import type { SinkConnector } from '../../src/model/index.ts';

/** A sink that needs some time of the clock to prepare each epoch: for each of its records, and besides. */
export function slowSink(recordMs: number, epochMs = 0): SinkConnector<unknown> {
  return {
    delivery: 'committed',
    describe: () => ({ type: 'slow', label: 'slow', identity: {} }),
    createWriter: ({ clock }) => {
      let written = 0;
      return {
        write: () => {
          written++;
        },
        prepare: () => {
          const delayMs = epochMs + written * recordMs;
          written = 0;
          return new Promise((resolve) => {
            clock.schedule(delayMs, () => resolve({}));
          });
        },
        close: () => {},
      };
    },
  };
}
