/**
 * Users, roles, permissions, login tokens: who a client is and what it may do (swarmui §1.6).
 * What survives a restart of the server is kept here; sessions' work is not.
 */
import { randomBytes } from 'node:crypto';
import type { RoleName, UserSpec } from './types.ts';

/** Of the real server's permissions those that are asked for here. */
const GUEST = [
  'fundamental_generate_tab_access',
  'fundamental_model_access',
  'basic_image_generation',
  'view_image_history',
] as const;
const USER = ['read_user_settings', 'edit_user_settings'] as const;
const POWER = [
  'view_backends_list',
  'restart_backends',
  'control_mem_clean',
  'load_models_now',
  'param_backend_id',
  'param_backend_type',
  'comfy_direct_calls',
  'comfy_backend_generate',
  'comfy_dynamic_custom_workflows',
] as const;
const ADMIN = [
  'read_server_info_panels',
  'interrupt_others',
  'toggle_backends',
  'add_remove_backends',
  'edit_backends',
  'view_logs',
  'restart',
  'view_others_outputs',
] as const;
const OWNER = ['*', 'shutdown', 'manage_users'] as const;

const ROLES: Readonly<Record<RoleName, readonly string[]>> = {
  guest: GUEST,
  user: [...GUEST, ...USER],
  poweruser: [...GUEST, ...USER, ...POWER],
  admin: [...GUEST, ...USER, ...POWER, ...ADMIN],
  owner: [...OWNER, ...ADMIN, ...POWER, ...USER, ...GUEST],
};

export class SwarmUser {
  readonly id: string;
  readonly permissions: readonly string[];
  readonly password: string | null;
  lastActiveMs = 0;
  #requestId = 1000;
  #minute = '';
  #inMinute = 0;

  constructor(spec: UserSpec) {
    this.id = spec.id;
    this.permissions = spec.permissions ?? ROLES[spec.role ?? 'owner'];
    this.password = spec.password ?? null;
  }

  may(permission: string): boolean {
    return this.permissions.includes('*') || this.permissions.includes(permission);
  }

  /** 1001, 1002, … per user and process (swarmui §3.2) */
  nextRequestId(): string {
    this.#requestId += 1;
    return String(this.#requestId);
  }

  /** `HHMMnnn`: the start of an output's file name; nnn counts requests within the minute (swarmui rec 05, 06) */
  nextFileStem(now: Date): string {
    const minute = `${String(now.getHours()).padStart(2, '0')}${String(now.getMinutes()).padStart(2, '0')}`;
    this.#inMinute = minute === this.#minute ? this.#inMinute + 1 : 1;
    this.#minute = minute;
    return `${minute}${String(this.#inMinute).padStart(3, '0')}`;
  }

  /** the process died: its counters start again */
  forgetProcess(): void {
    this.#requestId = 1000;
    this.lastActiveMs = 0;
  }
}

export interface AuthToken {
  readonly id: string;
  readonly token: string;
  readonly user: SwarmUser;
  readonly reason: string;
  readonly createdSeconds: number;
}

/** How a client presents itself. */
export interface Caller {
  readonly address: string;
  readonly forwarded: boolean;
  readonly cookies: ReadonlyMap<string, string>;
  readonly userHeader: string | null;
}

/** Of clients that bring no login. */
const DEFAULT_USER = 'local';

export class UserBook {
  readonly #users = new Map<string, SwarmUser>();
  readonly #tokens = new Map<string, AuthToken>();
  /** may be switched while running, as an administrator would */
  authorizationRequired: boolean;
  localhostBypass: boolean;

  constructor(specs: readonly UserSpec[], authorizationRequired: boolean, localhostBypass: boolean) {
    for (const spec of specs) this.#users.set(spec.id, new SwarmUser(spec));
    this.authorizationRequired = authorizationRequired;
    this.localhostBypass = localhostBypass;
    this.getOrMake(DEFAULT_USER);
  }

  all(): SwarmUser[] {
    return [...this.#users.values()];
  }

  get(id: string): SwarmUser | null {
    return this.#users.get(id) ?? null;
  }

  getOrMake(id: string): SwarmUser {
    const known = this.#users.get(id);
    if (known !== undefined) return known;
    const made = new SwarmUser({ id });
    this.#users.set(id, made);
    return made;
  }

  /** The user of a call that brings no session, or null if it must log in first (swarmui §1.6). */
  identify(caller: Caller): SwarmUser | null {
    const token = caller.cookies.get('swarm_token');
    const byToken =
      token === undefined ? undefined : [...this.#tokens.values()].find((candidate) => candidate.token === token);
    if (byToken !== undefined) return byToken.user;
    if (!this.authorizationRequired) return this.getOrMake(caller.userHeader ?? DEFAULT_USER);
    const loopback =
      caller.address.startsWith('127.') || caller.address === '::1' || caller.address === '::ffff:127.0.0.1';
    if (this.localhostBypass && loopback && !caller.forwarded) return this.getOrMake(DEFAULT_USER);
    return null;
  }

  checkPassword(id: string, password: string): SwarmUser | null {
    const user = this.#users.get(id);
    return user !== undefined && user.password !== null && user.password === password ? user : null;
  }

  /** `hex(userid).tokenId.validation` */
  makeToken(user: SwarmUser, reason: string): AuthToken {
    const id = randomBytes(16).toString('hex');
    const token: AuthToken = {
      id,
      user,
      reason,
      token: `${Buffer.from(user.id).toString('hex')}.${id}.${randomBytes(16).toString('hex')}`,
      createdSeconds: Math.floor(Date.now() / 1000),
    };
    this.#tokens.set(id, token);
    return token;
  }

  tokensOf(user: SwarmUser): AuthToken[] {
    return [...this.#tokens.values()].filter((token) => token.user === user);
  }

  /** The sessions made with the token stay valid (swarmui rec 39). */
  revoke(user: SwarmUser, id: string): boolean {
    return this.#tokens.get(id)?.user === user && this.#tokens.delete(id);
  }
}
