/**
 * Sessions and claims: who may be interrupted by what, and the four counters.
 * A claim is the server's promise to make some images; an interrupt is an edge over the claims that exist
 * at that moment (swarmui §4.1). Knows nothing about sockets, backends or images.
 */
import type { Counters, JsonObject } from './types.ts';
import type { SwarmUser } from './users.ts';

function noCounters(): Counters {
  return { waiting_gens: 0, loading_models: 0, waiting_backends: 0, live_gens: 0 };
}

export function sumCounters(all: Iterable<Counters>): Counters {
  const sum = noCounters();
  for (const one of all) {
    sum.waiting_gens += one.waiting_gens;
    sum.loading_models += one.loading_models;
    sum.waiting_backends += one.waiting_backends;
    sum.live_gens += one.live_gens;
  }
  return sum;
}

/** One request's hold on its session. Everything it adds to the counters is taken back by `dispose`. */
export class Claim {
  readonly session: SwarmSession;
  /** number of the request in this engine, from 1 */
  readonly request: number;
  readonly extra: JsonObject;
  readonly #held = noCounters();
  readonly #interruptedBy = new AbortController();
  readonly #stopped = new AbortController();
  #disposed = false;

  constructor(session: SwarmSession, request: number, extra: JsonObject) {
    this.session = session;
    this.request = request;
    this.extra = extra;
  }

  /** aborted by an interrupt of the session: live work must end */
  get interrupted(): AbortSignal {
    return this.#interruptedBy.signal;
  }

  /** aborted by an interrupt, or by the first error of the request: waiting work must end (swarmui rec 11) */
  get stopWaiting(): AbortSignal {
    return this.#stopped.signal;
  }

  isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  interrupt(): void {
    // waiting work first: its status message still shows what was counted before (swarmui rec 13, 32)
    this.#stopped.abort();
    this.#interruptedBy.abort();
  }

  dropWaiting(): void {
    this.#stopped.abort();
  }

  /** Does nothing once disposed, so that late bookkeeping cannot make a counter negative. */
  add(change: Partial<Counters>): void {
    if (this.#disposed) return;
    for (const key of ['waiting_gens', 'loading_models', 'waiting_backends', 'live_gens'] as const) {
      const by = change[key] ?? 0;
      this.#held[key] += by;
      this.session.counters[key] += by;
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const key of ['waiting_gens', 'loading_models', 'waiting_backends', 'live_gens'] as const) {
      this.session.counters[key] -= this.#held[key];
      this.#held[key] = 0;
    }
    this.session.claims.delete(this);
  }
}

export class SwarmSession {
  readonly id: string;
  readonly user: SwarmUser;
  readonly counters = noCounters();
  readonly claims = new Set<Claim>();
  readonly address: string;
  lastUsedMs = Date.now();
  /** only with `interruptIsEdge` off: the next claim is born interrupted */
  #pendingInterrupt = false;

  constructor(id: string, user: SwarmUser, address: string) {
    this.id = id;
    this.user = user;
    this.address = address;
  }

  claim(request: number, gens: number, extra: JsonObject): Claim {
    const claim = new Claim(this, request, extra);
    claim.add({ waiting_gens: gens });
    this.claims.add(claim);
    if (this.#pendingInterrupt) {
      this.#pendingInterrupt = false;
      claim.interrupt();
    }
    return claim;
  }

  /** Interrupts the claims that exist now. Returns the numbers of the requests it hit. */
  interrupt(isEdge: boolean): number[] {
    const hit = [...this.claims].filter((claim) => !claim.interrupted.aborted);
    if (hit.length === 0 && !isEdge) this.#pendingInterrupt = true;
    for (const claim of hit) claim.interrupt();
    return hit.map((claim) => claim.request);
  }
}
