/**
 * Keeps the stream honest (architecture §9, C12): while a prompt of ours is open and nothing is heard of it, looks; a
 * slow poll of the server's count unmasks a silent socket; listings unmask a worker that never runs and prompts that
 * others removed. What the stream should have told is told then, and a stream that was wrong twice is replaced.
 */
import { isAbort } from '../../../../shared/errors.ts';
import type { ServerStatus } from '../../../../shared/server.ts';
import type { Log } from '../../log.ts';
import type { Evidence } from './evidence.ts';
import type { ForeignWatch } from './foreign.ts';
import type { ComfyHttp } from './http.ts';
import type { Listing, Looks } from './look.ts';
import type { Session } from './session.ts';
import type { Track, Tracks } from './tracks.ts';

interface WatchdogContext {
  readonly http: ComfyHttp;
  readonly session: Session;
  readonly tracks: Tracks;
  readonly looks: Looks;
  readonly evidence: Evidence;
  readonly foreign: ForeignWatch;
  readonly log: Log;
  readonly timing: WatchTiming;
  readonly problems: (problems: ServerStatus['problems']) => void;
  readonly recycle: (why: string) => void;
}

/** How patient it is, ms. Tests make it less so. */
export interface WatchTiming {
  readonly tickMs: number;
  /** Nothing heard of an open prompt for this long: look. */
  readonly quietMs: number;
  readonly pollMs: number;
}
export const PATIENT: WatchTiming = { tickMs: 2_000, quietMs: 10_000, pollMs: 10_000 };
/** Absent twice, this far apart, before it is believed (architecture §8). */
const ABSENT_MS = 3_000;
const IDLE_WORKER_MS = 6_000;
const MISSES = 2;

export class Watchdog {
  readonly #context: WatchdogContext;
  #misses = 0;
  #polledAt = 0;
  #pollMismatches = 0;
  #idleSince: number | null = null;
  #neverRuns = false;
  readonly #busy = new Set<Track>();

  constructor(context: WatchdogContext) {
    this.#context = context;
  }

  /** Watches one connection until its signal aborts. */
  attach(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#misses = 0;
    this.#pollMismatches = 0;
    this.#idleSince = null;
    this.#polledAt = performance.now();
    const timer = setInterval(() => {
      this.#tick(signal);
    }, this.#context.timing.tickMs);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(timer);
      },
      { once: true },
    );
  }

  /** Called with every listing; `askedAt` is when it was asked for. */
  listed(listing: Listing, askedAt: number): void {
    const present = new Set([...listing.running, ...listing.waiting]);
    for (const track of this.#context.tracks.all()) {
      if (!track.confirmed || track.stopping > 0 || present.has(track.key)) continue;
      // Asked before it was there, or before the stream named it last: the listing may be older than what we know.
      if (track.sighting === null && track.lastEventAt >= askedAt) continue;
      this.#check(track, this.#context.session.signal);
    }
    this.#watchWorker(listing);
  }

  #tick(signal: AbortSignal): void {
    const now = performance.now();
    for (const track of this.#context.tracks.all()) {
      if (track.stopping > 0) continue;
      const due =
        track.absentSince === null
          ? now - track.lastEventAt >= this.#context.timing.quietMs
          : now - track.absentSince >= ABSENT_MS;
      if (due) this.#check(track, signal);
    }
    if (now - this.#polledAt >= this.#context.timing.pollMs) {
      this.#polledAt = now;
      void this.#poll(signal);
    }
  }

  #check(track: Track, signal: AbortSignal): void {
    if (this.#busy.has(track) || signal.aborted) return;
    this.#busy.add(track);
    this.#look(track, signal)
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#context.log.debug('a look failed', { remoteKey: track.key, error });
      })
      .finally(() => {
        this.#busy.delete(track);
      });
  }

  async #look(track: Track, signal: AbortSignal): Promise<void> {
    const { tracks, looks, timing } = this.#context;
    const startSeen = track.startSeen;
    const quiet = performance.now() - track.lastEventAt >= timing.quietMs;
    const look = await looks.look(track, signal);
    if (track.ended !== null || track.stopping > 0) return;
    track.lastEventAt = Math.max(track.lastEventAt, performance.now() - timing.quietMs / 2);
    if (look.saw === 'ended') {
      tracks.end(track, look.fact);
      if (quiet) this.#missed('an end');
    } else if (look.saw === 'running' && !startSeen && quiet) this.#missed('a start');
    else if (look.saw === 'absent') await this.#absent(track, signal);
  }

  async #absent(track: Track, signal: AbortSignal): Promise<void> {
    const { tracks } = this.#context;
    // What was never known to be there is for the settle window of recovery, not for us.
    if (!track.confirmed) return;
    if (track.absentSince === null) {
      track.absentSince = performance.now();
      return;
    }
    if (performance.now() - track.absentSince < ABSENT_MS) return;
    if (await this.#context.evidence.provesRemoval(track, signal)) {
      tracks.end(track, {
        type: 'stopped',
        reach: 'waiting',
        outputs: [],
        by: 'removed-from-queue',
        evidence: 'proven',
      });
    }
    // Anything less is for recovery to judge (architecture §8): it alone may call a job lost.
  }

  #missed(what: string): void {
    this.#misses += 1;
    if (this.#misses < MISSES) return;
    this.#misses = 0;
    this.#context.recycle(`the stream missed ${what}, twice`);
  }

  /** A socket that heard nothing while the count changed is deaf. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { http, session } = this.#context;
    const frames = session.frames;
    try {
      const remaining = await http.queueRemaining(signal);
      if (remaining > 0) this.#context.foreign.poke();
      const deaf = remaining !== session.remaining && frames === session.frames;
      this.#pollMismatches = deaf ? this.#pollMismatches + 1 : 0;
      if (this.#pollMismatches >= MISSES) this.#context.recycle('the stream is silent while the queue changes');
    } catch (error) {
      if (!isAbort(error)) this.#context.log.debug('the server did not answer the slow poll', { error });
    }
  }

  /** Waiting work and nothing running for seconds: the worker is dead and only a restart helps (comfyui §3.3). */
  #watchWorker(listing: Listing): void {
    const now = performance.now();
    const idle = listing.waiting.length > 0 && listing.running.length === 0;
    if (!idle) this.#idleSince = null;
    else this.#idleSince ??= now;
    const neverRuns = this.#idleSince !== null && now - this.#idleSince >= IDLE_WORKER_MS;
    if (neverRuns === this.#neverRuns) {
      if (idle) this.#context.foreign.poke();
      return;
    }
    this.#neverRuns = neverRuns;
    this.#context.problems(neverRuns ? [{ code: 'never-runs', params: { waiting: listing.waiting.length } }] : []);
  }
}
