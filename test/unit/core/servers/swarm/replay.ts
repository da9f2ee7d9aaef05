/** Feeds recorded traffic of a real SwarmUI 0.9.8.2 to the parsers: one recorded socket at a time. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readMessage } from '../../../../../electron/core/servers/swarm/frames.ts';
import type { SwarmFrame } from '../../../../../electron/core/servers/swarm/frames.ts';
import { StreamState } from '../../../../../electron/core/servers/swarm/stream.ts';
import type { News } from '../../../../../electron/core/servers/swarm/stream.ts';

const folder = fileURLToPath(new URL('../../../../recordings/swarmui-0.9.8.2/', import.meta.url));

export interface Line {
  readonly t_ms: number;
  readonly dir: string;
  readonly client?: string;
  readonly path?: string;
  readonly status?: number | null;
  readonly data?: unknown;
  readonly body?: unknown;
}
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const recordings = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();

export function lines(recording: string): Line[] {
  const name = recordings().find((one) => one.startsWith(recording));
  if (name === undefined) throw new Error(`no recording ${recording}`);
  return readFileSync(`${folder}${name}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** What one client heard on its generation sockets, in order. */
export function heard(recording: string, client: string): Record<string, unknown>[] {
  return lines(recording)
    .filter((line) => line.dir === 'ws-recv' && line.client === client && isRecord(line.data))
    .map((line) => line.data as Record<string, unknown>);
}

/** Every message of every generation socket of a recording. */
export function allFrames(recording: string): { frame: SwarmFrame; message: Record<string, unknown> }[] {
  const generating = new Set(
    lines(recording)
      .filter((line) => line.dir === 'ws-open' && line.path?.startsWith('/API/GenerateText2ImageWS') === true)
      .map((line) => line.client),
  );
  return lines(recording)
    .filter((line) => line.dir === 'ws-recv' && generating.has(line.client) && isRecord(line.data))
    .map((line) => ({
      frame: readMessage(line.data as Record<string, unknown>),
      message: line.data as Record<string, unknown>,
    }));
}

/** One recorded stream, heard to its end (or to its last recorded message). */
export function replay(
  recording: string,
  client: string,
  images = 1,
  batchSize = 1,
): { stream: StreamState; news: News[] } {
  const all = lines(recording);
  const opened = all.findIndex((line) => line.dir === 'ws-send' && line.client === client);
  const stream = new StreamState({ images, batchSize }, all[opened]?.t_ms ?? 0);
  const news: News[] = [];
  for (const line of all.slice(opened + 1)) {
    if (line.client !== client) continue;
    if (line.dir === 'ws-recv' && isRecord(line.data)) news.push(...stream.apply(readMessage(line.data), line.t_ms));
    if (line.dir === 'ws-close') news.push(...stream.close());
    if (stream.ended) break;
  }
  return { stream, news };
}
