/**
 * What one life of the SwarmUI process keeps: its sessions, backends, options and clocks, from start to death.
 * What outlives it (session ids, users, saved images, backend settings) is the `SwarmDisk`. Who works on it: life.ts.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { overallStatus, settingsOf } from './backends.ts';
import type { BackendStatus, BackendType, SwarmBackend } from './backends.ts';
import { OutputStore } from './outputs.ts';
import type { Holds } from '../base/holds.ts';
import { sumCounters, SwarmSession } from './sessions.ts';
import { ALL_QUIRKS, featuresOf, REAL_TIMING } from './types.ts';
import type {
  Counters,
  JsonObject,
  LogEntry,
  LogKind,
  ModelSpec,
  PausePoint,
  Quirks,
  SwarmOptions,
  Timing,
  VersionFeatures,
  Where,
} from './types.ts';
import { UserBook } from './users.ts';
import type { SwarmUser } from './users.ts';
import { Bell } from './wait.ts';

/** `backend_status` is made at most this often. */
const STATUS_CACHE_MS = 1000;

/** What the engine lends each life of its process. */
export interface CoreHooks {
  readonly write: (entry: LogEntry) => void;
  /** counts the requests of the engine, over all lives */
  readonly nextNumber: () => number;
  /** throws if a test has ordered it */
  readonly maybeCrash: () => void;
  /** the process was asked to stop */
  readonly shutdown: () => void;
}

export interface SavedBackend {
  readonly id: number;
  readonly type: BackendType;
  readonly settings: JsonObject;
  readonly title: string;
  readonly enabled: boolean;
}

/** What a restart keeps. */
export class SwarmDisk {
  readonly users: UserBook;
  readonly sessionUsers = new Map<string, string>();
  readonly outputs = new OutputStore();
  readonly models: ModelSpec[];
  backends: SavedBackend[];
  lastBackendId: number;

  constructor(options: SwarmOptions) {
    this.users = new UserBook(
      options.users ?? [],
      options.authorizationRequired ?? false,
      options.localhostBypass ?? true,
    );
    this.models = [...(options.models ?? [])];
    this.backends = (options.backends ?? []).map((spec, id) => ({
      id,
      type: spec.type ?? 'comfyui_api',
      settings: settingsOf(spec),
      title: spec.title ?? '',
      enabled: spec.enabled ?? true,
    }));
    this.lastBackendId = this.backends.length - 1;
  }
}

export interface StatusMessage {
  readonly status: Counters;
  readonly backend_status: BackendStatus;
  readonly supported_features: readonly string[];
}

export class SwarmCore {
  readonly options: SwarmOptions;
  readonly version: string;
  readonly can: VersionFeatures;
  readonly quirks: Quirks;
  readonly timing: Timing;
  readonly disk: SwarmDisk;
  readonly serverId = randomUUID();
  readonly sessions = new Map<string, SwarmSession>();
  readonly backends = new Map<number, SwarmBackend>();
  /** rung whenever a waiting request may have its turn now */
  readonly changed = new Bell();
  #alive = true;
  readonly #pauses: Holds<PausePoint, Where>;
  readonly hooks: CoreHooks;
  #statusCache: { atMs: number; status: BackendStatus } | null = null;

  constructor(
    options: SwarmOptions,
    quirks: Quirks,
    disk: SwarmDisk,
    pauses: Holds<PausePoint, Where>,
    hooks: CoreHooks,
  ) {
    this.options = options;
    this.version = options.version ?? '0.9.8.2';
    this.can = featuresOf(this.version);
    this.quirks = quirks;
    this.disk = disk;
    this.#pauses = pauses;
    this.hooks = hooks;
    this.timing = { ...REAL_TIMING, ...options };
  }

  /** False once killed: whoever still runs then must neither send nor write. */
  isAlive(): boolean {
    return this.#alive;
  }

  log(kind: LogKind, entry: Omit<LogEntry, 'atMs' | 'kind'> = {}): void {
    if (this.#alive) this.hooks.write({ atMs: Date.now(), kind, ...entry });
  }

  pass(point: PausePoint, where: Where): Promise<void> {
    return this.#pauses.pass(point, where);
  }

  openSession(user: SwarmUser, address: string): SwarmSession {
    const session = new SwarmSession(randomBytes(20).toString('hex'), user, address);
    this.sessions.set(session.id, session);
    this.disk.sessionUsers.set(session.id, user.id);
    this.log('session', { session: session.id, user: user.id });
    return session;
  }

  /** Finds a session, also one from before a restart (swarmui §2: lazily reloaded, without any work). */
  findSession(id: string): SwarmSession | null {
    const known = this.sessions.get(id);
    if (known !== undefined) return known;
    const userId = this.disk.sessionUsers.get(id);
    if (userId === undefined) return null;
    const session = new SwarmSession(id, this.disk.users.getOrMake(userId), '127.0.0.1');
    this.sessions.set(id, session);
    return session;
  }

  sessionsOf(userId: string): SwarmSession[] {
    return [...this.sessions.values()].filter((session) => session.user.id === userId);
  }

  /** Interrupts the claims these sessions hold now (swarmui §4.1). `by` is the session that asked. */
  interrupt(sessions: readonly SwarmSession[], by: SwarmSession, detail: string): void {
    const hit = sessions.flatMap((session) => session.interrupt(this.quirks.interruptIsEdge));
    this.log('interrupt', { session: by.id, user: by.user.id, hit, detail });
  }

  backendStatus(): BackendStatus {
    const now = performance.now();
    if (this.#statusCache === null || now - this.#statusCache.atMs >= STATUS_CACHE_MS) {
      this.#statusCache = { atMs: now, status: overallStatus([...this.backends.values()]) };
    }
    return this.#statusCache.status;
  }

  supportedFeatures(): string[] {
    const all = new Set<string>();
    for (const backend of this.backends.values()) {
      if (backend.enabled && backend.state !== 'idle') for (const feature of backend.features()) all.add(feature);
    }
    return [...all];
  }

  statusOf(session: SwarmSession): StatusMessage {
    return {
      status: { ...session.counters },
      backend_status: this.backendStatus(),
      supported_features: this.supportedFeatures(),
    };
  }

  globalStatus(): StatusMessage {
    const status = sumCounters([...this.sessions.values()].map((session) => session.counters));
    return { status, backend_status: this.backendStatus(), supported_features: this.supportedFeatures() };
  }

  /** `max(1, min(32, 2 × slots of running backends))` (swarmui §6.1) */
  maxSimultaneous(): number {
    let slots = 0;
    for (const backend of this.backends.values())
      if (backend.state === 'running' && !backend.isControl) slots += backend.maxUsages;
    return Math.max(1, Math.min(32, 2 * slots));
  }

  /**
   * Dies as a killed process does: nobody is told, and no prompt is taken back from any ComfyUI (swarmui rec 37, 38).
   */
  kill(): void {
    this.log('kill', { detail: this.serverId });
    this.#alive = false;
    this.changed.ring();
    for (const backend of this.backends.values()) backend.comfy?.close();
    for (const user of this.disk.users.all()) user.forgetProcess();
  }
}

/** All quirks as on a real server, with the given ones changed. */
export function quirksWith(changes: Partial<Quirks> | undefined): Quirks {
  return { ...ALL_QUIRKS, ...changes };
}
