/** Reads recordings of real servers (test/recordings/, whose README says what each key means). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../suites.ts';

export interface RecordedLine {
  readonly t_ms: number;
  readonly dir: string;
  readonly client?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly body?: unknown;
  readonly data?: unknown;
  readonly body_raw?: string;
  readonly data_raw?: string;
}

export function recordingNames(server: string): string[] {
  return readdirSync(join(root, 'test', 'recordings', server)).filter((name) => name.endsWith('.jsonl'));
}

export function readRecording(server: string, name: string): RecordedLine[] {
  const text = readFileSync(join(root, 'test', 'recordings', server, name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedLine);
}

/** A text frame or body as it was on the wire. */
export function wireText(line: RecordedLine, key: 'data' | 'body'): string {
  return (key === 'data' ? line.data_raw : line.body_raw) ?? JSON.stringify(line[key]);
}

export const isBinary = (value: unknown): value is { bytes: number; hex64: string } =>
  typeof value === 'object' && value !== null && 'hex64' in value && 'bytes' in value;
