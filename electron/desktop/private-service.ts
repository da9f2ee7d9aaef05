/**
 * The desktop app for the CLI and scripts on this machine: the host's private socket with its token and discovery file, and
 * no TCP port at all. Everything it serves, and every check, is the host's own (electron/host).
 */
import { mkdirSync } from 'node:fs';
import { contract } from '../../shared/contract.ts';
import { createInvoker } from '../../shared/rpc/invoke.ts';
import type { Core } from '../core/core.ts';
import { Auth } from '../host/auth.ts';
import { createControlApi } from '../host/control-api.ts';
import {
  clearStaleSocket,
  closeSocketToOthers,
  hostDirectory,
  removeEndpoint,
  socketPathFor,
  writeEndpoint,
} from '../host/endpoint.ts';
import { createHttpServer } from '../host/http-server.ts';
import { createSockets } from '../host/sockets.ts';

export interface PrivateServiceOptions {
  core: Pick<Core, 'handlers' | 'events' | 'media' | 'log'>;
  dataDir: string;
  version: string;
  /** Someone asked for a window (a second `npm start`): ours is shown. */
  onWindowWanted: () => void;
  windows: () => number;
}

/** Whoever calls this holds the data folder's lock (the core's database). */
export async function startPrivateService(options: PrivateServiceOptions): Promise<{ close(): Promise<void> }> {
  const { core, dataDir, version, windows } = options;
  const log = core.log.child({ part: 'desktop' });
  const directory = hostDirectory(dataDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const auth = new Auth(directory);
  const invoker = createInvoker({ contract, handlers: core.handlers });
  const startedAt = Date.now();
  const onBug = (error: unknown, where: string): void => {
    log.error('a call failed in a way nobody foresaw', { where, error });
  };
  const server = createHttpServer({
    auth,
    // The window is served over app://, to nobody else.
    files: { get: () => undefined, page: () => null },
    api: createControlApi({ contract, invoker, version, onBug }),
    sockets: (onRefused) =>
      createSockets({ contract, invoker, events: core.events, version, auth, validate: false, onBug, onRefused }),
    media: core.media,
    control: {
      status: () => ({ pid: process.pid, version, url: null, windows: windows(), startedAt }),
      launchUrl: () => {
        options.onWindowWanted();
        return 'app://ui/';
      },
    },
    onBug,
    onRefused: (refusal, over) => {
      log.debug('refused a request', { status: refusal.status, reason: refusal.reason, over });
    },
  });
  const socketPath = socketPathFor(dataDir);
  clearStaleSocket(socketPath);
  await server.listenPrivate(socketPath);
  closeSocketToOthers(socketPath);
  writeEndpoint(dataDir, { pid: process.pid, version, startedAt, url: null, socketPath, tokenFile: auth.tokenFile });
  log.info('listening on the private socket', { socketPath });
  return {
    async close() {
      removeEndpoint(dataDir, process.pid);
      await server.close();
    },
  };
}
