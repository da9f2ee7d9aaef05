/** After `close()` nothing of ours keeps a process alive: it ends by itself, whatever was going on. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';

const SCRIPT = fileURLToPath(new URL('../support/leaving-child.ts', import.meta.url));
/** From `close()` to the end of the process; generous, because the machine may be busy. A handle left open never ends. */
const DEADLINE_MS = 30_000;

let server: ComfyServerHandle;
let dataDir: string;
beforeEach(async () => {
  server = await startComfyServer();
  dataDir = mkdtempSync(join(tmpdir(), 'switchyard-leaving-'));
});
afterEach(async () => {
  await server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Runs the child; answers what was still open after the close. Fails when it does not end by itself. */
function leave(when: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, dataDir, server.url, when], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let trouble = '';
    let timer: NodeJS.Timeout | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (trouble += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      timer ??= setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`it did not end by itself; ${said}`));
      }, DEADLINE_MS);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      const left = /left: (\[.*\])/.exec(said)?.[1];
      if (code !== 0 || left === undefined) reject(new Error(`exit ${String(code)}: ${trouble}`));
      else resolve(JSON.parse(left) as string[]);
    });
  });
}

describe('after close', () => {
  for (const when of ['none', 'running', 'cancelling']) {
    it(`nothing is left: ${when}`, async () => {
      expect(await leave(when)).toEqual([]);
    });
  }

  it('nothing is left: a submit in flight whose answer does not come', async () => {
    server.delayNext('/prompt', 60_000, { method: 'POST', times: 10 });
    expect(await leave('submitting')).toEqual([]);
  });

  it('nothing is left: a server that is not there', async () => {
    await server.goDown();
    expect(await leave('queued')).toEqual([]);
  });
});
