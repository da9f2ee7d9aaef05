/**
 * What a client asks of one server directly: a new connection, its memory, its catalogue, its backends, whose work it may
 * stop. Nothing of it is kept.
 */
import type { Asker } from '../../../shared/cancel.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { BackendView, CatalogueView } from '../../../shared/server-manage.ts';
import type { ProbeReport, ServerView } from '../../../shared/server.ts';
import type { ServerManagement } from '../servers/adapter.ts';
import { discover } from '../servers/discovery.ts';
import type { Board } from './board.ts';
import type { ServerAdmin } from './server-admin.ts';

type Powers = Awaited<ReturnType<ServerManagement['stopPowers']>>;

export class ServerCalls {
  readonly #board: Board;
  readonly #admin: ServerAdmin;

  constructor(board: Board, admin: ServerAdmin) {
    this.#board = board;
    this.#admin = admin;
  }

  discover(signal: AbortSignal): Promise<ProbeReport[]> {
    return discover(AbortSignal.any([signal, this.#board.signal]));
  }

  reconnect(id: ServerId): ServerView {
    const server = this.#admin.one(id);
    const link = this.#board.links.get(id);
    // After a sleep a socket may be half open and its link still read online: the stream is replaced, jobs are untouched.
    if (link?.online === true) link.recycle('asked to reconnect');
    else link?.reconnectNow();
    return server;
  }

  async freeMemory(id: ServerId, signal: AbortSignal): Promise<ServerView> {
    const server = this.#admin.one(id);
    const link = this.#board.links.get(id);
    if (link?.online !== true) throw new AppError('server_unreachable', `${server.name} does not answer`);
    await link.adapter.freeMemory(signal);
    return this.#admin.one(id);
  }

  catalogue(id: ServerId, refresh: boolean, signal: AbortSignal): Promise<CatalogueView> {
    return this.#managed(id).catalogue(refresh, signal);
  }

  /** Somebody looks: what is told, and the memory with it, is as new as once a second allows. */
  async backends(id: ServerId, signal: AbortSignal): Promise<BackendView[]> {
    const manage = this.#managed(id);
    const link = this.#board.links.get(id);
    if (link?.online === true) await link.adapter.refresh(signal);
    return [...manage.backends()];
  }

  async restartBackend(id: ServerId, backend: number, signal: AbortSignal): Promise<BackendView[]> {
    await this.#managed(id).restartBackend(backend, signal);
    return [...this.#managed(id).backends()];
  }

  async recreateBackend(
    id: ServerId,
    backend: number,
    signal: AbortSignal,
  ): Promise<{ made: number; backends: BackendView[] }> {
    const made = await this.#managed(id).recreateBackend(backend, signal);
    return { made, backends: [...this.#managed(id).backends()] };
  }

  async stopPowers(id: ServerId, signal: AbortSignal): Promise<Omit<Powers, 'users'> & { users: string[] }> {
    const { users, ...powers } = await this.#managed(id).stopPowers(signal);
    return { ...powers, users: [...users] };
  }

  /** Stops the work of a whole user, other people's and other programs' too; null: the one we are signed in as. */
  async stopUser(id: ServerId, user: string | null, by: Asker, signal: AbortSignal): Promise<void> {
    this.#board.log.info('the work of a whole user is stopped', { server: id, user, by });
    await (user === null ? this.#managed(id).stopOwnUser(signal) : this.#managed(id).stopUser(user, signal));
  }

  /** The management of a server whose kind has one. */
  #managed(id: ServerId): ServerManagement {
    const server = this.#admin.one(id);
    const link = this.#board.links.get(id);
    if (link === undefined) throw new AppError('server_unreachable', `${server.name} is switched off`);
    if (link.adapter.manage === undefined)
      throw new AppError('conflict', 'this kind of server has no such thing', { details: { kind: server.kind } });
    return link.adapter.manage;
  }
}
