/**
 * Messages of a generation stream as typed frames (swarmui §3.2). Pure: no state, no sockets. What a frame means for an
 * attempt is decided in swarm/stream.ts. Unknown messages are named, never fatal.
 */
import { z } from 'zod';
import { CountersSchema } from './schemas.ts';
import type { Counters } from './schemas.ts';

/** An output as the stream brings it: a path on the server, or the bytes themselves (`donotsave`). */
export type FrameImage = { path: string } | { mime: string; bytes: Uint8Array };

export type SwarmFrame =
  | { type: 'status'; counters: Counters }
  /** `metadata`: this is the message that says the call really runs (S15). `preview` is a data URL. */
  | {
      type: 'progress';
      batch: string;
      overall: unknown;
      current: unknown;
      preview: string | null;
      metadata: boolean;
    }
  | { type: 'image'; image: FrameImage; batch: number }
  | { type: 'discard'; batches: readonly number[] }
  | { type: 'error'; message: string; id: string | null }
  /** ComfyUI's `execution_start` out of `raw_backend_data` (S16). */
  | { type: 'comfy-start'; promptId: string }
  /** `socket_intention: close`: nothing of the request is left. */
  | { type: 'end' }
  /** Known and of no use to us. */
  | { type: 'skipped' }
  | { type: 'unknown'; name: string };

const batchText = z.union([z.string(), z.number()]).transform(String).catch('0');
const batchNumber = z.coerce.number().catch(0);

const ProgressSchema = z.object({
  batch_index: batchText,
  overall_percent: z.unknown().optional(),
  current_percent: z.unknown().optional(),
  preview: z.string().nullish().catch(null),
  metadata: z.unknown().optional(),
});
const RawSchema = z.object({ type: z.string().catch(''), data: z.string().catch('') });
const StartSchema = z.object({ type: z.literal('execution_start'), data: z.object({ prompt_id: z.string().min(1) }) });

/** Messages above this are searched for a data URL in their bytes, not parsed whole: 150 MB would be held four times. */
const LARGE_BYTES = 4 * 1024 * 1024;
const DATA_IMAGE = '{"image":"data:';
/** ComfyUI's frames come all, previews and whole images included; the one that matters is small. */
const RAW_BYTES = 16 * 1024;
const RAW = '{"raw_backend_data":';

/** One message, as it came. Never throws. */
export function readFrame(bytes: Buffer): SwarmFrame {
  if (bytes.length > RAW_BYTES && bytes.toString('latin1', 0, RAW.length) === RAW) return { type: 'skipped' };
  if (bytes.length > LARGE_BYTES) {
    const large = readLargeImage(bytes);
    if (large !== null) return large;
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { type: 'unknown', name: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { type: 'unknown', name: 'no object' };
  return readMessage(value as Record<string, unknown>);
}

/** A message that is parsed already (recordings hold them so). */
export function readMessage(message: Readonly<Record<string, unknown>>): SwarmFrame {
  if ('gen_progress' in message) return readProgress(message['gen_progress']);
  if ('raw_backend_data' in message) return readRaw(message['raw_backend_data']);
  if ('error' in message || 'error_id' in message) {
    const { error, error_id: id } = message;
    return {
      type: 'error',
      message: typeof error === 'string' ? error : typeof id === 'string' ? id : 'unreadable error',
      id: typeof id === 'string' ? id : null,
    };
  }
  if (typeof message['image'] === 'string')
    return { type: 'image', image: imageOf(message['image']), batch: batchNumber.parse(message['batch_index']) };
  if ('status' in message) {
    const counters = CountersSchema.safeParse(message['status']);
    return counters.success ? { type: 'status', counters: counters.data } : { type: 'unknown', name: 'status' };
  }
  if (message['socket_intention'] === 'close') return { type: 'end' };
  if (Array.isArray(message['discard_indices']))
    return { type: 'discard', batches: message['discard_indices'].map(Number).filter(Number.isFinite) };
  if ('keep_alive' in message || 'raw_swarm_data' in message) return { type: 'skipped' };
  return { type: 'unknown', name: Object.keys(message).join(',').slice(0, 100) };
}

function readProgress(value: unknown): SwarmFrame {
  const parsed = ProgressSchema.safeParse(value);
  if (!parsed.success) return { type: 'unknown', name: 'gen_progress' };
  const { batch_index: batch, overall_percent: overall, current_percent: current, preview, metadata } = parsed.data;
  return {
    type: 'progress',
    batch,
    overall,
    current,
    preview: preview ?? null,
    metadata: metadata !== undefined && metadata !== null,
  };
}

/** Only `execution_start` matters; the rest is not even decoded (a preview frame can be 100 KB, 50 times a second). */
function readRaw(value: unknown): SwarmFrame {
  const raw = RawSchema.safeParse(value);
  if (!raw.success || raw.data.type !== 'comfy_websocket') return { type: 'skipped' };
  const head = Buffer.from(raw.data.data.slice(0, 80), 'base64').toString('latin1');
  if (!head.includes('execution_start')) return { type: 'skipped' };
  try {
    const start = StartSchema.safeParse(JSON.parse(Buffer.from(raw.data.data, 'base64').toString('utf8')));
    return start.success ? { type: 'comfy-start', promptId: start.data.data.prompt_id } : { type: 'skipped' };
  } catch {
    return { type: 'unknown', name: 'raw_backend_data' };
  }
}

function imageOf(text: string): FrameImage {
  return readDataUrl(text) ?? { path: text };
}

/** Null when it is none. Bytes are empty for broken base64, never an exception. */
export function readDataUrl(text: string): { mime: string; bytes: Uint8Array } | null {
  if (!text.startsWith('data:')) return null;
  const comma = text.indexOf(',');
  if (comma === -1) return null;
  const head = text.slice(5, comma);
  const mime = head.split(';')[0] ?? '';
  return {
    mime: mime === '' ? 'application/octet-stream' : mime,
    bytes: Buffer.from(text.slice(comma + 1), head.endsWith(';base64') ? 'base64' : 'utf8'),
  };
}

/** `{"image":"data:…;base64,…","batch_index":…}` with the data cut out of the bytes; null for any other message. */
function readLargeImage(bytes: Buffer): SwarmFrame | null {
  if (bytes.toString('latin1', 0, DATA_IMAGE.length) !== DATA_IMAGE) return null;
  const from = '{"image":"'.length;
  const comma = bytes.indexOf(',', from);
  const end = bytes.indexOf('"', from);
  if (comma === -1 || end === -1 || comma > end) return null;
  const head = bytes.toString('latin1', from + 5, comma);
  if (!head.endsWith(';base64')) return null;
  try {
    const rest = JSON.parse(`{"image":"${bytes.toString('utf8', end)}`) as Record<string, unknown>;
    const data = Buffer.from(bytes.toString('latin1', comma + 1, end), 'base64');
    return {
      type: 'image',
      image: { mime: head.split(';')[0] ?? '', bytes: data },
      batch: batchNumber.parse(rest['batch_index']),
    };
  } catch {
    return null; // Not the shape expected: parsed whole, by the caller.
  }
}
