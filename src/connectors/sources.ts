import { fileSource } from './file-source/file-source.ts';
import { generatorSource } from './generator-source.ts';
import { memorySource } from './memory-source.ts';

/** Where records come from. */
export const sources: {
  readonly file: typeof fileSource;
  readonly generator: typeof generatorSource;
  readonly memory: typeof memorySource;
} = Object.freeze({ file: fileSource, generator: generatorSource, memory: memorySource });
