/**
 * Looks: asks the server where prompts are, always queue before history (C7), several at once in one listing. Notes what
 * it sees on the track (waiting, running), because that is evidence later. Decides nothing.
 */
import { AppError } from '../../../../shared/errors.ts';
import { raceAbort } from '../../../../shared/util/async.ts';
import type { Look } from './cancel.ts';
import type { Endings } from './endings.ts';
import type { ComfyHttp } from './http.ts';
import { readEnded, readJob } from './outcome.ts';
import type { ComfyJob } from './schemas.ts';
import { unanswered } from './session.ts';
import type { Session } from './session.ts';
import type { Track, Tracks } from './tracks.ts';
import type { Witness } from './witness.ts';

/** Everything on the server, in true run order: running, then waiting by number and id (comfyui §3.2). */
export interface Listing {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
}

interface LookContext {
  readonly http: ComfyHttp;
  readonly jobsApi: () => boolean;
  readonly session: Session;
  readonly witness: Witness;
  readonly tracks: Tracks;
  readonly endings: Endings;
}

/** From this many prompts on, one listing is cheaper than a request each. */
const MANY = 4;

export class Looks {
  readonly #context: LookContext;
  #batch: { track: Track; answer: PromiseWithResolvers<Look> }[] = [];

  constructor(context: LookContext) {
    this.#context = context;
  }

  /** One look at one prompt; looks asked for in the same turn share a listing. Throws AppError. */
  look(track: Track, signal: AbortSignal): Promise<Look> {
    const answer = Promise.withResolvers<Look>();
    this.#batch.push({ track, answer });
    if (this.#batch.length === 1) setImmediate(() => void this.#flush());
    return raceAbort(answer.promise, signal);
  }

  /** Null entries are not possible: a jobs API that fails is replaced by `/queue` (comfyui §3.7). */
  async list(signal: AbortSignal): Promise<Listing> {
    const { http, jobsApi } = this.#context;
    const jobs = jobsApi() ? await http.listJobs('status=in_progress,pending', signal) : null;
    if (jobs !== null) {
      return {
        running: jobs.filter((job) => job.status === 'in_progress').map((job) => job.id),
        waiting: runOrder(jobs.filter((job) => job.status === 'pending').map((job) => [job.priority ?? 0, job.id])),
      };
    }
    return await this.#queued(signal);
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const { signal } = this.#context.session;
    // Read before the question: what was ended by then ended before our prompt can have.
    const witness = this.#context.witness.get();
    const listing = await this.#listingFor(batch.length, signal).catch((error: unknown) => {
      for (const { answer } of batch) answer.reject(unanswered(error));
      return undefined;
    });
    if (listing === undefined) return;
    await Promise.all(
      batch.map(async ({ track, answer }) => {
        try {
          const look =
            (listing === null ? null : inListing(listing, track.key)) ??
            (await this.#one(track, listing !== null, signal));
          this.#note(track, look, witness);
          answer.resolve(look);
        } catch (error) {
          answer.reject(unanswered(error));
        }
      }),
    );
  }

  async #listingFor(count: number, signal: AbortSignal): Promise<Listing | null> {
    return this.#context.jobsApi() && count < MANY ? null : await this.list(signal);
  }

  /** `listed`: a listing has just shown that it is not in the queue. */
  async #one(track: Track, listed: boolean, signal: AbortSignal): Promise<Look> {
    const { http, jobsApi } = this.#context;
    if (jobsApi()) {
      const answer = await http.job(track.key, signal);
      if (answer.answer === 'job') return await this.#fromJob(track, answer.job, signal);
      // History once more: a server that read its own history before its queue would miss an end in between. What was
      // not in the queue before this question had ended before it.
      if (answer.answer === 'none') return listed ? { saw: 'absent' } : await this.#fromHistory(track, signal);
    }
    if (!listed) {
      const found = inListing(await this.list(signal), track.key);
      if (found !== null) return found;
    }
    return await this.#fromHistory(track, signal);
  }

  async #fromJob(track: Track, job: ComfyJob, signal: AbortSignal): Promise<Look> {
    if (job.status === 'pending') return { saw: 'waiting' };
    if (job.status === 'in_progress') return { saw: 'running' };
    const ended = readJob(job);
    if (ended !== null) {
      const told = job.execution_status !== undefined && job.execution_status !== null;
      const entry: Look = told ? { saw: 'absent' } : await this.#fromHistory(track, signal);
      return entry.saw === 'absent' ? { saw: 'ended', fact: this.#context.endings.fact(track, ended) } : entry;
    }
    // A word of a server to come: it is there in some way, so its absence elsewhere proves nothing.
    const queue = await this.#queued(signal);
    const look = inListing(queue, track.key) ?? (await this.#fromHistory(track, signal));
    if (look.saw !== 'absent') return look;
    throw new AppError('server_protocol', `GET /api/jobs/{id}: the status ${job.status} is not known`, {
      details: { status: job.status },
    });
  }

  async #queued(signal: AbortSignal): Promise<Listing> {
    const queue = await this.#context.http.queue(signal);
    return {
      running: queue.queue_running.map(([, id]) => id),
      waiting: runOrder(queue.queue_pending.map(([number, id]) => [number ?? 0, id])),
    };
  }

  async #fromHistory(track: Track, signal: AbortSignal): Promise<Look> {
    const entry = await this.#context.http.history(track.key, signal);
    if (entry === null) return { saw: 'absent' };
    return {
      saw: 'ended',
      fact: this.#context.endings.fact(track, readEnded(entry.status ?? null, entry.outputs ?? null)),
    };
  }

  #note(track: Track, look: Look, witness: string | null): void {
    if (look.saw === 'waiting') {
      const { number, frames } = this.#context.session;
      track.confirmed = true;
      track.sighting = { connection: number, frames, witness: witness === track.key ? null : witness };
    }
    if (look.saw === 'running') this.#context.tracks.started(track);
    if (look.saw !== 'absent') track.absentSince = null;
  }
}

function inListing(listing: Listing, key: string): Look | null {
  if (listing.running.includes(key)) return { saw: 'running' };
  return listing.waiting.includes(key) ? { saw: 'waiting' } : null;
}

/** Ascending number, ties by ascending id (seen on a real server; not by arrival). */
function runOrder(items: (readonly [number, string])[]): string[] {
  return items.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0)).map(([, id]) => id);
}
