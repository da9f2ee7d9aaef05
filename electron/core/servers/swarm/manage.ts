/**
 * What a person may do to a SwarmUI server beyond their own jobs: its backends, its memory, its models, and the work of
 * whole users. Every call says which permission it needs; none is made without being asked for.
 */
import { AppError, isAbort } from '../../../../shared/errors.ts';
import type { BackendView, CatalogueView, StopPowers } from '../../../../shared/server-manage.ts';
import type { Log } from '../../log.ts';
import type { ServerManagement } from '../adapter.ts';
import { CatalogueCache } from './catalogue.ts';
import type { SwarmClient } from './client.ts';
import type { Monitor } from './monitor.ts';

interface ManagePorts {
  /** Throws `server_unreachable` while there is no connection. */
  client(): SwarmClient;
  readonly monitor: Monitor;
  readonly log: Log;
}

export class SwarmManage implements ServerManagement {
  readonly #ports: ManagePorts;
  readonly #catalogue = new CatalogueCache();

  constructor(ports: ManagePorts) {
    this.#ports = ports;
  }

  /** Another connection: what was fetched may be another user's. */
  forget(): void {
    this.#catalogue.clear();
  }

  async catalogue(refresh: boolean, signal: AbortSignal): Promise<CatalogueView> {
    return await this.#catalogue.get(this.#ports.client(), refresh, signal);
  }

  /** As last asked, at most 5 s ago while connected. Throws `not_allowed` where they may not be seen. */
  backends(): readonly BackendView[] {
    this.#ports.client().require('view_backends_list');
    return this.#ports.monitor.backends.views();
  }

  async freeMemory(signal: AbortSignal): Promise<void> {
    const client = this.#ports.client();
    client.require('control_mem_clean');
    await client.ask((session) => client.api.freeMemory(session, signal), signal);
  }

  /**
   * Waits until a slot of it is free, which takes as long as a job, and for ever when its slots are lost (S13): then
   * `conflict`, because only re-creating helps. Abort means that the caller no longer waits; the restart goes on.
   */
  async restartBackend(id: number, signal: AbortSignal): Promise<void> {
    const client = this.#ports.client();
    client.require('restart_backends');
    if (this.#find(id).lostSlots >= this.#find(id).slots)
      throw new AppError('conflict', 'all slots of this backend are lost: only re-creating it helps', {
        details: { backend: id },
      });
    await client.ask((session) => client.api.restartBackend(session, id, signal), signal);
    await this.#ports.monitor.askBackends(client, signal);
  }

  /**
   * Makes a new backend with the settings of this one, then removes this one without waiting for the answer, which may
   * never come (swarmui §4.4). What runs there is lost. Answers the new id. Throws `conflict` when settings can't be
   * read back.
   */
  async recreateBackend(id: number, signal: AbortSignal): Promise<number> {
    const client = this.#ports.client();
    client.require('add_remove_backends');
    client.require('edit_backends');
    await this.#ports.monitor.askBackends(client, signal);
    const old = this.#ports.monitor.backends.list?.find((one) => one.id === id);
    if (old === undefined || id < 0)
      throw new AppError('not_found', 'there is no such backend', { details: { backend: id } });
    // Secrets are not shown (swarmui §5): a copy would be made without them.
    const hidden = Object.entries(old.settings)
      .filter(([, value]) => typeof value === 'string' && value.includes('\t<secret>'))
      .map(([key]) => key);
    if (hidden.length > 0)
      throw new AppError(
        'conflict',
        'a setting of this backend is secret, so it can only be re-created on the server itself',
        { details: { backend: id, hidden } },
      );
    const made = await client.ask((session) => client.api.addBackend(session, old.type, signal), signal);
    await client.ask((session) => client.api.editBackend(session, made, old.title, old.settings, signal), signal);
    client
      .ask((session) => client.api.deleteBackend(session, id, signal), signal)
      .catch((error: unknown) => {
        if (!isAbort(error))
          this.#ports.log.warn('removing the old backend was answered with an error', { backend: id, error });
      });
    await this.#ports.monitor.askBackends(client, signal);
    return made;
  }

  /** Who could be stopped as a whole, by name: for a dialog that says whose work it is. Throws AppError. */
  async stopPowers(signal: AbortSignal): Promise<StopPowers> {
    const client = this.#ports.client();
    const ownUser = client.may('basic_image_generation') ? client.session.user_id : null;
    if (!client.may('interrupt_others') || !client.may('read_server_info_panels') || !client.targeted)
      return { ownUser, users: [], prompts: client.visible };
    const users = await client.ask((session) => client.api.connectedUsers(session, signal), signal);
    return {
      ownUser,
      users: users.filter((one) => one.waiting_gens > 0 || one.live_gens > 0).map((one) => one.id),
      prompts: client.visible,
    };
  }

  /** Everything of the signed-in user, ours included; ends no job of ours without its own proof: their streams tell. */
  async stopOwnUser(signal: AbortSignal): Promise<void> {
    const client = this.#ports.client();
    client.require('basic_image_generation');
    await client.ask((session) => client.api.interruptOwnUser(session), signal);
  }

  async stopUser(name: string, signal: AbortSignal): Promise<void> {
    const client = this.#ports.client();
    client.require('interrupt_others');
    await client.ask((session) => client.api.interruptUser(session, name), signal);
  }

  #find(id: number): BackendView {
    const view = this.#ports.monitor.backends.views().find((one) => one.id === id);
    if (view === undefined) throw new AppError('not_found', 'there is no such backend', { details: { backend: id } });
    return view;
  }
}
