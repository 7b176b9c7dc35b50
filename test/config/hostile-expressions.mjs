// Loads and evaluates job file expressions in a process that forbids code from strings and the `__proto__` accessor.
import { register } from 'tsx/esm/api';

register();
const { compileExpression } = await import('../../src/config/expression/expression.ts');
const { parseJobFile } = await import('../../src/config/parse-job-file.ts');

const expression = compileExpression('record.items.filter(i, i.price > 2).map(i, i.name).join("-")', 'p');
const record = {
  items: [
    { price: 1, name: 'a' },
    { price: 3, name: 'b' },
    { price: 4, name: 'c' },
  ],
};
const job = parseJobFile(
  JSON.stringify({
    name: 'flags',
    sources: { in: { type: 'generator', value: 'index' } },
    sinks: { out: { type: 'discard', inputs: ['in'] } },
  }),
  'job.json',
);
let isForbidden = false;
try {
  new Function('return 1');
} catch {
  isForbidden = true;
}
process.stdout.write(JSON.stringify({ isForbidden, joined: expression.evaluate(record), name: job.name }));
