/**
 * ServerLink: keeps one server connected. offline → connecting → online, with side exits needs-auth, unsupported and
 * disabled. Every time it comes up it probes, lets the core reconcile, and only then is online (architecture §9). Routes
 * what the adapter tells; knows no job and no product.
 */
import { AppError, isAbort, toAppError, toWire } from '../../../shared/errors.ts';
import type { ServerFact } from '../../../shared/job-fact.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { ForeignView, ServerStatus } from '../../../shared/server.ts';
import type { LiveUpdate } from '../../../shared/phase.ts';
import { Aborted, abortReason, raceAbort, Wake } from '../../../shared/util/async.ts';
import type { Log } from '../log.ts';
import { Backoff, GOOD_AFTER_MS } from '../net/backoff.ts';
import type { AdapterContext, AdapterServer, AdapterSink, ForeignEnded, ServerAdapter } from './adapter.ts';
import { LinkStatus } from './link-status.ts';

/** What the core does with what a server tells. All but `reconcile` are synchronous and must not throw. */
export interface LinkHooks {
  /** Looks at every open attempt on this server. Called on each new connection, before it is online. */
  reconcile(serverId: ServerId, signal: AbortSignal): Promise<void>;
  onFact(serverId: ServerId, remoteKey: string, fact: ServerFact): void;
  onLive(serverId: ServerId, remoteKey: string, update: LiveUpdate): void;
  onForeign(serverId: ServerId, view: ForeignView, ended: readonly ForeignEnded[], beyond: readonly string[]): void;
  /** At most a few times a second; at once when the contact changes. */
  onStatus(serverId: ServerId, status: ServerStatus): void;
  onOnline(serverId: ServerId): void;
}

export type AdapterFactory = (context: AdapterContext) => ServerAdapter;

export interface LinkOptions extends Omit<AdapterContext, 'sink'> {
  readonly makeAdapter: AdapterFactory;
  readonly hooks: LinkHooks;
  /** Whether work of ours is there or waits for it: then it is asked more often. Default no. */
  readonly isAwaited?: () => boolean;
  /** Jitter of the backoff, 0 ≤ n < 1. */
  readonly random?: () => number;
  /** Multiplies every wait between tries; tests make it small. Default 1. */
  readonly backoffScale?: number;
}

/** A product that is none of ours may be replaced by one that is; asked rarely. */
const UNSUPPORTED_RETRY_MS = 60_000;
/** A server that work of ours waits for is asked at least this often: once it answers, its jobs settle within 30 s. */
const AWAITED_RETRY_MS = 8_000;

