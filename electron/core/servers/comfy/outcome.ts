/**
 * How an ended prompt ended, from its history entry or job. Pure. Interrupted and failed are both "error" on the server;
 * only the last message tells them apart (C8). Refusals of a submit are read here too.
 */
import { z } from 'zod';
import { AppError, toWire } from '../../../../shared/errors.ts';
import type { WireError } from '../../../../shared/errors.ts';
import type { OutputRef, ServerFact, StoppedBy } from '../../../../shared/job-fact.ts';
import { outputRefs } from './files.ts';
import type { ComfyEvent } from './frames.ts';
import type { ComfyJob, ExecutionStatus, NodeFaults, Refusal } from './schemas.ts';

/** The last words of a prompt on the stream. */
export type HeardEnd = Extract<ComfyEvent, { type: 'success' | 'interrupted' | 'error' }>;

export type EndedFact = Extract<ServerFact, { type: 'finished' | 'executionFailed' | 'stopped' }>;

/** What history says of one ended prompt. `ranMs` is by the server's own clock; null when it is not told. */
export interface Ended {
  readonly how: 'done' | 'failed' | 'interrupted';
  readonly outputs: readonly OutputRef[];
  readonly error: WireError | null;
  readonly ranMs: number | null;
}

export function readEnded(status: ExecutionStatus | null, outputs: Readonly<Record<string, unknown>> | null): Ended {
  const refs = outputRefs(outputs ?? {});
  const messages = (status?.messages ?? []).filter((message) => message !== null);
  const last = messages.at(-1);
  const ranMs = runTime(messages);
  if (status === null || status.status_str === 'success') return { how: 'done', outputs: refs, error: null, ranMs };
  if (INTERRUPTED.has(status.status_str) || messages.some(([name]) => name === 'execution_interrupted'))
    return { how: 'interrupted', outputs: refs, error: null, ranMs };
  const error = messages.findLast(([name]) => name === 'execution_error')?.[1] ?? last?.[1] ?? {};
  return { how: 'failed', outputs: refs, error: failure(error), ranMs };
}

/** `error` on every server so far; these are for servers to come. */
const INTERRUPTED: ReadonlySet<string> = new Set(['cancelled', 'interrupted']);

/**
 * How a job of the jobs API ended by its status word; null for one that is no end we know. An interrupted job is `failed`
 * without an error on 0.8.0 and `cancelled` on newer servers (C8).
 */
export function howOf(job: ComfyJob): Ended['how'] | null {
  switch (job.status) {
    case 'completed':
      return 'done';
    case 'cancelled':
      return 'interrupted';
    case 'failed':
      return job.execution_error === undefined || job.execution_error === null ? 'interrupted' : 'failed';
    default:
      return null;
  }
}

/** What a job says of its end by itself, without a history entry; null where it tells no end. */
export function readJob(job: ComfyJob): Ended | null {
  const how = howOf(job);
  if (how === null) return null;
  if (job.execution_status !== undefined && job.execution_status !== null)
    return readEnded(job.execution_status, job.outputs ?? null);
  const error = how === 'failed' ? failure(job.execution_error) : null;
  return { how, outputs: outputRefs(job.outputs ?? {}), error, ranMs: null };
}

/** What the stream alone has told, where history has lost the entry already; null when it told no end. */
export function readHeard(heard: HeardEnd | null, executed: Readonly<Record<string, unknown>>): Ended | null {
  if (heard === null) return null;
  const how = heard.type === 'success' ? 'done' : heard.type === 'interrupted' ? 'interrupted' : 'failed';
  const error = heard.type === 'error' ? failure(heard.message) : null;
  return { how, outputs: outputRefs(executed), error, ranMs: null };
}

/** The fact for the core. `by` says who stopped it, when it was interrupted. */
export function endedFact(ended: Ended, by: StoppedBy): EndedFact {
  const { outputs } = ended;
  const timed = ended.ranMs === null ? {} : { ranMs: ended.ranMs };
  if (ended.how === 'done') return { type: 'finished', outputs, ...timed };
  if (ended.how === 'interrupted')
    return { type: 'stopped', reach: 'running', outputs, by, evidence: 'proven', ...timed };
  return { type: 'executionFailed', error: ended.error ?? failure({}), outputs, ...timed };
}

