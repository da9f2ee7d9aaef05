/**
 * The whole shell with a real core, a real database, a real private socket and a real server, and an Electron without a system:
 * what its tests start, and what stands in for the page. A test file that uses it mocks `electron` (fakes/electron/ipc-main.ts).
 */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { startDesktop } from '../../../electron/desktop/desktop.ts';
import type { Desktop } from '../../../electron/desktop/options.ts';
import { Marks } from '../../../electron/desktop/marks.ts';
import { startComfyServer } from '../../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../../electron/demo/comfy/server.ts';
import { createClient } from '../../../shared/rpc/client.ts';
import type { Client } from '../../../shared/rpc/client.ts';
import { portConnection } from '../../../shared/rpc/connection.ts';
import { fakeElectron } from '../../fakes/electron/electron.ts';
import { ipcMain } from '../../fakes/electron/ipc-main.ts';
import type { FakeBehaviour, FakeElectron } from '../../fakes/electron/electron.ts';
import { until } from '../../support/until.ts';

export interface StartOptions {
  tray?: boolean;
  platform?: NodeJS.Platform;
  session?: string;
  words?: string[];
  /** Called when its Electron is there, before anything is made in it. */
  watch?: () => void;
  onUp?: () => void;
}

export class ShellSite {
  readonly folder = mkdtempSync(join(tmpdir(), 'switchyard-shell-'));
  readonly comfy: ComfyServerHandle;
  fake: FakeElectron = fakeElectron();
  perf: string[] = [];
  #desktop: Desktop | null = null;

  private constructor(comfy: ComfyServerHandle) {
    this.comfy = comfy;
  }

  static async open(): Promise<ShellSite> {
    return new ShellSite(await startComfyServer({ stepMs: 5 }));
  }

  get desktop(): Desktop {
    if (this.#desktop === null) throw new Error('nothing was started');
    return this.#desktop;
  }

  async start(behaviour: FakeBehaviour = {}, options: StartOptions = {}): Promise<void> {
    this.fake = fakeElectron(behaviour);
    this.perf = [];
    options.watch?.();
    const { folder } = this;
    await startDesktop({
      electron: this.fake.parts,
      args: { dataDir: join(folder, 'data'), demo: false, hidden: false, perf: true },
      version: '1.2.3',
      platform: options.platform ?? 'linux',
      env: { XDG_SESSION_TYPE: options.session ?? 'x11', XDG_CONFIG_HOME: join(folder, 'config') },
      words: options.words ?? [],
      places: { rendererDir: join(folder, 'ui'), preload: '/preload.cjs', icons: '/icons', resources: folder },
      signed: false,
      marks: new Marks(),
      loadUpdater: () => Promise.reject(new Error('no updates from a checkout')),
      runProgram: async () => (options.tray === false ? 'b false' : 'b true'),
      perf: (line) => this.perf.push(line),
      onUp: (up) => {
        this.#desktop = up;
        options.onUp?.();
      },
    });
  }

  async end(): Promise<void> {
    this.desktop.systemEnds();
    await until('the app is over', () => this.fake.app.exitCode !== null);
  }

  async close(): Promise<void> {
    await this.end();
    await this.comfy.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the page does through the preload script: a channel, one end to the main process. */
  connectWindow(): Client {
    const { port1, port2 } = new MessageChannel();
    const main = Object.assign(new EventEmitter(), {
      postMessage: (value: unknown) => {
        port2.postMessage(value);
      },
      start: () => port2.on('message', (data) => main.emit('message', { data, ports: [] })),
      close: () => {
        port2.close();
      },
    });
    port2.on('close', () => main.emit('close'));
    const frame = { url: 'app://ui/#queue', origin: 'app://ui', parent: null };
    ipcMain.emit(
      'switchyard:connect',
      { senderFrame: frame, ports: [main], sender: { id: this.fake.windows.at(-1)?.webContents.id } },
      null,
    );
    return createClient(portConnection(port1));
  }
}
