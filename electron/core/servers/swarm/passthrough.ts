/**
 * The ComfyUI backends behind a SwarmUI server, through its passthrough (swarmui §8; S9, S18): their queues, and
 * stopping one prompt by its id. One backend at a time, always named. Never an interrupt without an id, never a clear.
 */
import { AppError } from '../../../../shared/errors.ts';
import { assert } from '../../../../shared/util/assert.ts';
import type { HttpClient } from '../../net/http-client.ts';
import { expectOk, readAnswer } from '../answers.ts';
import { QueueSchema } from './schemas.ts';
import { ATTEMPT_KEY, CLIENT_KEY } from './submit.ts';

const BASE = '/ComfyBackendDirect';
/** 10,000 waiting prompts of 20 KB are 208 MB (comfyui §6). */
const QUEUE_BYTES = 400 * 1024 * 1024;
const QUEUE_MS = 60_000;
/** A graph with more nodes than this is not searched to its end for our mark: each node carries it. */
const MARK_NODES = 20;

export interface BackendPrompt {
  readonly backend: number;
  readonly promptId: string;
  readonly state: 'running' | 'waiting';
  /** Place among the waiting ones of its backend, from 1; 0 while it runs. */
  readonly place: number;
  /** The attempt whose mark it carries (S18), of whichever client. */
  readonly attemptId: string | null;
  /** The installation that set it. */
  readonly clientId: string | null;
}

/** What the backends' queues show. `complete`: every backend that may run a job of ours was seen. */
export interface QueueLook {
  readonly prompts: readonly BackendPrompt[];
  readonly complete: boolean;
}

export class SwarmPassthrough {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Whether we are let in. 400 says: let in, but no ComfyUI backend runs. Throws when the server does not answer. */
  async allowed(signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#http.send({ method: 'GET', path: `${BASE}/prompt`, signal });
      return answer.status === 200 || answer.status === 400 || answer.status === 500;
    } catch (error) {
      if (error instanceof AppError && error.code === 'server_auth') return false;
      throw error;
    }
  }

  /** What runs and waits on one backend, in its order. Throws AppError, also while that ComfyUI is down. */
  async queue(backend: number, signal: AbortSignal): Promise<BackendPrompt[]> {
    const answer = await this.#http.send({
      method: 'GET',
      path: `${BASE}/queue`,
      headers: header(backend),
      signal,
      timeoutMs: QUEUE_MS,
      maxBytes: QUEUE_BYTES,
    });
    const route = `GET queue of backend ${String(backend)}`;
    const { queue_running: running, queue_pending: pending } = readAnswer(QueueSchema, expectOk(answer, route), route);
    const waiting = [...pending].sort((a, b) => Number(a[0]) - Number(b[0]));
    return [
      ...running.map((item): BackendPrompt => ({
        backend,
        promptId: item[1],
        state: 'running',
        place: 0,
        ...markOf(item[2]),
      })),
      ...waiting.map((item, index): BackendPrompt => ({
        backend,
        promptId: item[1],
        state: 'waiting',
        place: index + 1,
        ...markOf(item[2]),
      })),
    ];
  }

  /** Stops one running prompt. Without an id it would be global and hit whoever runs: that is a bug (swarmui §8.2). */
  async interrupt(backend: number, promptId: string): Promise<void> {
    assert(promptId !== '', 'an interrupt without an id would stop somebody else');
    await this.#change('interrupt', backend, { prompt_id: promptId });
  }

  /**
   * Removes one waiting prompt. Only for an orphan of ours: a waiting prompt of a live job would hang that job and its
   * slot (S9). Other prompts are not affected.
   */
  async deleteOrphan(backend: number, promptId: string): Promise<void> {
    assert(promptId !== '', 'a prompt id is missing');
    await this.#change('queue', backend, { delete: [promptId] });
  }

  async #change(route: string, backend: number, json: unknown): Promise<void> {
    const answer = await this.#http.send({ method: 'POST', path: `${BASE}/${route}`, headers: header(backend), json });
    expectOk(answer, `POST ${route} of backend ${String(backend)}`);
  }
}

const header = (backend: number): Record<string, string> => ({ 'x-swarm-backend-id': String(backend) });

const NO_MARK = { attemptId: null, clientId: null };

/** Our words in the nodes' `_meta`. */
function markOf(graph: unknown): { attemptId: string | null; clientId: string | null } {
  if (typeof graph !== 'object' || graph === null) return NO_MARK;
  for (const node of Object.values(graph as Record<string, unknown>).slice(0, MARK_NODES)) {
    if (typeof node !== 'object' || node === null || !('_meta' in node)) continue;
    const meta: unknown = node._meta;
    if (typeof meta !== 'object' || meta === null) continue;
    const { [ATTEMPT_KEY]: attemptId, [CLIENT_KEY]: clientId } = meta as Record<string, unknown>;
    if (typeof attemptId === 'string' && attemptId !== '')
      return { attemptId, clientId: typeof clientId === 'string' ? clientId : null };
  }
  return NO_MARK;
}
