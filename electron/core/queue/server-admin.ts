/**
 * Servers as the user manages them: add, edit, credentials. Rows, links and secrets are changed together. How one goes,
 * and what becomes of its jobs, is server-removal.ts.
 */
import { randomBytes } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { newServerId, uuidv4 } from '../../../shared/ids.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { Kind } from '../../../shared/job.ts';
import { KINDS, kinds } from '../../../shared/kinds/kinds.ts';
import type { Credential, ProbeReport, ServerView } from '../../../shared/server.ts';
import type { ServerPatch, ServerRecord } from '../db/server-store.ts';
import type { SecretStore } from '../ports.ts';
import { normaliseUrl } from '../servers/address.ts';
import { DISABLED } from '../servers/servers.ts';
import type { Servers } from '../servers/servers.ts';
import type { Board } from './board.ts';

export type Probe = (url: string, kind?: Kind, credential?: Credential) => Promise<ProbeReport>;

export interface AdminPorts {
  readonly links: Pick<Servers, 'add' | 'update' | 'remove'>;
  readonly secrets: SecretStore;
  readonly probe: Probe;
  kick(id: ServerId): void;
  reconsider(): void;
}

export class ServerAdmin {
  readonly #board: Board;
  readonly #ports: AdminPorts;

  constructor(board: Board, ports: AdminPorts) {
    this.#board = board;
    this.#ports = ports;
  }

  view(record: ServerRecord): ServerView {
    const { clientId, credentialRef, ...same } = record;
    return {
      ...same,
      hasCredential: credentialRef !== null,
      status: this.#board.links.get(record.id)?.status() ?? { ...DISABLED, since: Date.now() },
    };
  }

  list(): ServerView[] {
    return this.#board.servers.all().map((record) => this.view(record));
  }

  one(id: ServerId): ServerView {
    return this.view(this.#board.servers.existing(id));
  }

  async add(asked: {
    kind?: Kind | undefined;
    name?: string | undefined;
    url: string;
    maxInFlight?: number | undefined;
  }): Promise<ServerView> {
    const url = normaliseUrl(asked.url);
    this.#mustBeNew(url, null);
    let { kind } = asked;
    if (kind === undefined) {
      const probe = await this.#ports.probe(url);
      if (probe.kind === null)
        throw new AppError(
          probe.error?.code ?? 'server_unsupported',
          probe.error?.message ?? `no ${KINDS.map((each) => kinds[each].label).join(' or ')} answers there`,
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
    const record = this.#board.servers.existing(id);
    this.#ports.links.add(record);
    this.#board.log.info('server added', { server: id, kind, url });
    return this.#changed(id);
  }

  edit(id: ServerId, patch: ServerPatch): ServerView {
    const now = this.#board.servers.existing(id);
    const next: ServerPatch = { ...patch };
    if (patch.url !== undefined) {
      next.url = normaliseUrl(patch.url);
      this.#mustBeNew(next.url, id);
      if (next.url !== now.url && this.#board.attempts.openOn(id).length > 0) {
        throw new AppError('conflict', 'jobs of ours are on it: its address can change when they have ended');
      }
    }
    const record = this.#board.servers.update(id, next);
    if (record !== undefined) this.#renew(record);
    this.#ports.kick(id);
    if (now.enabled && record?.enabled === false) this.#ports.reconsider();
    return this.#changed(id);
  }

  /** A new secret under a new name, then the row, then the old secret goes: the row never names one that is not there. */
  async setCredential(id: ServerId, credential: Credential | null): Promise<ServerView> {
    this.#board.servers.existing(id);
    const ref = credential === null ? null : `server-${randomBytes(8).toString('hex')}`;
    if (credential !== null && ref !== null) await this.#ports.secrets.set(ref, credential);
    const before = this.#board.servers.get(id);
    // The server may have been removed while the secret was being kept.
    const old = before === undefined ? ref : before.credentialRef;
    if (before !== undefined) this.#board.servers.update(id, { credentialRef: ref });
    if (old !== null) await this.#ports.secrets.delete(old);
    this.#renew(this.#board.servers.existing(id));
    this.#board.links.get(id)?.reconnectNow();
    return this.#changed(id);
  }

  async credentialOf(id: ServerId): Promise<Credential | null> {
    const ref = this.#board.servers.get(id)?.credentialRef ?? null;
    return ref === null ? null : this.#ports.secrets.get(ref);
  }

  #renew(record: ServerRecord): void {
    this.#ports.links.update(record).catch((error: unknown) => {
      this.#board.log.error('a link could not be renewed', { server: record.id, error });
    });
  }

  #changed(id: ServerId): ServerView {
    const view = this.one(id);
    this.#board.events.emit('server.changed', view);
    return view;
  }

  #mustBeNew(url: string, except: ServerId | null): void {
    const same = this.#board.servers.all().find((server) => server.url === url && server.id !== except);
    if (same !== undefined)
      throw new AppError('conflict', 'that server is there already', { details: { id: same.id, name: same.name } });
  }
}

function defaultName(kind: Kind, url: string): string {
  const { host } = new URL(url);
  return `${kinds[kind].label} on ${host}`;
}
