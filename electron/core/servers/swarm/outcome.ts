/**
 * What the end of an attempt means (swarmui §3.2, §4.2; S6, S17): the images received and our own intent decide, error
 * texts only say more. Pure. SwarmUI gives its errors no ids, so its own constant texts are compared, here and nowhere
 * else.
 */
import { AppError, toWire } from '../../../../shared/errors.ts';
import type { WireError } from '../../../../shared/errors.ts';
import type { OutputRef, ServerFact } from '../../../../shared/job-fact.ts';
import { mediaOf } from '../media.ts';
import { z } from 'zod';

export type EndFact = Extract<ServerFact, { type: 'finished' | 'executionFailed' | 'stopped' | 'vanished' }>;

export interface Ending {
  /** Images asked for, less those the server took back. */
  readonly asked: number;
  readonly outputs: readonly OutputRef[];
  /** Outputs that count: intermediates don't. */
  readonly delivered: number;
  readonly errors: readonly string[];
  readonly started: boolean;
  /** A slot was ever asked for. */
  readonly dispatched: boolean;
  /** We sent an interrupt for it. */
  readonly interrupted: boolean;
  /** False once it has been put back for a neighbour's sake: then the error itself is told. */
  readonly mayPutBack: boolean;
}

const INTERRUPTED = 'Generation session interrupted.';
const REMOTE = 'Remote swarm gave error: ';
/** Ends that a neighbour causes, or the server's momentary state: the same request succeeds later (swarmui §4.3). */
const COLLATERAL = [
  /^No backends available!/,
  /^All available backends failed to load the model/,
  /^Something went wrong while generating images\./,
  /^Remote swarm gave error: Generation session interrupted\./,
];
const BY_COMFY = /^(?:Remote swarm gave error: )?ComfyUI execution error: /;
const REFUSED_BY_COMFY = /^(?:Remote swarm gave error: )?ComfyUI errored: /;
const NO_MATCH = 'No backends match the settings';
const OUT_OF_MEMORY = /OutOfMemoryError|CUDA out of memory/;

/** The fact of an attempt whose stream, or session, is at its end. */
export function endFact(ending: Ending): Exclude<EndFact, { type: 'vanished' }> {
  const { outputs, errors } = ending;
  const reach = ending.started ? 'running' : 'waiting';
  if (ending.delivered >= ending.asked) return { type: 'finished', outputs };
  if (ending.interrupted) return { type: 'stopped', reach, outputs, by: 'unknown', evidence: 'presumed' };
  const error = errors[0];
  if (error === undefined) {
    // Only intermediates came, and nobody complained: they are the result.
    if (ending.delivered === 0 && outputs.length > 0) return { type: 'finished', outputs };
    const said =
      ending.delivered === 0
        ? 'it ended without an image and without a reason'
        : `only ${String(ending.delivered)} of ${String(ending.asked)} images came, without a reason`;
    return {
      type: 'executionFailed',
      error: failure(said, { delivered: ending.delivered, asked: ending.asked }),
      outputs,
    };
  }
  if (error === INTERRUPTED) return { type: 'stopped', reach, outputs, by: 'another-client', evidence: 'proven' };
  if (ending.mayPutBack && COLLATERAL.some((pattern) => pattern.test(error)))
    return { type: 'stopped', reach, outputs, by: 'collateral', evidence: 'proven' };
  return { type: 'executionFailed', error: errorOf(error, ending), outputs };
}

function failure(message: string, details: Record<string, unknown>): WireError {
  return toWire(new AppError('execution_failed', message.slice(0, 2_000), { details }));
}

function errorOf(text: string, ending: Ending): WireError {
  const details = {
    errors: ending.errors.slice(0, 10).map((one) => one.slice(0, 4_000)),
    delivered: ending.delivered,
    asked: ending.asked,
  };
  if (BY_COMFY.test(text))
    return failure(text.replace(BY_COMFY, '').trim(), { ...details, outOfMemory: OUT_OF_MEMORY.test(text) });
  if (REFUSED_BY_COMFY.test(text)) return toWire(comfyRefusal(text.replace(REFUSED_BY_COMFY, ''), details));
  if (!ending.dispatched || text.startsWith(NO_MATCH))
    return toWire(new AppError('server_rejected', text.slice(0, 2_000), { details }));
  return failure(text.startsWith(REMOTE) ? text.slice(REMOTE.length) : text, {
    ...details,
    outOfMemory: OUT_OF_MEMORY.test(text),
  });
}

const ComfyRefusalSchema = z.object({
  error: z
    .object({ message: z.string().catch(''), details: z.string().catch('') })
    .optional()
    .catch(undefined),
  node_errors: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

/** `ComfyUI errored: {json}`: ComfyUI's own 400, as text. */
function comfyRefusal(text: string, details: Record<string, unknown>): AppError {
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Not JSON after all: its text is the message.
  }
  const parsed = ComfyRefusalSchema.safeParse(json);
  if (!parsed.success) return new AppError('server_rejected', text.trim().slice(0, 2_000), { details });
  const said = [parsed.data.error?.message ?? '', parsed.data.error?.details ?? '']
    .filter((part) => part !== '')
    .join(': ');
  return new AppError('server_rejected', said === '' ? 'ComfyUI refused it' : said.slice(0, 2_000), {
    details: { ...details, node_errors: parsed.data.node_errors ?? {} },
  });
}

/** An error frame that came before a slot was asked for. `elsewhere`: this server lacks the model; another may have it. */
export function refusal(message: string, id: string | null): { error: AppError; elsewhere: boolean } {
  const details = { errorId: id };
  if (id === 'bad_permissions')
    return { error: new AppError('server_auth', message, { details: { ...details, reason: id } }), elsewhere: true };
  if (id === 'bad_route') return { error: new AppError('server_unsupported', message, { details }), elsewhere: true };
  return {
    error: new AppError('server_rejected', message.slice(0, 2_000), { details }),
    elsewhere: /^Invalid value for parameter (Model|VAE|LoRAs?|Refiner Model)\b/.test(message),
  };
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/jpg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/flac': 'flac',
};

/** A file name for bytes that came without one. */
export function nameFor(mime: string, index: number): string {
  return `image-${String(index)}.${EXTENSIONS[mime] ?? 'bin'}`;
}

/** What `OutputRef.remote` holds: a path on the server, or the key of bytes that this process holds. */
export const RemoteSchema = z.union([
  z.object({ path: z.string().min(1) }),
  z.object({ held: z.string().min(1), mime: z.string() }),
]);
export type Remote = z.infer<typeof RemoteSchema>;

export function outputRef(ordinal: number, remote: Remote, name: string): OutputRef {
  return { ordinal, nodeId: null, remote: JSON.stringify(remote), name, media: mediaOf(name) };
}
