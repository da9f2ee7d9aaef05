/** Starts the real Electron with our shell on a data folder of its own. Nothing is faked; what is under test is what ships. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from '@playwright/test';
import type { ElectronApplication, Page } from '@playwright/test';
import { root } from '../../suites.ts';

export interface RunningApp {
  app: ElectronApplication;
  page: Page;
  dataDir: string;
  close: () => Promise<void>;
}

/** `executable`: the runtime, which is then told where our shell is; or, with `packed`, a packed app that knows. */
export async function startElectron(executable: string, options: { packed?: boolean } = {}): Promise<RunningApp> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-electron-'));
  const dataDir = join(folder, 'data');
  // Left in the environment it makes Electron plain Node, which knows no window.
  const { ELECTRON_RUN_AS_NODE: _, ...inherited } = process.env;
  const env = Object.fromEntries(
    Object.entries(inherited).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = await _electron.launch({
    executablePath: executable,
    args: [...(options.packed === true ? [] : [root]), ...asRoot, '--data', dataDir],
    env,
  });
  const page = await app.firstWindow();
  await page.locator('main h1').first().waitFor();
  return {
    app,
    page,
    dataDir,
    close: async () => {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
