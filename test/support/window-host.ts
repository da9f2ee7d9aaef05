/**
 * The real window for browser tests: a real core and host service on a data directory of their own, a ComfyUI engine on
 * loopback, and the built window served to a page. Starts no browser; the page is Playwright's.
 */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startComfyServer } from '../../electron/demo/comfy-server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy-server.ts';
import { startService } from '../../electron/host/service.ts';
import { root } from '../suites.ts';
import { CoreHarness } from './core-harness.ts';

export interface WindowHost {
  core: CoreHarness;
  comfy: ComfyServerHandle;
  /** Opens the window at a place such as `history` and waits until it is there. */
  open: (page: Page, place?: string) => Promise<void>;
  close: () => Promise<void>;
}

/** `stepMs`: how long one sampler step takes on the engine. */
export async function startWindowHost(options: { stepMs?: number } = {}): Promise<WindowHost> {
  const comfy = await startComfyServer({ stepMs: options.stepMs ?? 5 });
  const core = await CoreHarness.open();
  const service = await startService({
    core: core.core,
    dataDir: core.dataDir,
    version: '0.0.0-test',
    port: null,
    rendererDir: join(root, 'dist', 'renderer'),
  });
  return {
    core,
    comfy,
    open: async (page, place = 'queue') => {
      await page.goto(service.launchUrl());
      await page.waitForURL((url) => !url.pathname.startsWith('/launch'));
      await page.evaluate((hash) => {
        location.hash = hash;
      }, place);
      // By element, not by role: an open dialog hides the rest of the page from roles.
      await page.locator('main h1').first().waitFor();
    },
    close: async () => {
      await service.close();
      await core.close();
      await comfy.close();
    },
  };
}
