/**
 * Signing in to one SwarmUI server (swarmui §1.5, §1.6): the headers of every request and handshake. A login's token
 * lives here in memory only; it is made again when the server no longer takes it. Decides nothing about permissions.
 */
import type { Credential } from '../../../../shared/server.ts';
import type { SwarmHttp } from './http.ts';

/** Some routes fail without one (swarmui §1.6), and it is kept with auth tokens. */
const USER_AGENT = 'Switchyard';

export class SwarmAuth {
  readonly #credential: () => Promise<Credential | null>;
  #token: string | null = null;

  constructor(credential: () => Promise<Credential | null>) {
    this.#credential = credential;
  }

  /** For every HTTP request and WebSocket handshake. Never an Origin. */
  async headers(): Promise<Record<string, string>> {
    const credential = await this.#credential();
    const headers: Record<string, string> = { 'user-agent': USER_AGENT };
    if (credential?.type === 'authorization') headers['authorization'] = credential.value;
    const token = credential?.type === 'token' ? credential.token : credential?.type === 'login' ? this.#token : null;
    if (token !== null) headers['cookie'] = `swarm_token=${token}`;
    return headers;
  }

  /** Logs in when the credential is a user and password and there is no token, or `again`. True when it did. */
  async signIn(http: SwarmHttp, again: boolean, signal: AbortSignal): Promise<boolean> {
    const credential = await this.#credential();
    if (credential?.type !== 'login') {
      this.#token = null;
      return false;
    }
    if (this.#token !== null && !again) return false;
    this.#token = null;
    this.#token = await http.login(credential.user, credential.password, signal);
    return true;
  }
}
