/**
 * The SwarmUI engine: plays a SwarmUI 0.9.8.2 server, or an older one, for the demo and for all tests. Its backends are ComfyUI
 * servers reached over real HTTP and WebSockets. Its own sockets are in server.ts.
 *
 * For tests:
 * - `pauseAt(point, filter?)` → `{reached, release()}` holds the first request that comes to a named moment (all with `{all:true}`).
 * - `log`: what really happened (claims, grants, hand-overs, interrupts and whom they hit, endings); `events(kind)`, `until(test)`.
 * - `orphans(comfyLog)`: prompts that ran on after their cancel; `crashNextRequest()`, `forgetSessions()`.
 * - `slots(id)` → `{max, free, lost}`; `quirks`: switch one off or on at any time.
 * - `restart()` on the server handle: session ids, users, images and backend settings stay, all work is gone.
 *
 * Parts: life and core (one process life), sessions (claims), scheduler and loader (slots, models), backends and keeper, generate and
 * image (messages), job (hand-over to ComfyUI), comfy (its door), remote (Swarm to Swarm), stream (the socket's end), routes* (API),
 * passthrough, users, outputs, params.
 */
import { quirksWith, SwarmDisk } from './core.ts';
import { SwarmLife } from './life.ts';
import { Holds } from '../base/holds.ts';
import type { Hold } from '../base/holds.ts';
import type { LogEntry, LogKind, PauseFilter, PausePoint, Quirks, SwarmOptions, Where } from './types.ts';

export interface Slots {
  readonly max: number;
  readonly free: number;
  readonly lost: number;
}

export class SwarmEngine {
  readonly log: LogEntry[] = [];
  readonly quirks: Quirks;
  readonly disk: SwarmDisk;
  /** what `ShutdownServer` does; the server sets it */
  onShutdown: () => void = () => undefined;
  readonly #options: SwarmOptions;
  readonly #pauses = new Holds<PausePoint, Where>();
  readonly #watchers = new Set<() => void>();
  #life: SwarmLife;
  #requests = 0;
  #crashes = 0;

  constructor(options: SwarmOptions = {}) {
    this.#options = options;
    this.quirks = quirksWith(options.quirks);
    this.disk = new SwarmDisk(options);
    this.#life = this.#begin();
  }

  /** the present life of the process; another object after a restart */
  get core(): SwarmLife {
    return this.#life;
  }

  pauseAt(point: PausePoint, filter: PauseFilter = {}): Hold<Where> {
    return this.#pauses.add(point, filter.when ?? (() => true), filter.all);
  }

  releaseAll(): void {
    this.#pauses.releaseAll();
  }

  events(kind: LogKind): LogEntry[] {
    return this.log.filter((entry) => entry.kind === kind);
  }

  /** The log of one request, found by a value anywhere in its `extra_metadata`. */
  requestWith(extraValue: string): LogEntry[] {
    const claim = this.log.find(
      (entry) => entry.kind === 'claim' && Object.values(entry.extra ?? {}).includes(extraValue),
    );
    return claim === undefined ? [] : this.log.filter((entry) => entry.request === claim.request);
  }

  /** Resolves as soon as `found` gives something for the log; looks at every new line. */
  until<T>(found: (log: readonly LogEntry[]) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const value = found(this.log);
        if (value === undefined) return;
        this.#watchers.delete(look);
        resolve(value);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** @throws Error if there is no such backend */
  slots(backendId: number): Slots {
    const backend = this.#life.backends.get(backendId);
    if (backend === undefined) throw new Error(`no backend ${String(backendId)}`);
    return { max: backend.maxUsages, free: backend.maxUsages - backend.usages, lost: backend.lost };
  }

  /**
   * Prompts whose request was interrupted, but which ComfyUI ran (or still runs) to their end all the same.
   * @param comfyLog the log of the demo ComfyUI behind this server
   */
  orphans(comfyLog: readonly { readonly event: string; readonly promptId: string }[]): string[] {
    const given = this.log.filter((entry) => entry.promptId !== undefined && entry.promptId !== '');
    const ended = new Set(this.events('exec-end').map((entry) => entry.promptId));
    const stopped = this.events('image-end').filter((end) => end.detail === 'interrupted' || end.detail === 'silent');
    const ids = stopped.flatMap((end) =>
      given
        .filter((entry) => entry.request === end.request && entry.image === end.image)
        .map((entry) => entry.promptId ?? ''),
    );
    return [...new Set(ids)].filter((id) => {
      const events = comfyLog.filter((entry) => entry.promptId === id).map((entry) => entry.event);
      return !ended.has(id) && events.includes('start') && !events.includes('interrupted');
    });
  }

  /** The next request ends silently: an unexpected exception is only logged on the real server (swarmui §3.2). */
  crashNextRequest(): void {
    this.#crashes += 1;
  }

  /** As after a restart with `--no_persist`, or 31 days later: all session ids are unknown. Their work goes on. */
  forgetSessions(): void {
    this.disk.sessionUsers.clear();
    this.#life.sessions.clear();
  }

  /** Resolves when every enabled backend runs. */
  async ready(): Promise<void> {
    await this.until(() => {
      const all = [...this.#life.backends.values()].filter((backend) => backend.enabled);
      return all.every((backend) => backend.state === 'running') ? true : undefined;
    });
  }

  /** Ends the present life without a word to anybody, and begins a new one with the same disk. */
  reboot(): void {
    this.kill();
    this.#life = this.#begin();
  }

  kill(): void {
    this.#life.kill();
    this.#pauses.releaseAll();
  }

  #begin(): SwarmLife {
    return new SwarmLife(this.#options, this.quirks, this.disk, this.#pauses, {
      write: (entry) => {
        this.log.push(entry);
        for (const look of [...this.#watchers]) look();
      },
      nextNumber: () => {
        this.#requests += 1;
        return this.#requests;
      },
      shutdown: () => {
        this.onShutdown();
      },
      maybeCrash: () => {
        if (this.#crashes === 0) return;
        this.#crashes -= 1;
        throw new Error('ordered by a test');
      },
    });
  }
}
