/**
 * Other people's work on one server: lists it, debounced, in true run order, and finds out how it ended as far as can be
 * known (C11: the stream tells a passive observer nothing but that something changed). Also hands each listing on, for
 * the places of our own jobs. Stops nothing.
 */
import type { ForeignJob } from '../../../../shared/server.ts';
import { isAbort } from '../../../../shared/errors.ts';
import type { AdapterContext, ForeignEnded } from '../adapter.ts';
import type { ComfyHttp } from './http.ts';
import type { Listing, Looks } from './look.ts';
import { howOf, readEnded } from './outcome.ts';
import type { Tracks } from './tracks.ts';
import type { Witness } from './witness.ts';

interface ForeignContext {
  readonly adapter: AdapterContext;
  readonly http: ComfyHttp;
  readonly looks: Looks;
  readonly tracks: Tracks;
  readonly witness: Witness;
  readonly jobsApi: () => boolean;
  /** Each listing, with the time it was asked for (monotonic ms). */
  readonly onListing: (listing: Listing, askedAt: number) => void;
}

/** A listing is taken this long after a change, so that a burst of frames costs one. */
const DEBOUNCE_MS = 120;
/** And not more often than this, nor than 10 times what the last one took: strangers' queues must stay cheap for us. */
const LEAST_GAP_MS = 250;
const COST_FACTOR = 10;
const SHOWN = 200;
const ORDERED = 400;
/** Up to this many endings are looked up one by one; more are read from one list of the newest ended jobs. */
const ONE_BY_ONE = 8;
const ENDED_LIST = 500;
/** Endings asked for together where each is a question of its own. */
const AT_ONCE = 6;

interface Known {
  state: 'waiting' | 'running';
  readonly firstSeen: number;
  startedAt: number | null;
}

export class ForeignWatch {
  readonly #context: ForeignContext;
  readonly #known = new Map<string, Known>();
  readonly #cancelling = new Set<string>();
  readonly #stoppedByUs = new Set<string>();
  #signal: AbortSignal | null = null;
  #timer: NodeJS.Timeout | null = null;
  #busy: Promise<void> | null = null;
  #again = false;
  #notBefore = 0;
  #lastTold = '';

  constructor(context: ForeignContext) {
    this.#context = context;
  }

  /** Begins on a new connection; ends with its signal. */
  attach(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#signal = signal;
    this.#lastTold = '';
    signal.addEventListener(
      'abort',
      () => {
        if (this.#timer !== null) clearTimeout(this.#timer);
        this.#timer = null;
      },
      { once: true },
    );
    this.poke();
  }

  /** Something may have changed. */
  poke(): void {
    if (this.#signal === null || this.#signal.aborted || this.#timer !== null) return;
    if (this.#busy !== null) {
      this.#again = true;
      return;
    }
    const wait = Math.max(DEBOUNCE_MS, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.refresh();
    }, wait);
  }

  /** Lists now; joins a listing under way. Never throws. */
  refresh(): Promise<void> {
    if (this.#busy !== null) return this.#busy;
    const signal = this.#signal;
    if (signal === null || signal.aborted) return Promise.resolve();
    const busy = this.#refresh(signal)
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#context.adapter.log.debug('foreign work could not be listed', { error });
      })
      .finally(() => {
        this.#busy = null;
        if (this.#again) {
          this.#again = false;
          this.poke();
        }
      });
    this.#busy = busy;
    return busy;
  }

  /** A stop of this prompt begins (true) or is over. */
  setCancelling(key: string, on: boolean): void {
    if (on) this.#cancelling.add(key);
    else this.#cancelling.delete(key);
    this.poke();
  }

  /** It was stopped, and by us: told so when its end is noticed. */
  stoppedByUs(key: string): void {
    this.#stoppedByUs.add(key);
    this.poke();
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const askedAt = performance.now();
    const listing = await this.#context.looks.list(signal);
    const listedAt = performance.now();
    this.#notBefore = listedAt + Math.max(LEAST_GAP_MS, (listedAt - askedAt) * COST_FACTOR);
    this.#context.onListing(listing, askedAt);
    const present = this.#note(listing);
    const gone = [...this.#known.keys()].filter((key) => !present.has(key));
    const ended = await this.#howEnded(gone, signal);
    for (const { remoteKey } of ended) this.#known.delete(remoteKey);
    this.#tell(listing, ended);
  }

  #note(listing: Listing): Set<string> {
    const { adapter, tracks } = this.#context;
    const at = Date.now();
    const present = new Set<string>();
    const see = (key: string, state: Known['state']): void => {
      if (adapter.isOurs(key) || tracks.wasOurs(key)) return;
      present.add(key);
      const known = this.#known.get(key);
      if (known === undefined)
        this.#known.set(key, { state, firstSeen: at, startedAt: state === 'running' ? at : null });
      else if (known.state !== state) {
        known.state = state;
        known.startedAt = state === 'running' ? at : known.startedAt;
      }
    };
    for (const key of listing.running) see(key, 'running');
    for (const key of listing.waiting) see(key, 'waiting');
    return present;
  }

