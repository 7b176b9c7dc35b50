import { aggregates, defineJob, type JobDefinition, sinks, sources } from 'millrace';

interface Word {
  readonly word: string;
  readonly size: number;
}

/** The job of `words.job.json`, writing to a file of its own. Paths are relative to the compiled module. */
export function wordCounts(output: string): JobDefinition {
  return defineJob('words', (job) => {
    job
      .source('words', sources.file<Word>({ path: '../words.jsonl' }))
      .keyBy((word) => word.word)
      .aggregate({ times: aggregates.count(), size: aggregates.sum((word) => word.size) })
      .named('counts')
      .to('rows', sinks.file({ path: `../${output}.jsonl` }));
  });
}
