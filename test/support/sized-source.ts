import type { SourceConnector } from '../../src/index.ts';
import type { SplitExtent } from '../../src/model/index.ts';

/** `source`, whose offsets are numbers of records, with records that have a size, and whose number a survey does not tell. */
export function sizedSource<T>(source: SourceConnector<T>, recordBytes: number): SourceConnector<T> {
  return {
    isBounded: source.isBounded,
    describe: () => source.describe(),
    listSplits: (context, known) => source.listSplits(context, known),
    createReader: (context) => source.createReader(context),
    createSurveyor: (context) => {
      const surveyor = source.createSurveyor(context);
      return {
        survey: async (from, end) =>
          Object.fromEntries(
            Object.entries(await surveyor.survey(from, end)).map(([split, { records = 0, ...extent }]) => {
              const sized: SplitExtent = { ...extent, bytes: records * recordBytes };
              return [split, sized];
            }),
          ),
        cut: (_split, from, bytes) => Number(from ?? 0) + Math.max(1, Math.floor(bytes / recordBytes)),
        wakeAt: () => surveyor.wakeAt(),
        close: () => surveyor.close(),
      };
    },
  };
}
