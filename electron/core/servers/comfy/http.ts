/**
 * ComfyUI's routes, one typed function each; no retries, no decisions. All throw AppError (or the signal's reason).
 * 200 from a route that changes something says nothing about its effect (comfyui §1): callers look.
 */
import type { z } from 'zod';
import { assert } from '../../../../shared/util/assert.ts';
import type { HttpAnswer, HttpClient, HttpStream } from '../../net/http-client.ts';
import { expectOk, jsonOf, readAnswer } from '../answers.ts';
import {
  CancelAnswerSchema,
  FeaturesSchema,
  HistorySchema,
  JobListSchema,
  JobSchema,
  PromptInfoSchema,
  QueueSchema,
  SystemStatsSchema,
} from './schemas.ts';
import type { ComfyJob, FileRef, HistoryEntry, QueueListing, SystemStats } from './schemas.ts';

/** 10,000 waiting prompts of 20 KB are 208 MB (comfyui §6). */
const QUEUE_BYTES = 400 * 1024 * 1024;
const QUEUE_MS = 60_000;
/** A targeted interrupt with 10,000 waiting stalls the server for 7 s (C6). */
const INTERRUPT_MS = 60_000;
const LARGE = { maxBytes: 256 * 1024 * 1024 };

interface SubmitBody {
  readonly prompt: unknown;
  readonly prompt_id: string;
  readonly client_id: string;
  readonly extra_data: Readonly<Record<string, unknown>>;
}

/** `unavailable`: no such API here, or it fails because of somebody's metadata (comfyui §3.7). */
type JobAnswer = { answer: 'job'; job: ComfyJob } | { answer: 'none' } | { answer: 'unavailable' };

export class ComfyHttp {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Running and waiting together. */
  async queueRemaining(signal: AbortSignal): Promise<number> {
    const info = await this.#read(PromptInfoSchema, '/prompt', signal);
    return info.exec_info.queue_remaining;
  }

  async systemStats(signal: AbortSignal): Promise<SystemStats> {
    return await this.#read(SystemStatsSchema, '/system_stats', signal);
  }

  /** False also where the server has no such route. */
  async previewMetadata(signal: AbortSignal): Promise<boolean> {
    const answer = await this.#http.send({ method: 'GET', path: '/features', signal });
    if (answer.status !== 200) return false;
    const parsed = FeaturesSchema.safeParse(jsonOf(answer));
    return parsed.success && parsed.data.supports_preview_metadata === true;
  }

  /** `broken`: 500, so it seems to be there but cannot answer now (comfyui §3.7). */
  async jobsApi(signal: AbortSignal): Promise<'works' | 'broken' | 'none'> {
    const answer = await this.#http.send({ method: 'GET', path: '/api/jobs?limit=1', signal });
    if (answer.status === 500) return 'broken';
    return answer.status === 200 && JobListSchema.safeParse(jsonOf(answer)).success ? 'works' : 'none';
  }

  /**
   * Asked with an id that nobody has (C16): newer servers answer 200 `{"cancelled":false}`, older ones 404 or 405. A 200
   * in other words is a proxy's, and no cancel would come of it.
   */
  async hasJobCancel(unusedId: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#http.send({ method: 'POST', path: `/api/jobs/${unusedId}/cancel`, signal });
    return answer.status === 200 && CancelAnswerSchema.safeParse(jsonOf(answer)).success;
  }

  /** Null when it can't be listed this way. No graphs, cheap: 34 ms with 10,000 waiting. */
  async listJobs(query: string, signal: AbortSignal): Promise<ComfyJob[] | null> {
    const answer = await this.#http.send({ method: 'GET', path: `/api/jobs?${query}`, signal, ...LARGE });
    if (answer.status !== 200) return null;
    return readAnswer(JobListSchema, answer, 'GET /api/jobs').jobs;
  }

