/**
 * A short-lived core with everything in memory and exactly one server: what a CLI without a running host acts through
 * (architecture §10). No port, no socket, nothing kept; what it sent goes on running on the server when it is gone.
 */
import { channel } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { contract } from '../../shared/contract.ts';
import type { Events } from '../../shared/contract.ts';
import { AppError } from '../../shared/errors.ts';
import { createInvoker } from '../../shared/rpc/invoke.ts';
import type { Credential, ServerView } from '../../shared/server.ts';
import type { Kind } from '../../shared/job.ts';
import { raceAbort } from '../../shared/util/async.ts';
import type { Emitter } from '../../shared/util/emitter.ts';
import { createCore } from '../core/core.ts';
import type { CoreOptions } from '../core/core.ts';

/** One request to the server, without its query's secrets. */
export interface ServerRequest {
  method: string;
  url: string;
  status: number | null;
  ms: number;
}

export interface AloneOptions {
  url: string;
  kind?: Kind | undefined;
  credential?: Credential | undefined;
  onRequest: (request: ServerRequest) => void;
  /** How long the server may take to be ready. Default 10 s. */
  readyMs?: number;
}

export interface Alone {
  readonly server: ServerView;
  readonly events: Emitter<Events>;
  invoke(name: string, args: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** A server that lists nothing may not keep us longer. */
const LISTED_WITHIN_MS = 3_000;

/** Rejects with the server's own error (`server_unreachable`, `server_auth` …) when it is not ready in time. */
export async function openAlone(options: AloneOptions): Promise<Alone> {
  const watching = watchRequests(options.onRequest);
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-alone-'));
  const core = await createCore({
    dataDir,
    version: packageJson.version,
    host: 'memory',
    secrets: memorySecrets(),
    shell: { reveal: () => Promise.reject(new AppError('not_allowed', 'nothing is stored here that could be shown')) },
    logDir: null,
    databaseFile: ':memory:',
  });
  const invoker = createInvoker({ contract, handlers: core.handlers, validateReplies: false });
  const invoke = (name: string, args: unknown, signal: AbortSignal): Promise<unknown> =>
    invoker.invoke(name, args, { signal, face: 'cli' }, () => true);
  const close = async (): Promise<void> => {
    await core.close();
    watching[Symbol.dispose]();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    using listing = firstListing(core.events);
    const server = await connect(options, core.events, invoke);
    await raceAbort(listing.seen, AbortSignal.timeout(LISTED_WITHIN_MS)).catch(() => undefined);
    return { server, events: core.events, invoke, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is there was listed once: before that, nothing there would look like nothing there. */
function firstListing(events: Emitter<Events>): Disposable & { seen: Promise<void> } {
  const seen: PromiseWithResolvers<void> = Promise.withResolvers();
  const subscription = events.on('foreign.changed', () => {
    seen.resolve();
  });
  return {
    seen: seen.promise,
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]();
    },
  };
}

async function connect(options: AloneOptions, events: Emitter<Events>, invoke: Alone['invoke']): Promise<ServerView> {
  const { url, credential, readyMs = 10_000 } = options;
  const signal = AbortSignal.timeout(readyMs);
  let { kind } = options;
  if (kind === undefined) {
    const { probe } = (await invoke(
      'servers.probe',
      { url, ...(credential === undefined ? {} : { credential }) },
      signal,
    )) as { probe: { kind: Kind | null; error: { code: AppError['code']; message: string } | null } };
    if (probe.kind === null)
      throw new AppError(
        probe.error?.code ?? 'server_unsupported',
        probe.error?.message ?? 'no ComfyUI or SwarmUI answers there',
        { details: { url } },
      );
    ({ kind } = probe);
  }
  const added = (await invoke('servers.add', { url, kind }, signal)) as { server: ServerView };
  const { id } = added.server;
  if (credential !== undefined) await invoke('servers.setCredential', { id, credential }, signal);
  // It was asked without the key at first: that it wants one is not believed before it was asked again.
  let looksLeft = credential === undefined ? 0 : 2;
  return new Promise((resolve, reject) => {
    const look = (server: ServerView): void => {
      if (server.id !== id || server.status.contact === 'connecting') return;
      if (server.status.contact === 'needs-auth' && looksLeft > 0) {
        looksLeft -= 1;
        invoke('servers.reconnect', { id }, signal).catch(reject);
        return;
      }
      subscription[Symbol.dispose]();
      if (server.status.contact === 'online') resolve(server);
      else
        reject(
          new AppError(
            server.status.error?.code ?? 'server_unreachable',
            server.status.error?.message ?? `${url} does not answer`,
            { details: { url } },
          ),
        );
    };
    const subscription = events.on('server.changed', look);
    signal.addEventListener('abort', () => {
      subscription[Symbol.dispose]();
      reject(
        new AppError('server_timeout', `${url} was not ready within ${String(readyMs / 1_000)} s`, {
          details: { url },
        }),
      );
    });
    (invoke('servers.list', {}, signal) as Promise<{ servers: ServerView[] }>).then(({ servers }) => {
      for (const server of servers)
        if (server.status.contact !== 'offline' || server.status.error !== null) look(server);
    }, reject);
  });
}

function memorySecrets(): CoreOptions['secrets'] {
  const held = new Map<string, Credential>();
  return {
    protection: 'none',
    get: async (ref) => held.get(ref) ?? null,
    set: async (ref, credential) => void held.set(ref, credential),
    delete: async (ref) => void held.delete(ref),
  };
}

interface UndiciRequest {
  method: string;
  path: string;
  origin: string | URL;
}

/** undici tells every request on diagnostics channels: nothing in the core needs to know that somebody listens. */
function watchRequests(onRequest: AloneOptions['onRequest']): Disposable {
  const began = new WeakMap<UndiciRequest, number>();
  const tell = (request: UndiciRequest, status: number | null): void => {
    const url = `${String(request.origin).replace(/\/$/, '')}${request.path}`.replace(
      /([?&](?:token|session_id|code|key)=)[^&]*/gi,
      '$1[redacted]',
    );
    onRequest({
      method: request.method,
      url,
      status,
      ms: performance.now() - (began.get(request) ?? performance.now()),
    });
  };
  const onCreate = (message: unknown): void => {
    began.set((message as { request: UndiciRequest }).request, performance.now());
  };
  const onHeaders = (message: unknown): void => {
    const { request, response } = message as { request: UndiciRequest; response: { statusCode: number } };
    tell(request, response.statusCode);
  };
  const onError = (message: unknown): void => {
    tell((message as { request: UndiciRequest }).request, null);
  };
  const create = channel('undici:request:create');
  const headers = channel('undici:request:headers');
  const error = channel('undici:request:error');
  create.subscribe(onCreate);
  headers.subscribe(onHeaders);
  error.subscribe(onError);
  return {
    [Symbol.dispose]: () => {
      create.unsubscribe(onCreate);
      headers.unsubscribe(onHeaders);
      error.unsubscribe(onError);
    },
  };
}
