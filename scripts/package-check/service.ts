import { type JobHandle, Millrace } from 'millrace';

const millrace: Millrace = await Millrace.open({ directory: 'state-embedded', workers: 1 });
const job: JobHandle = await millrace.start(new URL('./embedded.job.js', import.meta.url), { parallelism: 2 });
const outcome = await job.finished;
if (outcome.kind !== 'completed') throw new Error(`the embedded job ended as ${JSON.stringify(outcome)}`);
await millrace.close();
