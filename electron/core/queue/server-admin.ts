/**
 * Servers as the user manages them: add, edit, credentials, remove with the choices of architecture §9. Rows, links and
 * secrets are changed together; open jobs are settled honestly first.
 */
import { randomBytes } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { newServerId, uuidv4 } from '../../../shared/ids.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { Kind } from '../../../shared/job.ts';
import type { Credential, ProbeReport, ServerStatus, ServerView } from '../../../shared/server.ts';
import type { ServerPatch, ServerRecord } from '../db/server-store.ts';
import type { SecretStore } from '../ports.ts';
import type { Board, LinkPort } from './board.ts';
import type { Collector } from './collector.ts';
import type { Facts } from './facts.ts';
import type { Foreign } from './foreign.ts';
import type { Queue } from './queue.ts';
import type { Requests } from './requests.ts';

/** The registry of links (servers/servers.ts), as this needs it. */
export interface LinkRegistry {
  get(id: ServerId): (LinkPort & { reconnectNow(): void }) | undefined;
  add(record: ServerRecord): void;
  /** New address, name, limits or credential: the link is made anew where it must be. */
  update(record: ServerRecord): void;
  remove(id: ServerId): Promise<void>;
  probe(url: string, kind?: Kind, credential?: Credential): Promise<ProbeReport>;
  normalise(url: string): string;
}

const DISABLED: Omit<ServerStatus, 'contact' | 'since'> = {
  error: null,
  version: null,
  capabilities: null,
  answersInMs: null,
  queueLength: null,
  nextTryAt: null,
  memory: null,
  problems: [],
  backends: null,
};

export interface RemoveChoice {
  id: ServerId;
  waiting?: 'move' | 'cancel' | undefined;
  onServer?: 'cancel-and-wait' | 'forget' | undefined;
}

