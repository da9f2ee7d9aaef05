/**
 * The real window for browser tests: a real core and host service on a data directory of their own, a ComfyUI engine on
 * loopback, and the built window served to a page. Starts no browser; the page is Playwright's.
 */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { startService } from '../../electron/host/service.ts';
import type { Service } from '../../electron/host/service.ts';
import { root } from '../suites.ts';
import { CoreHarness } from './core-harness.ts';

export interface WindowHost {
  core: CoreHarness;
  comfy: ComfyServerHandle;
  /** Opens the window at a place such as `history` and waits until it is there. */
  open: (page: Page, place?: string) => Promise<void>;
  /** Ends host and core under the open window, and starts both again on the same data and port. `meanwhile`: while it is gone. */
  restart: (meanwhile?: () => Promise<void>) => Promise<void>;
  close: () => Promise<void>;
}

/** `stepMs`: how long one sampler step takes on the engine. */
export async function startWindowHost(options: { stepMs?: number } = {}): Promise<WindowHost> {
  const comfy = await startComfyServer({ stepMs: options.stepMs ?? 5 });
  const core = await CoreHarness.open();
  const serve = (): Promise<Service> =>
    startService({
      core: core.core,
      dataDir: core.dataDir,
      version: '0.0.0-test',
      port: null,
      rendererDir: join(root, 'dist', 'renderer'),
    });
  let service = await serve();
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
    restart: async (meanwhile) => {
      const { url } = service;
      await service.close();
      await core.stop();
      await meanwhile?.();
      await core.start();
      service = await serve();
      if (service.url !== url) throw new Error(`the host came back at ${service.url}, not at ${url}`);
    },
    close: async () => {
      await service.close();
      await core.close();
      await comfy.close();
    },
  };
}
