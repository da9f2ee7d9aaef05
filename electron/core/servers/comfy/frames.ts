/**
 * Frames of ComfyUI's event stream, text and binary, as typed events (comfyui §4.3, §4.6). Pure: no state, no sockets.
 * What an event means for an attempt is decided in tracks.ts. Unknown types are named, never fatal.
 */
import { z } from 'zod';
import { parsePythonJson } from '../../net/python-json.ts';

export type ComfyEvent =
  | { type: 'status'; remaining: number | null }
  | { type: 'start'; promptId: string }
  | { type: 'cached'; promptId: string; nodes: readonly string[] }
  /**
   * `node: null` is the end, in every outcome (C9). Without `promptId`: the greeting after a reconnect (comfyui §4.5).
   */
  | { type: 'executing'; promptId: string | null; node: string | null }
  | { type: 'progress'; promptId: string | null; node: string | null; value: number; max: number }
  | { type: 'executed'; promptId: string; node: string; output: unknown }
  | { type: 'success'; promptId: string }
  /** `blocked`: ExecutionBlocked, which does not end the prompt (C9, comfyui rec 29). */
  | { type: 'error'; promptId: string; blocked: boolean; message: unknown }
  | { type: 'interrupted'; promptId: string }
  /** Without `promptId` it belongs to the running job, whosever that is (type 1). */
  | { type: 'preview'; promptId: string | null; mime: string; bytes: Uint8Array }
  /** Known and of no use to us, or not worth its parsing (`progress_state`, C13). */
  | { type: 'skipped' }
  | { type: 'unknown'; name: string };

const id = z.string().min(1);
const idOrNull = id
  .nullish()
  .transform((value) => value ?? null)
  .catch(null);

const SCHEMAS = {
  status: z
    .object({
      status: z
        .object({ exec_info: z.object({ queue_remaining: z.number() }) })
        .nullish()
        .catch(null),
    })
    .transform((data): ComfyEvent => ({
      type: 'status',
      remaining: data.status?.exec_info.queue_remaining ?? null,
    })),
  execution_start: z
    .object({ prompt_id: id })
    .transform((data): ComfyEvent => ({ type: 'start', promptId: data.prompt_id })),
  execution_cached: z
    .object({ prompt_id: id, nodes: z.array(z.string()).catch([]) })
    .transform((data): ComfyEvent => ({ type: 'cached', promptId: data.prompt_id, nodes: data.nodes })),
  executing: z
    .object({ prompt_id: idOrNull, node: idOrNull, display_node: idOrNull })
    .transform((data): ComfyEvent => ({
      type: 'executing',
      promptId: data.prompt_id,
      node: data.node === null ? null : (data.display_node ?? data.node),
    })),
  progress: z
    .object({ prompt_id: idOrNull, node: idOrNull, value: z.number(), max: z.number() })
    .transform((data): ComfyEvent => ({
      type: 'progress',
      promptId: data.prompt_id,
      node: data.node,
      value: data.value,
      max: data.max,
    })),
  executed: z.object({ prompt_id: id, node: id, output: z.unknown() }).transform((data): ComfyEvent => ({
    type: 'executed',
    promptId: data.prompt_id,
    node: data.node,
    output: data.output ?? null,
  })),
  execution_success: z
    .object({ prompt_id: id })
    .transform((data): ComfyEvent => ({ type: 'success', promptId: data.prompt_id })),
  execution_error: z
    .looseObject({ prompt_id: id, exception_type: z.string().catch('') })
    .transform((data): ComfyEvent => ({
      type: 'error',
      promptId: data.prompt_id,
      blocked: data.exception_type === 'ExecutionBlocked',
      message: data,
    })),
  execution_interrupted: z
    .object({ prompt_id: id })
    .transform((data): ComfyEvent => ({ type: 'interrupted', promptId: data.prompt_id })),
} as const;

const FrameSchema = z.object({ type: z.string(), data: z.unknown() });
const QUIET = new Set(['progress_state', 'feature_flags', 'logs', 'progress_text']);
/** 500 nodes make 50 MB of these (C13): told by their first bytes, never parsed. */
const PROGRESS_STATE = /^\s*\{\s*"type"\s*:\s*"progress_state"/;

/** One text frame. Frames that can't be read are `unknown`, with what is known of their type. */
export function readText(text: string): ComfyEvent {
  if (PROGRESS_STATE.test(text.slice(0, 60))) return { type: 'skipped' };
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch {
    return { type: 'unknown', name: 'not JSON' };
  }
  const frame = FrameSchema.safeParse(value);
  if (!frame.success) return { type: 'unknown', name: 'no type' };
  const name = frame.data.type;
  if (QUIET.has(name)) return { type: 'skipped' };
  if (!isKnown(name)) return { type: 'unknown', name };
  const event = SCHEMAS[name].safeParse(frame.data.data);
  return event.success ? event.data : { type: 'unknown', name };
}

function isKnown(name: string): name is keyof typeof SCHEMAS {
  return Object.hasOwn(SCHEMAS, name);
}

const MetadataSchema = z.object({ prompt_id: idOrNull, image_type: z.string().catch('image/jpeg') });

/** One binary frame: previews of type 1 and 4, text of type 3 (skipped); others are unknown. Big-endian. */
export function readBinary(bytes: Uint8Array): ComfyEvent {
  if (bytes.byteLength < 8) return { type: 'unknown', name: 'short binary frame' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint32(0);
  const second = view.getUint32(4);
  if (kind === 1) {
    return {
      type: 'preview',
      promptId: null,
      mime: second === 2 ? 'image/png' : 'image/jpeg',
      bytes: bytes.subarray(8),
    };
  }
  if (kind === 3) return { type: 'skipped' };
  if (kind !== 4) return { type: 'unknown', name: `binary ${String(kind)}` };
  if (8 + second > bytes.byteLength) return { type: 'unknown', name: 'binary 4, cut short' };
  try {
    const metadata = MetadataSchema.parse(parsePythonJson(Buffer.from(bytes.subarray(8, 8 + second)).toString('utf8')));
    return {
      type: 'preview',
      promptId: metadata.prompt_id,
      mime: metadata.image_type,
      bytes: bytes.subarray(8 + second),
    };
  } catch {
    return { type: 'unknown', name: 'binary 4, metadata' };
  }
}
