/**
 * What the tray is made of, kept up to date from the core's events: summary, the running jobs by id, servers, settings.
 * Says when something changed. Draws nothing, and asks the core for nothing it was told already.
 */
import type { Events } from '../../../shared/contract.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { ServerView } from '../../../shared/server.ts';
import type { Settings } from '../../../shared/settings.ts';
import { DEFAULT_SETTINGS } from '../../../shared/settings.ts';
import type { TrayFacts } from './model.ts';
import type { Emitter } from '../../../shared/util/emitter.ts';
import type { Ask } from '../core-calls.ts';

export class TrayFeed {
  readonly #jobs = new Map<JobId, JobView>();
  readonly #servers = new Map<ServerId, ServerView>();
  readonly #subscriptions: Disposable[];
  readonly #onChange: () => void;
  #summary: Events['queue.summary'] | null = null;
  #settings: Settings = DEFAULT_SETTINGS;

  /** `onSettings` is told once at the start and at each change. */
  constructor(events: Emitter<Events>, onChange: () => void, onSettings: (settings: Settings) => void) {
    this.#onChange = onChange;
    const on = <Name extends keyof Events>(name: Name, take: (payload: Events[Name]) => void): Disposable =>
      events.on(name, (payload) => {
        take(payload);
        onChange();
      });
    this.#subscriptions = [
      on('queue.summary', (summary) => {
        this.#summary = summary;
      }),
      on('job.changed', (job) => {
        this.#takeJob(job);
      }),
      on('job.removed', ({ id }) => {
        this.#jobs.delete(id);
      }),
      on('server.changed', (server) => {
        this.#servers.set(server.id, server);
      }),
      on('server.removed', ({ id }) => {
        this.#servers.delete(id);
      }),
      on('settings.changed', (settings) => {
        this.#settings = settings;
        onSettings(settings);
      }),
    ];
  }

  /** The first picture; events that came meanwhile are newer and stay. */
  async load(ask: Ask): Promise<void> {
    const [{ servers }, { settings }, summary, { jobs }] = await Promise.all([
      ask('servers.list', {}),
      ask('settings.get', {}),
      ask('queue.summary', {}),
      ask('jobs.list', { states: ['submitting', 'accepted', 'running', 'collecting'], limit: 1_000 }),
    ]);
    for (const server of servers) if (!this.#servers.has(server.id)) this.#servers.set(server.id, server);
    for (const job of jobs) this.#takeJob(job);
    this.#summary ??= summary;
    this.#settings = settings;
    this.#onChange();
  }

  get settings(): Settings {
    return this.#settings;
  }

  get summary(): Events['queue.summary'] | null {
    return this.#summary;
  }

  /** Of ours: what is on a server or being fetched, and what is to be sent. */
  get counts(): { running: number; waiting: number } {
    const { running = 0, collecting = 0, waiting = 0 } = this.#summary ?? {};
    return { running: running + collecting, waiting };
  }

  /** A job is being sent at this moment. */
  get submitting(): boolean {
    return [...this.#jobs.values()].some((job) => job.state === 'submitting');
  }

  /** Addresses whose own page may be opened outside. */
  get serverUrls(): string[] {
    return [...this.#servers.values()].map(({ url }) => url);
  }

  serverName(id: ServerId | null): string | null {
    return id === null ? null : (this.#servers.get(id)?.name ?? null);
  }

  facts(hotkey: TrayFacts['hotkey']): TrayFacts {
    return {
      summary: this.#summary,
      // In the order they started, so that an entry keeps its place while the menu is open or opened again.
      running: [...this.#jobs.values()]
        .filter((job) => job.state === 'running')
        .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0) || (a.id < b.id ? -1 : 1)),
      servers: [...this.#servers.values()].sort((a, b) => a.position - b.position),
      askForOne: this.#settings.askForOne,
      hotkey,
    };
  }

  #takeJob(job: JobView): void {
    const known = this.#jobs.get(job.id);
    if (known !== undefined && known.rev >= job.rev) return;
    if (isTerminal(job.state) || job.state === 'queued') this.#jobs.delete(job.id);
    else this.#jobs.set(job.id, job);
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }
}
