/** Demo ComfyUI servers and rigs on them, taken down in reverse order after each test. Knows no core. */
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../electron/demo/comfy/server.ts';
import { ComfyRig } from './comfy-rig.ts';
import type { RigOptions } from './comfy-rig.ts';

export class ComfySite {
  readonly #closers: (() => Promise<void>)[] = [];

  /** Whatever else a test started. */
  readonly onClose = (close: () => Promise<void>): void => {
    this.#closers.push(close);
  };

  readonly serve = async (options: ComfyServerOptions = {}): Promise<ComfyServerHandle> => {
    const server = await startComfyServer({ stepMs: 5, ...options });
    this.onClose(() => server.close());
    return server;
  };

  /** A rig that is online there. */
  readonly join = async (server: { url: string }, options: RigOptions = {}): Promise<ComfyRig> => {
    const rig = await ComfyRig.online(server.url, options);
    this.onClose(() => rig.close());
    return rig;
  };

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
