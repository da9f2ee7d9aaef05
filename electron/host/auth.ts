/**
 * The host's secrets and what they open: the token of this machine (a 0600 file), one-time launch codes, and the sessions
 * of windows that came through one. Compares in constant time; keeps only hashes of sessions on disk. Reads no request.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readToken, writePrivate } from './private-file.ts';

export interface Session {
  /** Hash of the cookie's value: names the session in logs and on disk. */
  id: string;
  /** What its page must send with every change (`X-App-CSRF`) and socket. */
  csrf: string;
}

interface StoredSession {
  id: string;
  createdAt: number;
}

interface Stored {
  instance: string;
  key: string;
  sessions: StoredSession[];
}

const SESSION_MS = 30 * 24 * 3_600_000;
const MAX_SESSIONS = 50;
const LAUNCH_CODE_MS = 60_000;

const newSecret = (): string => randomBytes(32).toString('base64url');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Constant-time, also for texts of different length. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest());
}

export class Auth {
  readonly tokenFile: string;
  readonly #sessionFile: string;
  readonly #now: () => number;
  readonly #codes = new Map<string, number>();
  readonly #revoked = new Set<(sessionId: string | null) => void>();
  #token: string;
  #stored: Stored;

  /** `directory` is private to the user; files are made in it on first use. */
  constructor(directory: string, now: () => number = () => Date.now()) {
    this.#now = now;
    this.tokenFile = join(directory, 'token');
    this.#sessionFile = join(directory, 'sessions.json');
    this.#token = readToken(this.tokenFile) ?? this.#newToken();
    this.#stored = readStored(this.#sessionFile) ?? {
      instance: randomBytes(6).toString('hex'),
      key: newSecret(),
      sessions: [],
    };
    this.#save();
  }

  /** Of this data directory: other hosts on this machine share our cookies' site, so each has names of its own. */
  get cookieName(): string {
    return `switchyard_${this.#stored.instance}`;
  }

  isToken(given: string): boolean {
    return sameSecret(given, this.#token);
  }

  /** A code that opens one session, within a minute. */
  newLaunchCode(): string {
    const now = this.#now();
    for (const [code, endsAt] of this.#codes) if (endsAt <= now) this.#codes.delete(code);
    const code = newSecret();
    this.#codes.set(sha256(code), now + LAUNCH_CODE_MS);
    return code;
  }

  /** The `Set-Cookie` value for whoever brings a code first and in time; null for everyone else. */
  redeem(code: string): string | null {
    const hash = sha256(code);
    const endsAt = this.#codes.get(hash);
    this.#codes.delete(hash);
    if (endsAt === undefined || endsAt <= this.#now()) return null;
    const secret = newSecret();
    this.#stored.sessions = [...this.#stored.sessions, { id: sha256(secret), createdAt: this.#now() }].slice(
      -MAX_SESSIONS,
    );
    this.#save();
    return `${this.cookieName}=${secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${String(SESSION_MS / 1000)}`;
  }

  /** The session a `Cookie` header belongs to. */
  sessionOf(cookieHeader: string): Session | null {
    for (const pair of cookieHeader.split(';')) {
      const [name, value] = pair.trim().split('=', 2);
      if (name !== this.cookieName || value === undefined) continue;
      const id = sha256(value);
      const session = this.#stored.sessions.find((one) => one.id === id);
      if (session !== undefined && session.createdAt + SESSION_MS > this.#now()) return { id, csrf: this.#csrf(id) };
    }
    return null;
  }

  isCsrf(session: Session, given: string): boolean {
    return sameSecret(given, session.csrf);
  }

  /** Ends one session, or with null all of them and the token: every open connection of theirs is told. */
  revoke(sessionId: string | null): void {
    this.#stored.sessions = sessionId === null ? [] : this.#stored.sessions.filter((one) => one.id !== sessionId);
    if (sessionId === null) {
      this.#codes.clear();
      this.#stored.key = newSecret();
      this.#token = this.#newToken();
    }
    this.#save();
    for (const listener of [...this.#revoked]) listener(sessionId);
  }

  onRevoked(listener: (sessionId: string | null) => void): Disposable {
    this.#revoked.add(listener);
    return { [Symbol.dispose]: () => void this.#revoked.delete(listener) };
  }

  #csrf(sessionId: string): string {
    return createHmac('sha256', this.#stored.key).update(sessionId).digest('base64url');
  }

  #newToken(): string {
    const token = newSecret();
    writePrivate(this.tokenFile, `${token}\n`);
    return token;
  }

  #save(): void {
    writePrivate(this.#sessionFile, JSON.stringify(this.#stored));
  }
}

function readStored(file: string): Stored | null {
  if (!existsSync(file)) return null;
  try {
    const { instance, key, sessions } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Stored>;
    if (typeof instance !== 'string' || typeof key !== 'string' || !Array.isArray(sessions)) return null;
    return {
      instance,
      key,
      sessions: sessions.filter((one) => typeof one.id === 'string' && typeof one.createdAt === 'number'),
    };
  } catch (_) {
    // Unreadable sessions are no sessions: every window launches again.
    return null;
  }
}