export class ServerLink {
  readonly #options: LinkOptions;
  readonly #log: Log;
  readonly adapter: ServerAdapter;
  readonly #backoff: Backoff;
  readonly #life = new AbortController();
  readonly #retry = new Wake();
  readonly #changed = new Wake();
  readonly #status: LinkStatus;
  #epoch = 0;
  #serverBoot: string | null = null;
  #retryAsked = false;
  #running: Promise<void> | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#log = options.log.child({ server: options.server.id });
    this.#backoff = new Backoff(options.random);
    this.#status = new LinkStatus((status, moved) => {
      options.hooks.onStatus(this.id, status);
      if (moved) this.#changed.wake();
    }, this.#life.signal);
    this.adapter = options.makeAdapter({
      server: options.server,
      credential: options.credential,
      sink: this.#sink(),
      log: this.#log,
      isOurs: options.isOurs,
      witness: options.witness,
    });
  }

  get id(): ServerId {
    return this.#options.server.id;
  }
  get server(): AdapterServer {
    return this.#options.server;
  }
  /** Raised at every disconnect. */
  get epoch(): number {
    return this.#epoch;
  }
  /** Of the newest connection; null where a restart can't be told (C10). */
  get serverBoot(): string | null {
    return this.#serverBoot;
  }
  get online(): boolean {
    return this.#status.now.contact === 'online';
  }
  status(): ServerStatus {
    return this.#status.now;
  }

  /** Begins to connect; idempotent. Without it the link stays `offline`. */
  start(): void {
    this.#running ??= this.#run().catch((error: unknown) => {
      this.#log.error('a server link ended by a bug', { error });
      this.#status.set({ contact: 'offline', error: toWire(error) });
    });
  }

  /** Resolves when online; rejects with the signal's reason, or when the link is closed. */
  async whenOnline(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#life.signal]);
    while (!this.online) await this.#changed.wait(60_000, either);
  }

  /** Tries at once instead of waiting; also after a refusal (new credentials). */
  reconnectNow(): void {
    this.#retryAsked = true;
    this.#backoff.reset();
    this.#retry.wake();
  }

  /** Replaces the connection, jobs untouched. */
  recycle(why: string): void {
    if (this.online) this.adapter.recycle(why);
  }

  /** Ends it for good and waits for everything of its own to end. */
  async close(): Promise<void> {
    if (!this.#life.signal.aborted) this.#life.abort(new Aborted('Shutdown'));
    await this.#running;
    await this.adapter.close();
    this.#status.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#life;
    const closed = (): boolean => signal.aborted;
    while (!closed()) {
      let failure: AppError;
      try {
        failure = await this.#connectOnce(signal);
      } catch (error) {
        if (closed()) break;
        if (isAbort(error))
          failure = new AppError('server_unreachable', 'the connection ended while it was being made');
        else failure = toAppError(error);
      }
      if (closed()) break;
      try {
        await this.#rest(failure, signal);
      } catch (error) {
        if (!isAbort(error)) throw error;
      }
    }
    this.#status.set({ contact: 'offline', nextTryAt: null });
  }

  /** One connection from the probe to its loss; answers why it ended. */
  async #connectOnce(signal: AbortSignal): Promise<AppError> {
    this.#status.set({ contact: 'connecting', nextTryAt: null });
    const connection = await this.adapter.connect(signal);
    this.#serverBoot = connection.serverBoot;
    const began = performance.now();
    const lost = new AbortController();
    let why: AppError | null = null;
    const loss = connection.lost.then((error) => {
      why ??= error;
      lost.abort(new Aborted('Superseded'));
    });
    const either = AbortSignal.any([signal, lost.signal]);
    const goOn = (): void => {
      if (either.aborted) throw abortReason(either);
    };
    try {
      goOn();
      this.#status.set({ version: connection.version, capabilities: connection.capabilities, error: null });
      await this.#options.hooks.reconcile(this.id, either);
      goOn();
      this.#status.set({ contact: 'online', error: null });
      this.#log.info('online', { version: connection.version });
      this.#options.hooks.onOnline(this.id);
      await raceAbort(loss, signal);
    } catch (error) {
      // A reconcile that failed by itself ends this connection too: nothing may be claimed before it succeeded.
      if (!either.aborted) why = toAppError(error);
    } finally {
      this.#epoch += 1;
      await connection.close();
    }
    if (signal.aborted) throw abortReason(signal);
    if (performance.now() - began >= GOOD_AFTER_MS) this.#backoff.reset();
    return why ?? new AppError('server_unreachable', 'the connection ended');
  }

  /** Shows why, and waits until it is worth trying again. */
  async #rest(failure: AppError, signal: AbortSignal): Promise<void> {
    const error = toWire(failure);
    if (failure.code === 'bug') this.#log.error('connecting failed by a bug', { error: failure });
    else if (this.#status.now.contact === 'online' || this.#status.now.error?.code !== failure.code)
      this.#log.info('not connected', { code: failure.code, reason: failure.message });
    const scale = this.#options.backoffScale ?? 1;
    if (failure.code === 'server_auth') {
      this.#status.set({ contact: 'needs-auth', error, nextTryAt: null });
      while (!this.#takeRetry()) await this.#retry.wait(3_600_000, signal);
      return;
    }
    const isUnsupported = failure.code === 'server_unsupported';
    const longest = (isUnsupported ? UNSUPPORTED_RETRY_MS : this.#backoff.next()) * scale;
    const awaited = (): number => (this.#options.isAwaited?.() === true ? AWAITED_RETRY_MS * scale : Infinity);
    const began = performance.now();
    this.#status.set({
      contact: isUnsupported ? 'unsupported' : 'offline',
      error,
      nextTryAt: Date.now() + Math.round(Math.min(longest, awaited())),
    });
    // Work may come to wait for it meanwhile.
    for (let left = longest; left > 0 && !this.#takeRetry();) {
      await this.#retry.wait(Math.min(left, AWAITED_RETRY_MS * scale), signal);
      left = Math.min(longest, awaited()) - (performance.now() - began);
    }
    this.#takeRetry();
  }

  #takeRetry(): boolean {
    const asked = this.#retryAsked;
    this.#retryAsked = false;
    return asked;
  }

  #sink(): AdapterSink {
    const { hooks } = this.#options;
    return {
      fact: (key, fact) => {
        hooks.onFact(this.id, key, fact);
      },
      live: (key, update) => {
        hooks.onLive(this.id, key, update);
      },
      foreign: (view, ended, beyond = []) => {
        hooks.onForeign(this.id, { serverId: this.id, ...view }, ended, beyond);
      },
      status: (part) => {
        this.#status.set(part);
      },
    };
  }
}
