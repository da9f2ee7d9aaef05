/**
 * The servers the user has, one ServerLink each while enabled. Adds, changes and removes links; keeps nothing on disk
 * and knows no job: what to do with a removed server's work is decided before it is removed here.
 */
import { AppError } from '../../../shared/errors.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { Kind } from '../../../shared/job.ts';
import type { Credential, ServerStatus } from '../../../shared/server.ts';
import type { Log } from '../log.ts';
import type { AdapterContext, AdapterServer } from './adapter.ts';
import { NOTHING_KNOWN } from './link-status.ts';
import { ServerLink } from './link.ts';
import type { AdapterFactory, LinkHooks } from './link.ts';

export interface ServerRecord extends AdapterServer {
  readonly enabled: boolean;
}

export interface ServersOptions {
  readonly kinds: Partial<Record<Kind, { readonly adapter: AdapterFactory }>>;
  readonly hooks: LinkHooks;
  readonly credential: (id: ServerId) => Promise<Credential | null>;
  readonly isOurs: (id: ServerId, remoteKey: string) => boolean;
  /** Whether work of ours is on this server or waits for it. Default no. */
  readonly isAwaited?: (id: ServerId) => boolean;
  readonly witness: (id: ServerId) => AdapterContext['witness'];
  readonly log: Log;
  readonly backoffScale?: number;
}

interface Entry {
  record: ServerRecord;
  link: ServerLink | null;
}

export class Servers {
  readonly #options: ServersOptions;
  readonly #entries = new Map<ServerId, Entry>();
  /** Links that are being closed: a new one for the same server waits for the old one (C12). */
  readonly #closing = new Map<ServerId, Promise<void>>();

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /** Throws `conflict` when there is one with this id, `server_unsupported` for a kind without an adapter. */
  add(record: ServerRecord): void {
    if (this.#entries.has(record.id))
      throw new AppError('conflict', 'there is a server with this id', { details: { id: record.id } });
    const entry: Entry = { record, link: null };
    this.#entries.set(record.id, entry);
    if (record.enabled) this.#begin(entry);
    else this.#tellDisabled(record);
  }

  /**
   * Takes a changed record. A change of address, limits, permission or kind makes a new link; a change of name only does
   * not. New credentials: call `link(id)?.reconnectNow()`. Resolves once the old link is closed.
   */
  async update(record: ServerRecord): Promise<void> {
    const entry = this.#entry(record.id);
    const before = entry.record;
    entry.record = record;
    if (before.enabled === record.enabled && sameServer(before, record)) return;
    const old = entry.link;
    entry.link = null;
    if (old !== null) this.#end(record.id, old);
    if (record.enabled) this.#begin(entry);
    else this.#tellDisabled(record);
    await this.#closing.get(record.id);
  }

  async remove(id: ServerId): Promise<void> {
    const entry = this.#entry(id);
    this.#entries.delete(id);
    if (entry.link !== null) this.#end(id, entry.link);
    await this.#closing.get(id);
  }

  /** The link of an enabled server. */
  get(id: ServerId): ServerLink | undefined {
    return this.#entries.get(id)?.link ?? undefined;
  }

  /** Links of all enabled servers. */
  all(): readonly ServerLink[] {
    return [...this.#entries.values()].flatMap(({ link }) => (link === null ? [] : [link]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((id) => this.remove(id)));
    await Promise.all(this.#closing.values());
  }

  #entry(id: ServerId): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new AppError('not_found', 'there is no such server', { details: { id } });
    return entry;
  }

  #begin(entry: Entry): void {
    const { record } = entry;
    const makeAdapter = this.#options.kinds[record.kind]?.adapter;
    if (makeAdapter === undefined) throw new AppError('server_unsupported', `no adapter for ${record.kind}`);
    const { hooks } = this.#options;
    const link: ServerLink = new ServerLink({
      server: record,
      makeAdapter,
      // A link that was replaced has no say any more about how its server is doing.
      hooks: {
        ...hooks,
        onStatus: (id, status) => {
          if (entry.link === link) hooks.onStatus(id, status);
        },
      },
      credential: () => this.#options.credential(record.id),
      isOurs: (remoteKey) => this.#options.isOurs(record.id, remoteKey),
      isAwaited: () => this.#options.isAwaited?.(record.id) ?? false,
      witness: this.#options.witness(record.id),
      log: this.#options.log,
      ...(this.#options.backoffScale === undefined ? {} : { backoffScale: this.#options.backoffScale }),
    });
    entry.link = link;
    const before = this.#closing.get(record.id);
    if (before === undefined) link.start();
    else
      void before.then(() => {
        if (entry.link === link) link.start();
      });
  }

  #end(id: ServerId, link: ServerLink): void {
    const before = this.#closing.get(id) ?? Promise.resolve();
    const closed = Promise.all([before, link.close()]).then(() => {
      if (this.#closing.get(id) === closed) this.#closing.delete(id);
    });
    this.#closing.set(id, closed);
  }

  #tellDisabled(record: ServerRecord): void {
    this.#options.hooks.onStatus(record.id, DISABLED);
  }
}

export const DISABLED: ServerStatus = { ...NOTHING_KNOWN, contact: 'disabled', since: 0 };

function sameServer(a: AdapterServer, b: AdapterServer): boolean {
  return (
    a.url === b.url &&
    a.kind === b.kind &&
    a.clientId === b.clientId &&
    a.maxInFlight === b.maxInFlight &&
    a.allowUntargetedInterrupt === b.allowUntargetedInterrupt
  );
}
