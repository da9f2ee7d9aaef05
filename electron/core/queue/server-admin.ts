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
  readonly #removing = new Map<ServerId, Promise<void>>();

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
        'SELECT j.id, j.state FROM attempts a INDEXED BY attempts_one_open_per_key JOIN jobs j ON j.id = a.job_id WHERE a.closed_at IS NULL AND a.server_id = ?',
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
    const now = this.#existing(id);
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

  /** A new secret under a new name, then the row, then the old secret goes: the row never names one that is not there. */
  async setCredential(id: ServerId, credential: Credential | null): Promise<ServerView> {
    this.#existing(id);
    const ref = credential === null ? null : `server-${randomBytes(8).toString('hex')}`;
    if (credential !== null && ref !== null) await this.#secrets.set(ref, credential);
    const before = this.#board.servers.get(id);
    // The server may have been removed while the secret was being kept.
    const old = before === undefined ? ref : before.credentialRef;
    if (before !== undefined) this.#board.servers.update(id, { credentialRef: ref });
    if (old !== null) await this.#secrets.delete(old);
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
    const forgetting = there.length > 0 && choice.onServer === 'forget';
    const asked = [
      ...(choice.waiting === 'cancel' ? waiting : []),
      ...(forgetting ? [] : there.filter((job) => job.state !== 'collecting').map((job) => job.id)),
    ];
    const follow = this.#board.db.tx(() => {
      // From here on nothing new goes there, also after a restart in the middle of it; what was chosen is on disk with it.
      this.#board.settings.setFlag(`leaving.${id}`, true);
      if (choice.waiting === 'move') this.#q.unbind.run(id);
      return [
        ...(asked.length === 0 ? [] : [this.#parts.requests.ask({ scope: { jobs: asked }, mode: 'stop' }, 'core').go]),
        ...(forgetting ? this.#forget(there) : []),
      ];
    });
    if (choice.waiting === 'move') this.#board.feed.changedAll(waiting);
    for (const next of follow) next();
    const left = this.#q.onServer.all(id);
    if (left.length > 0) return { removed: false, waitingFor: left.map((job) => job.id) };
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

  /** Call inside `tx`; what it answers is to be called after the commit. */
  #forget(there: readonly { id: JobId; state: string }[]): (() => void)[] {
    return there.flatMap((job) => {
      if (job.state === 'collecting')
        return [
          () => {
            this.#parts.collector.giveUp(job.id);
          },
        ];
      const attempt = this.#board.jobs.openAttempt(job.id);
      if (attempt === undefined) return [];
      return [this.#parts.facts.write(job.id, { type: 'vanished', cause: 'server-removed' }, attempt).follow];
    });
  }

  /** Whoever asks while it is going waits for the same removal. */
  #remove(id: ServerId): Promise<void> {
    const going = this.#removing.get(id);
    if (going !== undefined) return going;
    const run = this.#removeNow(id).finally(() => this.#removing.delete(id));
    this.#removing.set(id, run);
    return run;
  }

  /** The row goes first: from then on nobody can name the server, and a removal that can't be written down changes nothing. */
  async #removeNow(id: ServerId): Promise<void> {
    const ref = this.#board.servers.get(id)?.credentialRef ?? null;
    // What came in since the choice belongs to no server any more.
    const unbound = this.#q.waiting.all(id);
    this.#board.db.tx(() => {
      this.#q.unbind.run(id);
      // Files of ended jobs that were still awaited from it, and other people's work on it: nobody will tell any more.
      for (const jobId of this.#board.outputs.waitingFrom(id)) this.#parts.collector.giveUp(jobId);
      this.#parts.foreign.forget(id);
      this.#board.servers.remove(id);
      this.#board.settings.setFlag(`leaving.${id}`, false);
    });
    this.#board.feed.changedAll(unbound);
    await this.#links.remove(id);
    this.#board.log.info('server removed', { server: id });
    this.#board.events.emit('server.removed', { id });
    this.#parts.reconsider();
    if (ref !== null) await this.#secrets.delete(ref);
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
