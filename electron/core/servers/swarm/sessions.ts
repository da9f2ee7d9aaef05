/**
 * Sessions of one SwarmUI server (swarmui §2; S3, S8): exclusive leases, one per attempt, because an interrupt stops
 * everything of its session. Used again and again; a doubtful one is kept apart until it was seen idle for ten minutes.
 * Knows nothing of jobs.
 */
import { AppError } from '../../../../shared/errors.ts';
import type { Log } from '../../log.ts';
import { hasErrorId } from './http.ts';
import { isIdle } from './schemas.ts';
import type { Counters } from './schemas.ts';

export const QUARANTINE_MS = 600_000;
/** A quarantined session is looked at this often. */
const POLL_MS = 10_000;
/** Beyond the most ever leased at once and so many more, quarantined sessions are used again before new ones are made; one more is the link's own, for looking. */
const SPARE = 1;
/** But never sooner: a late interrupt of ours may still be on its way. */
const EARLIEST_MS = 30_000;

export interface SessionPorts {
  /** A new session. Throws AppError. */
  create(signal: AbortSignal): Promise<string>;
  /** Counters of one session. Throws AppError; `invalid_session_id` in `details.errorId` when it is unknown. */
  status(session: string, signal: AbortSignal): Promise<Counters>;
  interrupt(session: string): Promise<void>;
  now(): number;
}

interface Quarantined {
  readonly since: number;
  readonly why: string;
}

export class SessionPool {
  readonly #ports: SessionPorts;
  readonly #log: Log;
  readonly #idle: string[] = [];
  readonly #leased = new Set<string>();
  readonly #quarantine = new Map<string, Quarantined>();
  #timer: NodeJS.Timeout | null = null;
  #polling: PromiseWithResolvers<undefined> | null = null;
  #peak = 0;

  constructor(ports: SessionPorts, log: Log) {
    this.#ports = ports;
    this.#log = log;
  }

  /** Sessions known at all, and the most that were ever leased at once. */
  get counts(): { idle: number; leased: number; quarantined: number; peak: number } {
    return { idle: this.#idle.length, leased: this.#leased.size, quarantined: this.#quarantine.size, peak: this.#peak };
  }

  /** A session that exists, has no work and is nobody else's until it is given back. Throws AppError. */
  async lease(signal: AbortSignal): Promise<string> {
    for (;;) {
      const session = this.#idle.pop();
      if (session === undefined) break;
      // Ours from here on: nobody else can get it while we ask.
      this.#take(session);
      const state = await this.#look(session, signal).catch((error: unknown) => {
        this.giveBack(session);
        throw error;
      });
      if (state === 'idle') return session;
      this.#leased.delete(session);
      if (state === 'busy') this.quarantine(session, 'it had work though it should have none');
    }
    const again = await this.#fromQuarantine(signal);
    if (again !== null) return again;
    const made = await this.#ports.create(signal);
    this.#take(made);
    return made;
  }

  /** The number of sessions stays bounded also when many were doubtful: the oldest one is taken early when it is idle. */
  async #fromQuarantine(signal: AbortSignal): Promise<string | null> {
    if (this.#leased.size + this.#quarantine.size < this.#peak + SPARE) return null;
    const [oldest] = this.#quarantine;
    if (oldest === undefined || this.#ports.now() - oldest[1].since < EARLIEST_MS) return null;
    const [session] = oldest;
    if ((await this.#look(session, signal)) !== 'idle' || !this.#quarantine.delete(session)) return null;
    this.#take(session);
    return session;
  }

  /** A session that was made for another reason, or by an earlier process: into the pool. */
  adopt(session: string): void {
    if (this.#leased.has(session) || this.#quarantine.has(session) || this.#idle.includes(session)) return;
    this.#idle.push(session);
  }

  /** Its stream has ended and every interrupt has been answered. The oldest idle one is used last, so that few are in use. */
  giveBack(session: string): void {
    this.#leased.delete(session);
    this.adopt(session);
  }

  /** The server does not know it any more. */
  forget(session: string): void {
    this.#leased.delete(session);
    this.#quarantine.delete(session);
    const index = this.#idle.indexOf(session);
    if (index !== -1) this.#idle.splice(index, 1);
  }

  /** Something may still run in it, or an interrupt may still be on its way: not to be leased for ten minutes. */
  quarantine(session: string, why: string): void {
    this.#leased.delete(session);
    if (this.#quarantine.has(session)) return;
    this.#quarantine.set(session, { since: this.#ports.now(), why });
    this.#log.info('a session is kept apart for ten minutes', { why });
    this.#schedule();
  }

  holds(session: string): boolean {
    return this.#leased.has(session);
  }

  /** Leases nobody ended. */
  leases(): readonly string[] {
    return [...this.#leased];
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#polling?.promise;
  }

  /** Looks at what is kept apart: work that appears there is nobody's any more, so it is interrupted again. */
  async poll(signal: AbortSignal): Promise<void> {
    for (const [session, held] of [...this.#quarantine]) {
      const state = await this.#look(session, signal);
      if (!this.#quarantine.has(session)) continue;
      if (state === 'unknown') this.#quarantine.delete(session);
      else if (state === 'busy') {
        this.#log.warn('a session kept apart has work; interrupting it', { why: held.why });
        await this.#ports.interrupt(session);
        this.#quarantine.set(session, { ...held, since: this.#ports.now() });
      } else if (this.#ports.now() - held.since >= QUARANTINE_MS) {
        this.#quarantine.delete(session);
        this.adopt(session);
      }
    }
  }

  #take(session: string): void {
    this.#leased.add(session);
    this.#peak = Math.max(this.#peak, this.#leased.size);
  }

  async #look(session: string, signal: AbortSignal): Promise<'idle' | 'busy' | 'unknown'> {
    try {
      return isIdle(await this.#ports.status(session, signal)) ? 'idle' : 'busy';
    } catch (error) {
      if (hasErrorId(error, 'invalid_session_id')) return 'unknown';
      throw error;
    }
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => {
      if (this.#polling !== null) return;
      if (this.#quarantine.size === 0) {
        if (this.#timer !== null) clearInterval(this.#timer);
        this.#timer = null;
        return;
      }
      const polling = Promise.withResolvers<undefined>();
      this.#polling = polling;
      this.poll(AbortSignal.timeout(POLL_MS))
        .catch((error: unknown) => {
          // Not reachable now: the next round asks again.
          this.#log.debug('sessions kept apart could not be asked', {
            error: error instanceof AppError ? error.code : String(error),
          });
        })
        .finally(() => {
          this.#polling = null;
          polling.resolve(undefined);
        });
    }, POLL_MS);
    this.#timer.unref();
  }
}
