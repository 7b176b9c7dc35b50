// Usage: node compare.mjs A B COUNT. Both files hold COUNT rows, the same ones per key in the same order.
import { readFileSync } from 'node:fs';

const [a, b, count] = process.argv.slice(2);
const rowsOf = (path) => {
  const rows = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (rows.length !== Number(count)) throw new Error(`${path} has ${rows.length} rows instead of ${count}`);
  return JSON.stringify(rows.sort((left, right) => left.key.localeCompare(right.key) || left.times - right.times));
};
if (rowsOf(a) !== rowsOf(b)) throw new Error(`${a} and ${b} differ`);