const TimedSchema = z.object({ timestamp: z.number() });

function runTime(messages: readonly (readonly [string, unknown])[]): number | null {
  const first = TimedSchema.safeParse(messages[0]?.[1]);
  const last = TimedSchema.safeParse(messages.at(-1)?.[1]);
  return first.success && last.success ? Math.max(0, last.data.timestamp - first.data.timestamp) : null;
}

const FailureSchema = z.object({
  node_id: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .catch(null),
  node_type: z.string().nullish().catch(null),
  exception_type: z.string().nullish().catch(null),
  exception_message: z.string().nullish().catch(null),
  traceback: z.array(z.string()).nullish().catch(null),
});

/** By the exception's type, never by its text (architecture §12). */
const OUT_OF_MEMORY = /(^|\.)(OutOfMemoryError|OOM_EXCEPTION|MemoryError)$/;

function failure(message: unknown): WireError {
  const parsed = FailureSchema.safeParse(message);
  const data = parsed.success ? parsed.data : {};
  const type = data.exception_type ?? null;
  const said = (data.exception_message ?? '').trim();
  return toWire(
    new AppError('execution_failed', said === '' ? (type ?? 'the server gives no reason') : said.slice(0, 2_000), {
      details: {
        nodeId: data.node_id ?? null,
        nodeType: data.node_type ?? null,
        exceptionType: type,
        traceback: (data.traceback ?? []).join('').slice(0, 20_000),
        outOfMemory: type !== null && OUT_OF_MEMORY.test(type),
      },
    }),
  );
}

/** Inputs that name a file or model of the server's own: another server may well have it. */
const SERVER_FILE = /(_name|model|ckpt|lora|vae|unet|clip|control_?net|embedding|image|file)\d*$/i;

/** A node is refused for what it is linked to. */
const FOLLOW_UP = 'exception_during_inner_validation';

function inputOf(named: unknown, details: string): string {
  return typeof named === 'string' ? named : (details.split(':')[0] ?? '');
}

/**
 * The server says nothing itself where the fault lies upstream of the output (comfyui §3.3): its first one, with its
 * node.
 */
function firstFault(nodes: readonly (readonly [string, NodeFaults])[]): string {
  const faults = nodes.flatMap(([id, node]) => node.errors.map((fault) => ({ id, node, fault })));
  const first = faults.find(({ fault }) => fault.type !== FOLLOW_UP) ?? faults[0];
  if (first === undefined) return '';
  const { id, node, fault } = first;
  const named = `${node.class_type ?? ''} (${id})`.trim();
  return [named, fault.message, fault.details].filter((text) => text !== '').join(': ');
}

/** A 400 of `POST /prompt`. `elsewhere`: a node class or a file is missing on this server. */
export function readRefusal(refusal: Refusal): { error: AppError; elsewhere: boolean } {
  const { error } = refusal;
  const nodes = Object.entries(refusal.node_errors ?? {});
  const unknownClass = error.type === 'missing_node_type' || (error.type === 'invalid_prompt' && nodes.length === 0);
  const faults = nodes.flatMap(([, node]) => node.errors);
  const missing = (fault: (typeof faults)[number]): boolean =>
    fault.type === 'value_not_in_list' && SERVER_FILE.test(inputOf(fault.extra_info?.['input_name'], fault.details));
  const real = faults.filter((fault) => fault.type !== FOLLOW_UP || faults.length === 1);
  return {
    error: new AppError(
      'server_rejected',
      [error.message, error.details === '' ? firstFault(nodes) : error.details]
        .filter((text) => text !== '')
        .join(': ')
        .slice(0, 2_000) || 'refused',
      {
        details: { type: error.type, node_errors: refusal.node_errors ?? {} },
      },
    ),
    elsewhere: unknownClass || (real.length > 0 && real.every(missing)),
  };
}
