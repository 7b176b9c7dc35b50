/** `millrace validate` and `millrace explain`: load a job and compile its plan, in this thread; start and write nothing. */
import { loadJob, referenceTo } from '../config/index.ts';
import { resolveJobOptions } from '../execution/options.ts';
import { compile, explain, explainMermaid, type PhysicalPlan } from '../plan/index.ts';
import { escapeLines } from './escape-text.ts';
import type { Terminal } from './runner.ts';
import { planOptions } from './start-options.ts';

type Given = Readonly<Record<string, string | true>>;

/** Throws what is wrong with the job. */
export async function validateCommand(job: string, given: Given, terminal: Terminal): Promise<void> {
  const plan = await compileJob(job, given);
  const nodes = plan.stages.flatMap(({ chain }) => chain.map(({ node }) => node.role));
  const count = (role: string, one: string): string => {
    const number = nodes.filter((node) => node === role).length;
    return `${number} ${one}${number === 1 ? '' : 's'}`;
  };
  const parts = [count('source', 'source'), count('operator', 'operator'), count('sink', 'sink')].join(', ');
  terminal.out(escapeLines(`${job} is valid: job ${plan.job} with ${parts}\n`));
}

/** Throws what is wrong with the job. */
export async function explainCommand(job: string, given: Given, terminal: Terminal): Promise<void> {
  const plan = await compileJob(job, given);
  const text = given['mermaid'] === true ? explainMermaid(plan) : explain(plan);
  // A cut line would be another diagram.
  terminal.out(escapeLines(text.endsWith('\n') ? text : `${text}\n`, Number.POSITIVE_INFINITY));
}

async function compileJob(job: string, given: Given): Promise<PhysicalPlan> {
  const overrides = planOptions(given);
  const loaded = await loadJob(await referenceTo(job));
  const { parallelism, workers, keyGroups } = resolveJobOptions(loaded.options, overrides);
  return compile(loaded.definition.build(), { parallelism, workers, keyGroups });
}
