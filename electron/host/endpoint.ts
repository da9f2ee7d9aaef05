/**
 * How others on this machine find a running host: the discovery file, the private socket's path, and the question whether
 * one is running. The file's reader is in endpoint-file.ts, which the CLI loads. The token is needed on the private
 * socket too (architecture §16.1).
 */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { endpointFile, readEndpoint } from './endpoint-file.ts';
import type { Endpoint } from './endpoint-file.ts';
import { readToken, writePrivate } from './private-file.ts';

/** The longest path a Unix socket may have everywhere (104 on macOS, 108 on Linux, both with a zero). */
const MAX_SOCKET_PATH_BYTES = 100;

/** Token, sessions, port: what only the host needs, in a folder only its user can read. */
export const hostDirectory = (dataDir: string): string => join(dataDir, 'host');

export function writeEndpoint(dataDir: string, endpoint: Endpoint): void {
  writePrivate(endpointFile(dataDir), `${JSON.stringify(endpoint, null, 2)}\n`);
}

/** Only if it is still ours: a host that started after us has written its own. */
export function removeEndpoint(dataDir: string, pid: number): void {
  if (readEndpoint(dataDir)?.pid === pid) rmSync(endpointFile(dataDir), { force: true });
}

export interface RunningHost {
  endpoint: Endpoint;
  token: string;
  /** How many windows were connected to it when it was found. */
  windows: number;
}

/** The host that serves this data directory now, proven by an answer on its private socket; null when none does. */
export async function findRunningHost(dataDir: string): Promise<RunningHost | null> {
  const endpoint = readEndpoint(dataDir);
  const token = endpoint === null ? null : readToken(endpoint.tokenFile);
  if (endpoint === null || token === null) return null;
  try {
    const { pid, windows } = await askHost({ endpoint, token }, 'GET', '/host/status');
    return pid === endpoint.pid ? { endpoint, token, windows: typeof windows === 'number' ? windows : 0 } : null;
  } catch (_) {
    return null;
  }
}

/** An address that opens one window on a running host, once, within a minute. */
export async function askForLaunchUrl(host: RunningHost): Promise<string> {
  const { url } = await askHost(host, 'POST', '/host/launch');
  if (typeof url !== 'string') throw new Error('the running host gave no address');
  return url;
}

/** One question over the private socket. Rejects when nobody answers within 2 s or the answer is not 200. */
function askHost(
  host: Pick<RunningHost, 'endpoint' | 'token'>,
  method: 'GET' | 'POST',
  path: string,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        socketPath: host.endpoint.socketPath,
        method,
        path,
        headers: {
          host: 'localhost',
          authorization: `Bearer ${host.token}`,
          'content-type': 'application/json',
          'content-length': '0',
        },
        signal: AbortSignal.timeout(2_000),
        agent: false,
      },
      (response) => {
        json(response).then((value) => {
          if (response.statusCode === 200) resolve(value as Record<string, unknown>);
          else reject(new Error(`the running host answered ${String(response.statusCode)}`));
        }, reject);
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

/**
 * The private socket of a data directory: in it where the path is short enough, else in the user's runtime directory or a
 * folder of our own in the temporary one, which must belong to this user and be closed to others. Makes that folder.
 */
export function socketPathFor(
  dataDir: string,
  options: { platform?: NodeJS.Platform; env?: Readonly<Record<string, string | undefined>>; temporary?: string } = {},
): string {
  const { platform = process.platform, env = process.env, temporary = tmpdir() } = options;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\switchyard-${name}`;
  const inside = join(dataDir, 'host', 'socket');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside;
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && isPrivate(runtime)) {
    const path = join(runtime, `switchyard-${name}`);
    if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path;
  }
  const own = join(temporary, `switchyard-${String(userInfo().uid)}`);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  if (!isPrivate(own))
    throw new Error(`${own} belongs to someone else or is open to others; remove it, or set XDG_RUNTIME_DIR`);
  return join(own, name);
}

/** A real directory of this user that nobody else may enter. */
function isPrivate(directory: string): boolean {
  try {
    const stats = lstatSync(directory);
    return stats.isDirectory() && stats.uid === userInfo().uid && (stats.mode & 0o077) === 0;
  } catch (_) {
    return false;
  }
}

/** Clears a socket left by a crash. Only for whoever holds the data directory's lock: no other host can be on it. */
export function clearStaleSocket(path: string): void {
  if (process.platform !== 'win32') rmSync(path, { force: true });
}

export function closeSocketToOthers(path: string): void {
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}
