/**
 * The discovery file: where a running host of a data directory is. Light on purpose (no node:http, which alone costs more
 * than a CLI verb may take): every verb of the CLI loads it. Who writes it, and whether its host still lives: endpoint.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Endpoint {
  pid: number;
  version: string;
  /** Wall clock, ms. */
  startedAt: number;
  /** `http://127.0.0.1:PORT`; null for a host without a TCP port (the desktop app). */
  url: string | null;
  /** Path of the private socket, or name of the pipe. */
  socketPath: string;
  tokenFile: string;
}

export const endpointFile = (dataDir: string): string => join(dataDir, 'endpoint.json');

/** What the discovery file says, or null where there is none that can be read. It may be left over from a crash. */
export function readEndpoint(dataDir: string): Endpoint | null {
  const file = endpointFile(dataDir);
  if (!existsSync(file)) return null;
  try {
    const { pid, version, startedAt, url, socketPath, tokenFile } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as Partial<Endpoint>;
    if (
      typeof pid !== 'number' ||
      typeof version !== 'string' ||
      typeof startedAt !== 'number' ||
      typeof socketPath !== 'string' ||
      typeof tokenFile !== 'string'
    )
      return null;
    return { pid, version, startedAt, url: typeof url === 'string' ? url : null, socketPath, tokenFile };
  } catch (_) {
    return null;
  }
}
