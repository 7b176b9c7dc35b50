import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/run-millrace.ts';

describe('job files and expressions (S12, S17)', () => {
  it('work where code from strings and the __proto__ accessor are forbidden', async () => {
    const script = fileURLToPath(new URL('./hostile-expressions.mjs', import.meta.url));

    const { stdout, stderr, exitCode } = await runNode(
      process.cwd(),
      '--disallow-code-generation-from-strings',
      '--disable-proto=throw',
      script,
    );

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ isForbidden: true, joined: 'b-c', name: 'flags' });
    expect(exitCode).toBe(0);
  });
});
