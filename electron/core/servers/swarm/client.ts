/**
 * One connection to a SwarmUI server: fingerprint, sign-in, a session of our own for asking, what the server can and
 * what we may (S1; swarmui §1.5, §1.6, §7.1). Renews its session once when the server no longer knows it. Knows no
 * jobs.
 */
import { AppError } from '../../../../shared/errors.ts';
import type { CapabilitiesOf, Credential } from '../../../../shared/server.ts';
import { HttpClient } from '../../net/http-client.ts';
import { SwarmAuth } from './auth.ts';
import { hasErrorId, SwarmHttp } from './http.ts';
import { SwarmPassthrough } from './passthrough.ts';
import type { SwarmSession } from './schemas.ts';

const BOOT_ONCE_MS = 2_000;

interface SwarmClientOptions {
  readonly url: string;
  readonly credential: () => Promise<Credential | null>;
  readonly onAnswer: (tookMs: number) => void;
}

export class SwarmClient {
  readonly api: SwarmHttp;
  readonly passthrough: SwarmPassthrough;
  readonly auth: SwarmAuth;
  readonly #http: HttpClient;
  #session: SwarmSession;
  /** False up to 0.9.7: such servers interrupt whatever runs on the backend (swarmui §4.3 no. 3). */
  readonly targeted: boolean;
  readonly visible: boolean;
  #bootAsked: { readonly at: number; readonly same: boolean } | null = null;

  private constructor(
    parts: Pick<SwarmClient, 'api' | 'passthrough' | 'auth' | 'targeted' | 'visible' | 'session'>,
    http: HttpClient,
  ) {
    this.api = parts.api;
    this.auth = parts.auth;
    this.#http = http;
    this.#session = parts.session;
    this.passthrough = parts.passthrough;
    this.targeted = parts.targeted;
    this.visible = parts.visible;
  }

  /** Throws AppError: server_unreachable, server_timeout, server_auth, server_unsupported, server_protocol. */
  static async open(options: SwarmClientOptions, signal: AbortSignal): Promise<SwarmClient> {
    const auth = new SwarmAuth(options.credential);
    const http = new HttpClient({
      baseUrl: options.url,
      credentials: () => auth.headers(),
      onAnswer: options.onAnswer,
    });
    try {
      const api = new SwarmHttp(http);
      await api.fingerprint(signal);
      await auth.signIn(api, false, signal);
      const session = await api.newSession(signal);
      const passthrough = new SwarmPassthrough(http);
      const targeted = await isTargeted(api, session.session_id, signal);
      const visible =
        may(session, 'comfy_direct_calls') &&
        may(session, 'comfy_backend_generate') &&
        (await passthrough.allowed(signal));
      return new SwarmClient({ api, auth, session, passthrough, targeted, visible }, http);
    } catch (error) {
      await http.close();
      throw error;
    }
  }

  get session(): SwarmSession {
    return this.#session;
  }
  /** New at every start of the server's process (S1). */
  get boot(): string | null {
    return this.#session.server_id;
  }

  may(permission: string): boolean {
    return may(this.#session, permission);
  }

  /** Throws `not_allowed` with the permission's name. */
  require(permission: string): void {
    if (!this.may(permission))
      throw new AppError('not_allowed', `this user may not do that here (${permission})`, { details: { permission } });
  }

  capabilities(): CapabilitiesOf<'swarm'> {
    return {
      kind: 'swarm',
      targetedInterrupt: this.targeted,
      permissions: this.#session.permissions,
      passthrough: this.visible,
    };
  }

  /** Calls with our asking session; when the server no longer knows it, once more with a new one. */
  async ask<T>(call: (session: string) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await call(this.#session.session_id);
    } catch (error) {
      if (!hasErrorId(error, 'invalid_session_id')) throw error;
      this.#session = await this.freshSession(signal);
      return await call(this.#session.session_id);
    }
  }

  /** A new session; signs in again, once, when the login is no longer taken. */
  async freshSession(signal: AbortSignal): Promise<SwarmSession> {
    try {
      return await this.api.newSession(signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.details?.['reason'] !== 'login-needed') throw error;
      if (!(await this.auth.signIn(this.api, true, signal))) throw error;
      return await this.api.newSession(signal);
    }
  }

  /**
   * Whether the server still is the process we connected to; asked at most every 2 s. `made` gets the session that is made
   * on the way (S1: nothing else returns the server's id).
   */
  async sameBoot(signal: AbortSignal, made: (session: string) => void): Promise<boolean> {
    if (this.#bootAsked !== null && performance.now() - this.#bootAsked.at < BOOT_ONCE_MS) return this.#bootAsked.same;
    const session = await this.freshSession(signal);
    made(session.session_id);
    const same = session.server_id === this.boot;
    this.#bootAsked = { at: performance.now(), same };
    return same;
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}

function may(session: SwarmSession, permission: string): boolean {
  return session.permissions.includes('*') || session.permissions.includes(permission);
}

/** `GetGlobalStatus` came with the targeted interrupt (0.9.8); the route is looked for before the permission is. */
async function isTargeted(api: SwarmHttp, session: string, signal: AbortSignal): Promise<boolean> {
  try {
    await api.globalStatus(session, signal);
    return true;
  } catch (error) {
    if (hasErrorId(error, 'bad_route')) return false;
    if (hasErrorId(error, 'bad_permissions')) return true;
    throw error;
  }
}
