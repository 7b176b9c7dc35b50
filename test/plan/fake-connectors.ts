/** Connectors that can be planned and not run: plans never open them. */
import type { ConnectorDescription, SinkConnector, SourceConnector } from '../../src/model/index.ts';

export function fakeSource<T = unknown>(
  path = 'a',
  identity: ConnectorDescription['identity'] = {},
): SourceConnector<T> {
  return {
    describe: () => ({ type: 'fake', label: path, identity }),
    isBounded: true,
    listSplits: () => Promise.reject(new Error('a plan opened a source')),
    createReader() {
      throw new Error('a plan opened a source');
    },
    createSurveyor() {
      throw new Error('a plan opened a source');
    },
  };
}

export function fakeSink<T = unknown>(path = 'z', identity: ConnectorDescription['identity'] = {}): SinkConnector<T> {
  return {
    describe: () => ({ type: 'fake', label: path, identity }),
    delivery: 'committed',
    createWriter() {
      throw new Error('a plan opened a sink');
    },
  };
}
