/**
 * The events on their way to one client, and what happens when it is slow (architecture §10): what can't be sent now is
 * kept newest per thing; a client that is behind for too long is told `resync` and nothing else until it has heard that.
 * Does not know the contract: events are snapshots keyed by the id they carry, and `x.removed` ends what is kept of x.
 */

export interface OutboxOptions {
  /** Hands one event to the transport. */
  send: (topic: string, payload: unknown) => void;
  sendResync: () => void;
  /** Asks the client to confirm up to `n`; null for clients that can't (the control API's event stream). */
  sendMark: ((n: number) => void) | null;
  /** Bytes the transport has not got rid of. */
  bufferedBytes: () => number;
  /** Behind for longer than this: resync. Default 5,000. */
  patienceMs?: number;
  /** More than this in the transport: wait. Default 1 MiB. */
  highBytes?: number;
  /** This many events unconfirmed: wait. Default 1,000; at least 50. */
  window?: number;
  /** More things than this kept: resync at once. Default 20,000. */
  maxKept?: number;
}

interface Kept {
  topic: string;
  payload: unknown;
}

const LOOK_EVERY_MS = 100;
/** Below any window, or a full one would wait for a mark that was never sent. */
const MARK_EVERY = 50;

export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #kept = new Map<string, Kept>();
  #sent = 0;
  #marked = 0;
  #seen = 0;
  /** `performance.now()` since when events wait; null while they don't. */
  #behindSince: number | null = null;
  /** Everything is dropped until the client has confirmed this mark (or, without marks, until the transport is empty). */
  #resyncing: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = { patienceMs: 5_000, highBytes: 1024 * 1024, window: 1_000, maxKept: 20_000, ...options };
  }

  push(topic: string, payload: unknown): void {
    if (this.#closed) return;
    if (this.#resyncing !== null) this.#look();
    if (this.#isResyncing()) return;
    if (this.#kept.size === 0 && !this.#isFull()) this.#send(topic, payload);
    else this.#keep(topic, payload);
  }

  /** The client has handled everything up to mark `n`. */
  seen(n: number): void {
    if (n <= this.#seen || n > this.#marked) return;
    this.#seen = n;
    this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#kept.clear();
    clearTimeout(this.#timer);
  }

  #send(topic: string, payload: unknown): void {
    this.#sent += 1;
    this.#options.send(topic, payload);
    this.#markWhenDue();
  }

  /** One mark at a time, and only for a good number of events: a client that keeps up is hardly ever asked. */
  #markWhenDue(): void {
    if (this.#marked <= this.#seen && this.#sent - this.#marked >= MARK_EVERY) this.#mark();
  }

  #mark(): void {
    if (this.#options.sendMark === null) return;
    this.#marked = this.#sent;
    this.#options.sendMark(this.#marked);
  }

  #isResyncing(): boolean {
    return this.#resyncing !== null;
  }

  #isFull(): boolean {
    if (this.#options.bufferedBytes() > this.#options.highBytes) return true;
    return this.#options.sendMark !== null && this.#sent - this.#seen >= this.#options.window;
  }

  #keep(topic: string, payload: unknown): void {
    const id = idOf(payload);
    const key = `${topic}\n${id}`;
    const older = this.#kept.get(key);
    if (older !== undefined && revOf(older.payload) > revOf(payload)) return;
    if (topic.endsWith('.removed')) {
      const thing = topic.slice(0, -'removed'.length);
      for (const other of this.#kept.keys())
        if (other.startsWith(thing) && other.endsWith(`\n${id}`)) this.#kept.delete(other);
    }
    // Moved to the end: what waits goes out in the order of its newest news.
    this.#kept.delete(key);
    this.#kept.set(key, { topic, payload });
    this.#behindSince ??= performance.now();
    if (this.#kept.size > this.#options.maxKept) this.#resync();
    this.#watchClock();
  }

  /** Sends what can be sent now, or gives up when that took too long. */
  #look(): void {
    if (this.#closed) return;
    if (this.#resyncing !== null) {
      const heard =
        this.#options.sendMark === null ? this.#options.bufferedBytes() === 0 : this.#seen >= this.#resyncing;
      if (!heard) {
        this.#watchClock();
        return;
      }
      this.#resyncing = null;
      this.#behindSince = null;
    }
    for (const [key, { topic, payload }] of this.#kept) {
      if (this.#isFull()) break;
      this.#kept.delete(key);
      this.#send(topic, payload);
    }
    if (this.#kept.size === 0) {
      this.#behindSince = null;
      this.#markWhenDue();
      return;
    }
    if (this.#behindSince !== null && performance.now() - this.#behindSince >= this.#options.patienceMs) this.#resync();
    this.#watchClock();
  }

  #resync(): void {
    this.#kept.clear();
    this.#sent += 1;
    this.#resyncing = this.#sent;
    this.#options.sendResync();
    this.#mark();
  }

  #watchClock(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, LOOK_EVERY_MS);
  }
}

function field(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[name] : undefined;
}

function idOf(payload: unknown): string {
  const id = field(payload, 'id') ?? field(payload, 'jobId') ?? field(payload, 'serverId');
  return typeof id === 'string' ? id : '';
}

function revOf(payload: unknown): number {
  const rev = field(payload, 'rev');
  return typeof rev === 'number' ? rev : 0;
}
