/**
 * The prompts we follow on one server, and what the event stream says of each: facts, progress, and the moment to look
 * up a result. Makes no requests; the adapter does when `onOver` asks it to.
 */
import type { ServerFact } from '../../../../shared/job-fact.ts';
import { Wake } from '../../../../shared/util/async.ts';
import type { AdapterSink } from '../adapter.ts';
import type { ComfyEvent } from './frames.ts';
import type { EndedFact, HeardEnd } from './outcome.ts';
import type { StopSubject } from './stop.ts';

/** How the following of a prompt can end. */
export type TrackEnd = EndedFact | Extract<ServerFact, { type: 'vanished' }>;

/**
 * Known to be on the server and not ended at some moment. `connection`: on which a look said "waiting", or -1 for none;
 * `frames`: status frames heard until then; `witness`: newest ended prompt known before that moment.
 */
export interface Sighting {
  readonly connection: number;
  readonly frames: number;
  readonly witness: string | null;
}

export class Track implements StopSubject {
  readonly key: string;
  readonly wake = new Wake();
  /** The server is known to have it: it accepted it, or a look or event showed it. */
  confirmed = false;
  startSeen = false;
  /** Monotonic, ms; null while unknown. */
  startedAt: number | null = null;
  sighting: Sighting | null = null;
  ended: TrackEnd | null = null;
  node: string | null = null;
  /** How the stream says it ended; used only where history has lost it meanwhile. */
  heard: HeardEnd | null = null;
  /** `executed` outputs by node, for the same case. */
  readonly executed: Record<string, unknown> = {};
  /** Node ids whose class loads models. */
  loaders: ReadonlySet<string> = new Set();
  /** When looks began to find it absent, monotonic ms; null while they do not. */
  absentSince: number | null = null;
  /** Stop procedures that run on it now. */
  stopping = 0;
  /** Monotonic time of the last event that named it. */
  lastEventAt = 0;

  constructor(key: string) {
    this.key = key;
  }
}

const REMEMBERED = 5_000;

/** Adds to a set that forgets its oldest. */
function remember(keys: Set<string>, key: string): void {
  keys.add(key);
  if (keys.size <= REMEMBERED) return;
  const [oldest] = keys;
  if (oldest !== undefined) keys.delete(oldest);
}

export class Tracks {
  readonly #sink: Pick<AdapterSink, 'fact' | 'live'>;
  readonly #onOver: (track: Track) => void;
  readonly #open = new Map<string, Track>();
  readonly #everOurs = new Set<string>();
  readonly #ended = new Set<string>();
  #running: string | null = null;

  /** `onOver`: the stream says that it is over: look up how. */
  constructor(sink: Pick<AdapterSink, 'fact' | 'live'>, onOver: (track: Track) => void) {
    this.#sink = sink;
    this.#onOver = onOver;
  }

  get(key: string): Track | undefined {
    return this.#open.get(key);
  }

  all(): readonly Track[] {
    return [...this.#open.values()];
  }

  /** The track of this key, made if there is none. */
  follow(key: string): Track {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const track = new Track(key);
    track.lastEventAt = performance.now();
    this.#open.set(key, track);
    remember(this.#everOurs, key);
    return track;
  }

  /** A track of somebody else's prompt, for one stop: known to nobody but its caller. */
  borrow(key: string): Track {
    return this.#open.get(key) ?? new Track(key);
  }

  forget(key: string): void {
    this.#open.delete(key);
    if (this.#running === key) this.#running = null;
  }

  /** True also for prompts of ours that have ended: a listing may be older than that. */
  wasOurs(key: string): boolean {
    return this.#everOurs.has(key);
  }

  /** A new connection: what runs is unknown until something names it. */
  reconnected(): void {
    this.#running = null;
  }

  started(track: Track): void {
    track.confirmed = true;
    if (track.startSeen) return;
    track.startSeen = true;
    track.startedAt = performance.now();
    if (this.#open.get(track.key) === track) this.#sink.fact(track.key, { type: 'started' });
    track.wake.wake();
  }

  /** Notes the end once and lets go of the track. `tell: false` where a report carries the fact to the core. */
  end(track: Track, fact: TrackEnd, tell = true): void {
    if (track.ended !== null) return;
    track.ended = fact;
    remember(this.#ended, track.key);
    if (this.#open.get(track.key) === track) this.forget(track.key);
    if (tell) this.#sink.fact(track.key, fact);
    track.wake.wake();
  }

  handle(event: ComfyEvent): void {
    switch (event.type) {
      case 'start': {
        // Only our own prompts' starts reach us (C11): one we do not follow is an earlier attempt that turned up after all.
        const track =
          this.#open.get(event.promptId) ?? (this.#ended.has(event.promptId) ? undefined : this.follow(event.promptId));
        if (track !== undefined) this.#seenRunning(track);
        return;
      }
      case 'executing':
        this.#executing(event.promptId, event.node);
        return;
      case 'cached':
        this.#with(event.promptId, (track) => {
          this.#seenRunning(track);
          if (event.nodes.length > 0) this.#sink.live(track.key, { type: 'nodes-cached', nodes: event.nodes });
        });
        return;
      case 'progress':
        if (event.promptId === null || !(event.max > 0)) return;
        this.#with(event.promptId, (track) => {
          this.#seenRunning(track);
          this.#sink.live(track.key, { type: 'step', node: event.node, value: event.value, max: event.max });
        });
        return;
      case 'executed':
        this.#with(event.promptId, (track) => {
          track.executed[event.node] = event.output;
        });
        return;
      case 'success':
      case 'interrupted':
        this.#with(event.promptId, (track) => {
          track.heard = event;
        });
        return;
      case 'error':
        // ExecutionBlocked goes on (C9); every other one is followed by the end.
        if (!event.blocked)
          this.#with(event.promptId, (track) => {
            track.heard = event;
          });
        return;
      case 'preview':
        this.#preview(event);
        return;
      case 'status':
      case 'skipped':
      case 'unknown':
        return;
    }
  }

  #executing(promptId: string | null, node: string | null): void {
    if (promptId === null) {
      // The greeting after a reconnect names no prompt (comfyui §4.5): the lookups of reconcile tell which one it is.
      return;
    }
    this.#with(promptId, (track) => {
      if (node === null) {
        if (this.#running === promptId) this.#running = null;
        this.#onOver(track);
        return;
      }
      this.#seenRunning(track);
      track.node = node;
      this.#sink.live(track.key, { type: 'node', node });
      if (track.loaders.has(node)) this.#sink.live(track.key, { type: 'loading-model' });
    });
  }

  #preview(event: Extract<ComfyEvent, { type: 'preview' }>): void {
    // Type 1 names nobody: it is ours only while a job of ours is known to run (jobs without client id broadcast theirs).
    const key = event.promptId ?? this.#running;
    if (key === null) return;
    this.#with(key, (track) => {
      this.#sink.live(track.key, { type: 'preview', mime: event.mime, bytes: event.bytes });
    });
  }

  #seenRunning(track: Track): void {
    this.#running = track.key;
    this.started(track);
  }

  #with(key: string, use: (track: Track) => void): void {
    const track = this.#open.get(key);
    if (track === undefined) return;
    track.lastEventAt = performance.now();
    use(track);
  }
}
