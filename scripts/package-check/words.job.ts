import { aggregates, defineJob, type JobDefinition, sinks, sources } from 'millrace';

interface Word {
  readonly word: string;
  readonly size: number;
}

const define = (output: string): JobDefinition =>
  defineJob('words', (job) => {
    job
      .source('words', sources.file<Word>({ path: '../words.jsonl' }))
      .keyBy((word) => word.word)
      .aggregate({ times: aggregates.count(), size: aggregates.sum((word) => word.size) })
      .named('counts')
      .to('rows', sinks.file({ path: `../${output}.jsonl` }));
  });

export const embedded: JobDefinition = define('embedded');
export default define('module');