export class ServerAdmin {
  readonly #board: Board;
  readonly #links: LinkRegistry;
  readonly #secrets: SecretStore;
  readonly #parts: {
    queue: Queue;
    requests: Requests;
    foreign: Foreign;
    facts: Facts;
    collector: Collector;
    kick: (id: ServerId | null) => void;
    reconsider: () => void;
  };
  readonly #q;
  readonly #removing = new Set<ServerId>();

  constructor(
    board: Board,
    links: LinkRegistry,
    secrets: SecretStore,
    parts: {
      queue: Queue;
      requests: Requests;
      foreign: Foreign;
      facts: Facts;
      collector: Collector;
      kick: (id: ServerId | null) => void;
      reconsider: () => void;
    },
  ) {
    this.#board = board;
    this.#links = links;
    this.#secrets = secrets;
    this.#parts = parts;
    const { raw } = board.db;
    this.#q = {
      waiting: raw.prepare<[ServerId], JobId>("SELECT id FROM jobs WHERE state = 'queued' AND server_id = ?").pluck(),
      onServer: raw.prepare<[ServerId], { id: JobId; state: string }>(
        'SELECT j.id, j.state FROM attempts a JOIN jobs j ON j.id = a.job_id WHERE a.closed_at IS NULL AND a.server_id = ?',
      ),
      unbind: raw.prepare("UPDATE jobs SET server_id = NULL, rev = rev + 1 WHERE state = 'queued' AND server_id = ?"),
    };
  }

  view(record: ServerRecord): ServerView {
    const link = this.#links.get(record.id);
    return {
      id: record.id,
      kind: record.kind,
      name: record.name,
      url: record.url,
      hasCredential: record.credentialRef !== null,
      maxInFlight: record.maxInFlight,
      allowUntargetedInterrupt: record.allowUntargetedInterrupt,
      paused: record.paused,
      enabled: record.enabled,
      position: record.position,
      status: link?.status() ?? { contact: 'disabled', since: Date.now(), ...DISABLED },
    };
  }

  list(): ServerView[] {
    return this.#board.servers.all().map((record) => this.view(record));
  }

  one(id: ServerId): ServerView {
    return this.view(this.#existing(id));
  }

  async add(asked: {
    kind?: Kind | undefined;
    name?: string | undefined;
    url: string;
    maxInFlight?: number | undefined;
  }): Promise<ServerView> {
    const url = this.#links.normalise(asked.url);
    this.#mustBeNew(url, null);
    let { kind } = asked;
    if (kind === undefined) {
      const probe = await this.#links.probe(url);
      if (probe.kind === null)
        throw new AppError(
          probe.error?.code ?? 'server_unsupported',
          probe.error?.message ?? 'no ComfyUI or SwarmUI answers there',
          { details: { url } },
        );
      kind = probe.kind;
      this.#mustBeNew(url, null);
    }
    const id = newServerId();
    this.#board.servers.insert({
      id,
      kind,
      name: asked.name ?? defaultName(kind, url),
      url,
      credentialRef: null,
      clientId: uuidv4(),
      maxInFlight: asked.maxInFlight ?? 2,
    });
    const record = this.#existing(id);
    this.#links.add(record);
    this.#board.log.info('server added', { server: id, kind, url });
    return this.#changed(id);
  }

  edit(id: ServerId, patch: ServerPatch): ServerView {
    const now = this.#staying(id);
    const next: ServerPatch = { ...patch };
    if (patch.url !== undefined) {
      next.url = this.#links.normalise(patch.url);
      this.#mustBeNew(next.url, id);
      if (next.url !== now.url && this.#q.onServer.all(id).length > 0) {
        throw new AppError('conflict', 'jobs of ours are on it: its address can change when they have ended');
      }
    }
    const record = this.#board.servers.update(id, next);
    if (record !== undefined) this.#links.update(record);
    this.#parts.kick(id);
    if (now.enabled && record?.enabled === false) this.#parts.reconsider();
    return this.#changed(id);
  }

  /** The secret store first, then the row that names it: a crash between leaves a secret nobody refers to, never the reverse. */
  async setCredential(id: ServerId, credential: Credential | null): Promise<ServerView> {
    const record = this.#staying(id);
    if (credential === null) {
      if (record.credentialRef !== null) await this.#secrets.delete(record.credentialRef);
      this.#staying(id);
      this.#board.servers.update(id, { credentialRef: null });
    } else {
      const ref = record.credentialRef ?? `server-${randomBytes(8).toString('hex')}`;
      await this.#secrets.set(ref, credential);
      if (!this.#stays(id)) await this.#secrets.delete(ref);
      this.#staying(id);
      this.#board.servers.update(id, { credentialRef: ref });
    }
    this.#links.update(this.#existing(id));
    this.#links.get(id)?.reconnectNow();
    return this.#changed(id);
  }

  async credentialOf(id: ServerId): Promise<Credential | null> {
    const ref = this.#board.servers.get(id)?.credentialRef ?? null;
    return ref === null ? null : this.#secrets.get(ref);
  }

  /** `removed: false` while jobs are being stopped; the removal is completed when the last has ended. */
  async remove(choice: RemoveChoice): Promise<{ removed: boolean; waitingFor: JobId[] }> {
    const { id } = choice;
    this.#existing(id);
    const waiting = this.#q.waiting.all(id);
    const there = this.#q.onServer.all(id);
    if ((waiting.length > 0 && choice.waiting === undefined) || (there.length > 0 && choice.onServer === undefined)) {
      throw new AppError('conflict', 'it has open jobs: say what becomes of them', {
        details: { waiting: waiting.length, onServer: there.length },
      });
    }
    // From here on nothing new goes there, also after a restart in the middle of it.
    this.#board.settings.setFlag(`leaving.${id}`, true);
    if (waiting.length > 0) {
      if (choice.waiting === 'move') {
        this.#q.unbind.run(id);
        this.#board.feed.changedAll(waiting);
      } else this.#parts.requests.run({ scope: { jobs: waiting }, mode: 'stop' }, 'core');
    }
    if (there.length > 0) {
      if (choice.onServer === 'cancel-and-wait') {
        const open = there.filter((job) => job.state !== 'collecting').map((job) => job.id);
        if (open.length > 0) this.#parts.requests.run({ scope: { jobs: open }, mode: 'stop' }, 'core');
        const left = this.#q.onServer.all(id);
        if (left.length > 0) return { removed: false, waitingFor: left.map((job) => job.id) };
      } else this.#forget(id);
    }
    await this.#remove(id);
    return { removed: true, waitingFor: [] };
  }

  /** A job ended, or the core started: servers that waited for their jobs to stop may go now. */
  removeLeaving(): void {
    for (const { id } of this.#board.servers.all()) {
      if (!this.#board.settings.flag(`leaving.${id}`) || this.#q.onServer.all(id).length > 0) continue;
      void this.#remove(id).catch((error: unknown) => {
        this.#board.log.error('a server could not be removed', { server: id, error });
      });
    }
  }

  #forget(id: ServerId): void {
    for (const job of this.#q.onServer.all(id)) {
      const attempt = this.#board.jobs.openAttempt(job.id);
      if (attempt === undefined) continue;
      if (job.state === 'collecting') this.#parts.collector.giveUp(job.id);
      else this.#parts.facts.apply(job.id, { type: 'vanished', cause: 'server-removed' }, attempt);
    }
  }

  async #remove(id: ServerId): Promise<void> {
    if (this.#removing.has(id)) return;
    this.#removing.add(id);
    try {
      const ref = this.#board.servers.get(id)?.credentialRef ?? null;
      await this.#links.remove(id);
      // What came in while the link was closing belongs to no server any more.
      const unbound = this.#q.waiting.all(id);
      this.#board.db.tx(() => {
        this.#q.unbind.run(id);
        this.#board.servers.remove(id);
        this.#board.settings.setFlag(`leaving.${id}`, false);
      });
      this.#board.feed.changedAll(unbound);
      // Files of ended jobs that were still awaited from it, and other people's work on it: nobody will tell any more.
      for (const jobId of this.#board.outputs.waitingFrom(id)) this.#parts.collector.giveUp(jobId);
      this.#parts.foreign.forget(id);
      this.#board.log.info('server removed', { server: id });
      this.#board.events.emit('server.removed', { id });
      this.#parts.reconsider();
      if (ref !== null) await this.#secrets.delete(ref);
    } finally {
      this.#removing.delete(id);
    }
  }

  #changed(id: ServerId): ServerView {
    const view = this.one(id);
    this.#board.events.emit('server.changed', view);
    return view;
  }

  #existing(id: ServerId): ServerRecord {
    const record = this.#board.servers.get(id);
    if (record === undefined) throw new AppError('not_found', 'there is no such server', { details: { id } });
    return record;
  }

  /** False from the moment its link is being closed for good: its row is still there then, its link is not. */
  #stays(id: ServerId): boolean {
    return this.#board.servers.get(id) !== undefined && !this.#removing.has(id);
  }

  /** The record of a server that can still be changed. */
  #staying(id: ServerId): ServerRecord {
    if (this.#removing.has(id)) throw new AppError('not_found', 'that server is being removed', { details: { id } });
    return this.#existing(id);
  }

  #mustBeNew(url: string, except: ServerId | null): void {
    const same = this.#board.servers.all().find((server) => server.url === url && server.id !== except);
    if (same !== undefined)
      throw new AppError('conflict', 'that server is there already', { details: { id: same.id, name: same.name } });
  }
}

function defaultName(kind: Kind, url: string): string {
  const { host } = new URL(url);
  return `${kind === 'comfy' ? 'ComfyUI' : 'SwarmUI'} on ${host}`;
}
