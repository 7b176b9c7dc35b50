import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { CountsReporter } from './test/support/counts-reporter.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    // Native addons with thread pools abort inside vitest's own worker threads: every test file gets a process.
    pool: 'forks',
    // Default imports of CommonJS packages mean what they mean in Node.
    deps: { interopDefault: false },
    reporters: ['default', new CountsReporter()],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});

export default config;