  #tell(listing: Listing, ended: readonly ForeignEnded[]): void {
    const order = [...listing.running, ...listing.waiting].slice(0, ORDERED);
    const jobs: ForeignJob[] = [];
    const beyond: string[] = [];
    let total = 0;
    const add = (key: string, place: number | null): void => {
      const known = this.#known.get(key);
      if (known === undefined) return;
      total += 1;
      if (jobs.length >= SHOWN) {
        beyond.push(key);
        return;
      }
      jobs.push({
        serverId: this.#context.adapter.server.id,
        remoteKey: key,
        state: known.state,
        how: null,
        place,
        cancelling: this.#cancelling.has(key),
        firstSeen: known.firstSeen,
        startedAt: known.startedAt,
        endedAt: null,
      });
    };
    for (const key of listing.running) add(key, null);
    for (const [index, key] of listing.waiting.entries()) add(key, index + 1);
    // Being stopped and not listed any more: still there for us, until the stop has said how it ended.
    const left = new Set(this.#cancelling);
    for (const key of [...listing.running, ...listing.waiting]) left.delete(key);
    for (const key of left) add(key, null);
    const told = JSON.stringify([total, order, jobs.map((job) => job.cancelling)]);
    if (told === this.#lastTold && ended.length === 0) return;
    this.#lastTold = told;
    this.#context.adapter.sink.foreign({ jobs, total, counts: [], order }, ended, beyond);
  }

  /** One that is being stopped by us and left no word of its own is not judged yet: the stop will say what it was. */
  async #howEnded(keys: readonly string[], signal: AbortSignal): Promise<ForeignEnded[]> {
    if (keys.length === 0) return [];
    const listed = keys.length > ONE_BY_ONE ? await this.#endedList(signal) : null;
    const known = new Map(listed);
    const unknown = keys.filter((key) => (known.get(key) ?? null) === null);
    const asked = listed === null ? unknown : unknown.slice(0, ONE_BY_ONE);
    for (let at = 0; at < asked.length; at += AT_ONCE) {
      await Promise.all(
        asked.slice(at, at + AT_ONCE).map(async (key) => {
          const entry = await this.#context.http.history(key, signal);
          if (entry !== null) known.set(key, readEnded(entry.status ?? null, entry.outputs ?? null).how);
        }),
      );
    }
    const ended: ForeignEnded[] = [];
    for (const key of keys) {
      const how = known.get(key) ?? null;
      if (how !== null) this.#context.witness.set(key);
      if (this.#cancelling.has(key) && (how === null || how === 'interrupted')) continue;
      const ours = this.#stoppedByUs.delete(key);
      ended.push({
        remoteKey: key,
        how: ours && (how === null || how === 'interrupted') ? 'cancelled-by-us' : (how ?? 'gone'),
      });
    }
    return ended;
  }

  /** The newest ended jobs with how they ended; null where the server has no jobs API (one by one then). */
  async #endedList(signal: AbortSignal): Promise<Map<string, 'done' | 'failed' | 'interrupted' | null> | null> {
    if (!this.#context.jobsApi()) return null;
    const query = `status=completed,failed&sort_by=created_at&sort_order=desc&limit=${String(ENDED_LIST)}`;
    const jobs = await this.#context.http.listJobs(query, signal);
    // Newer servers call interrupted ones "cancelled"; older ones refuse that word, so it is asked for by itself.
    const cancelled =
      jobs === null ? null : await this.#context.http.listJobs(query.replace('completed,failed', 'cancelled'), signal);
    return jobs === null ? null : new Map([...jobs, ...(cancelled ?? [])].map((job) => [job.id, howOf(job)]));
  }
}
