import { expect } from 'vitest';
import { type Complain, Violations } from './violations.ts';

/** Fails with every sentence of the check. */
export async function expectNoViolations(check: (complain: Complain) => Promise<void> | void): Promise<void> {
  const violations = new Violations();
  await check(violations.complain);
  expect(String(violations)).toBe('');
}