  async job(id: string, signal: AbortSignal): Promise<JobAnswer> {
    const answer = await this.#http.send({
      method: 'GET',
      path: `/api/jobs/${encodeURIComponent(id)}`,
      signal,
      ...LARGE,
    });
    if (answer.status === 200) return { answer: 'job', job: readAnswer(JobSchema, answer, 'GET /api/jobs/{id}') };
    // A 404 counts only when the jobs API itself says it: a proxy's 404 proves nothing.
    if (answer.status === 404 && answer.text.includes('not found') && answer.contentType.includes('json'))
      return { answer: 'none' };
    return { answer: 'unavailable' };
  }

  /** Full graphs of everything: dear with strangers waiting (C6, comfyui §6). */
  async queue(signal: AbortSignal): Promise<QueueListing> {
    return await this.#read(QueueSchema, '/queue', signal, { timeoutMs: QUEUE_MS, maxBytes: QUEUE_BYTES });
  }

  /** Null when history has no such prompt: it may still wait, run, have been removed, or never have been there. */
  async history(id: string, signal: AbortSignal): Promise<HistoryEntry | null> {
    const history = await this.#read(HistorySchema, `/history/${encodeURIComponent(id)}`, signal, LARGE);
    return history[id] ?? null;
  }

  /** The newest ended prompt, or null. */
  async newestEnded(signal: AbortSignal): Promise<string | null> {
    return Object.keys(await this.#read(HistorySchema, '/history?max_items=1', signal, LARGE)).at(-1) ?? null;
  }

  /** Sends once on a connection of its own; not abortable. Answers whatever the server said. */
  async submit(body: SubmitBody): Promise<HttpAnswer> {
    assert(body.prompt_id !== '' && body.client_id !== '', 'a prompt needs its id and ours');
    return await this.#http.send({ method: 'POST', path: '/prompt', json: body, fresh: true, timeoutMs: 60_000 });
  }

  /** Removes waiting prompts; others are not affected. */
  async deleteWaiting(ids: readonly string[], signal: AbortSignal): Promise<void> {
    assert(ids.length > 0 && ids.every((id) => id !== ''), 'ids to delete are missing');
    await this.#change('/queue', { delete: ids }, signal);
  }

  /** Signals the running prompt with this id to stop. An empty id would hit whoever runs (C4): it is a bug. */
  async interrupt(id: string, signal: AbortSignal): Promise<void> {
    assert(id !== '', 'an interrupt without an id would stop somebody else');
    await this.#change('/interrupt', { prompt_id: id }, signal, INTERRUPT_MS);
  }

  /** Newer servers (C16): dequeues or signals, under one lock. */
  async cancelJob(id: string, signal: AbortSignal): Promise<void> {
    assert(id !== '', 'a cancel needs an id');
    await this.#change(`/api/jobs/${encodeURIComponent(id)}/cancel`, undefined, signal, INTERRUPT_MS);
  }

  async free(signal: AbortSignal): Promise<void> {
    await this.#change('/free', { unload_models: true, free_memory: true }, signal);
  }

  /** The stored file itself, unconverted. */
  async view(file: FileRef, signal: AbortSignal): Promise<HttpStream> {
    const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type });
    return await this.#http.open({ method: 'GET', path: `/view?${query.toString()}`, signal, timeoutMs: 30_000 });
  }

  async #read<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    signal: AbortSignal,
    limits: { readonly timeoutMs?: number; readonly maxBytes?: number } = {},
  ): Promise<z.output<Schema>> {
    const answer = await this.#http.send({ method: 'GET', path, signal, ...limits });
    const route = `GET ${path}`;
    return readAnswer(schema, expectOk(answer, route), route);
  }

  async #change(path: string, json: unknown, signal: AbortSignal, timeoutMs?: number): Promise<void> {
    const limits = timeoutMs === undefined ? {} : { timeoutMs };
    expectOk(await this.#http.send({ method: 'POST', path, json, signal, ...limits }), `POST ${path}`);
  }
}
