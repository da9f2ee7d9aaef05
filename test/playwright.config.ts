/**
 * Playwright: the same specs in an installed Chromium against the host (project `e2e`) and in Electron (project
 * `electron`, only where its runtime is; run.ts counts it as skipped elsewhere). No browser of Playwright's own is used.
 */
import { defineConfig } from '@playwright/test';
import { browserArguments, findBrowser } from './setup-browser.ts';

const executablePath = findBrowser();

export default defineConfig({
  testDir: './e2e',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  forbidOnly: true,
  fullyParallel: false,
  workers: 2,
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./playwright-counts.ts']],
  use: {
    headless: true,
    viewport: { width: 1280, height: 800 },
    actionTimeout: 30_000,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    video: 'off',
    launchOptions: { args: browserArguments(), ...(executablePath === undefined ? {} : { executablePath }) },
  },
  projects: [
    { name: 'e2e', testIgnore: '**/e2e/desktop/**' },
    { name: 'electron', testMatch: '**/e2e/desktop/*.spec.ts' },
  ],
});
