/**
 * A running host around a core: HTTP on loopback, the private socket, the discovery file. Composition only: the core, the
 * arguments, what is printed and when the process ends belong to run.ts.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contract } from '../../shared/contract.ts';
import { createInvoker } from '../../shared/rpc/invoke.ts';
import type { Core } from '../core/core.ts';
import { Auth } from './auth.ts';
import { createControlApi } from './control-api.ts';
import {
  clearStaleSocket,
  closeSocketToOthers,
  hostDirectory,
  removeEndpoint,
  socketPathFor,
  writeEndpoint,
} from './endpoint.ts';
import { createHttpServer } from './http-server.ts';
import { writePrivate } from './private-file.ts';
import { createSockets } from './sockets.ts';
import { readStaticFiles } from './static-files.ts';
import type { WsConnectionOptions } from './ws-connection.ts';

export interface ServiceOptions {
  core: Pick<Core, 'handlers' | 'events' | 'media' | 'log'>;
  dataDir: string;
  version: string;
  /** Null: the one used last time, or a random one. A number: that one or an error. */
  port: number | null;
  /** Where the built window is; default: beside this build. */
  rendererDir?: string;
  /** Checks replies and events against the contract. Default: only when running from the sources. */
  validate?: boolean;
  connection?: WsConnectionOptions;
}

export interface Service {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly socketPath: string;
  readonly auth: Auth;
  /** An address that opens one window, once, within a minute. */
  launchUrl(): string;
  /** Windows that are connected now. */
  windows(): number;
  onWindows(listener: (count: number) => void): Disposable;
  close(): Promise<void>;
}

/** Whoever calls this holds the data directory's lock (the core's database), so what another host left there is stale. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { core, dataDir, version } = options;
  const log = core.log.child({ part: 'host' });
  const directory = hostDirectory(dataDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const auth = new Auth(directory);
  const validate = options.validate ?? import.meta.url.endsWith('.ts');
  const invoker = createInvoker({ contract, handlers: core.handlers, validateReplies: validate });
  const onBug = (error: unknown, where: string): void => {
    log.error('a call failed in a way nobody foresaw', { where, error });
  };
  const listeners = new Set<(count: number) => void>();
  const startedAt = Date.now();
  let windows = 0;
  let url = '';

  const launchUrl = (): string => `${url}/launch?code=${auth.newLaunchCode()}`;
  const server = createHttpServer({
    auth,
    files: readStaticFiles(options.rendererDir ?? builtRenderer()),
    api: createControlApi({ contract, invoker, version, onBug }),
    sockets: (onRefused) =>
      createSockets({
        contract,
        invoker,
        events: core.events,
        version,
        auth,
        validate,
        onBug,
        onRefused,
        onWindows: (count) => {
          windows = count;
          for (const listener of [...listeners]) listener(count);
        },
        ...(options.connection === undefined ? {} : { connection: options.connection }),
      }),
    media: core.media,
    control: { status: () => ({ pid: process.pid, version, url, windows, startedAt }), launchUrl },
    onBug,
    onRefused: (refusal, over) => {
      log.debug('refused a request', { status: refusal.status, reason: refusal.reason, over });
    },
  });

  const portFile = join(directory, 'port');
  const port = await server.listen(options.port ?? lastPort(portFile), options.port !== null);
  url = `http://127.0.0.1:${String(port)}`;
  // The next start asks for the same port: an open page finds its host again, and what it keeps locally is still its own.
  if (options.port === null) writePrivate(portFile, String(port));
  const socketPath = socketPathFor(dataDir);
  clearStaleSocket(socketPath);
  await server.listenPrivate(socketPath);
  closeSocketToOthers(socketPath);
  writeEndpoint(dataDir, { pid: process.pid, version, startedAt, url, socketPath, tokenFile: auth.tokenFile });
  log.info('the host is listening', { url, socketPath });

  return {
    url,
    socketPath,
    auth,
    launchUrl,
    windows: () => windows,
    onWindows(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async close() {
      removeEndpoint(dataDir, process.pid);
      await server.close();
    },
  };
}

function lastPort(file: string): number {
  const port = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return Number.isInteger(port) && port >= 1_024 && port <= 65_535 ? port : 0;
}

/** Beside the host's own build, or, when running from the sources, where the build puts it. */
function builtRenderer(): string {
  const beside = fileURLToPath(new URL('../renderer', import.meta.url));
  return existsSync(join(beside, 'index.html'))
    ? beside
    : fileURLToPath(new URL('../../dist/renderer', import.meta.url));
}
