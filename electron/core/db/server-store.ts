/** SQL for servers. Credentials are not here: a row holds only the reference under which the secret store keeps them. */
import { AppError } from '../../../shared/errors.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { Kind } from '../../../shared/job.ts';
import { defined } from '../../../shared/util/defined.ts';
import type { Database } from './database.ts';

export interface ServerRecord {
  id: ServerId;
  kind: Kind;
  name: string;
  url: string;
  credentialRef: string | null;
  clientId: string;
  maxInFlight: number;
  allowUntargetedInterrupt: boolean;
  paused: boolean;
  enabled: boolean;
  position: number;
}
type Flag = 'allowUntargetedInterrupt' | 'paused' | 'enabled';
type Row = Omit<ServerRecord, Flag> & Record<Flag, 0 | 1>;
export type ServerPatch = {
  [K in Exclude<keyof ServerRecord, 'id' | 'kind' | 'clientId'>]?: ServerRecord[K] | undefined;
};

const record = (row: Row): ServerRecord => ({
  ...row,
  allowUntargetedInterrupt: row.allowUntargetedInterrupt === 1,
  paused: row.paused === 1,
  enabled: row.enabled === 1,
});

export class ServerStore {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    const there = `SELECT id, kind, name, url, credential_ref AS credentialRef, client_id AS clientId, max_in_flight AS maxInFlight,
      allow_untargeted_interrupt AS allowUntargetedInterrupt, paused, enabled, position FROM servers WHERE removed_at IS NULL`;
    this.#q = {
      all: raw.prepare<[], Row>(`${there} ORDER BY position, created_at`),
      get: raw.prepare<[ServerId], Row>(`${there} AND id = ?`),
      name: raw.prepare<[ServerId], string>('SELECT name FROM servers WHERE id = ?').pluck(),
      insert:
        raw.prepare(`INSERT INTO servers (id, kind, name, url, credential_ref, client_id, max_in_flight, position, created_at)
        VALUES (@id, @kind, @name, @url, @credentialRef, @clientId, @maxInFlight, (SELECT coalesce(max(position), 0) + 1 FROM servers), @createdAt)`),
      update:
        raw.prepare(`UPDATE servers SET name = @name, url = @url, credential_ref = @credentialRef, max_in_flight = @maxInFlight,
        allow_untargeted_interrupt = @allowUntargetedInterrupt, paused = @paused, enabled = @enabled, position = @position WHERE id = @id`),
      remove: raw.prepare('UPDATE servers SET removed_at = ?, credential_ref = NULL WHERE id = ?'),
      witness: raw.prepare<[ServerId], string | null>('SELECT witness FROM servers WHERE id = ?').pluck(),
      setWitness: raw.prepare('UPDATE servers SET witness = ? WHERE id = ? AND witness IS NOT ?'),
    };
  }

  all(): ServerRecord[] {
    return this.#q.all.all().map(record);
  }
  get(id: ServerId): ServerRecord | undefined {
    const row = this.#q.get.get(id);
    return row === undefined ? undefined : record(row);
  }
  /** @throws AppError `not_found`. */
  existing(id: ServerId): ServerRecord {
    const server = this.get(id);
    if (server === undefined) throw new AppError('not_found', 'there is no such server', { details: { id } });
    return server;
  }
  /** Also of removed servers: history keeps the name. */
  nameOf(id: ServerId): string | null {
    return this.#q.name.get(id) ?? null;
  }
  insert(server: Omit<ServerRecord, 'position' | 'paused' | 'enabled' | 'allowUntargetedInterrupt'>): void {
    this.#q.insert.run({ ...server, createdAt: Date.now() });
  }
  update(id: ServerId, patch: ServerPatch): ServerRecord | undefined {
    const now = this.get(id);
    if (now === undefined) return undefined;
    const next = { ...now, ...defined(patch) };
    this.#q.update.run({
      ...next,
      allowUntargetedInterrupt: next.allowUntargetedInterrupt ? 1 : 0,
      paused: next.paused ? 1 : 0,
      enabled: next.enabled ? 1 : 0,
    });
    return next;
  }
  remove(id: ServerId): void {
    this.#q.remove.run(Date.now(), id);
  }
  witness(id: ServerId): string | null {
    return this.#q.witness.get(id) ?? null;
  }
  setWitness(id: ServerId, promptId: string): void {
    this.#q.setWitness.run(promptId, id, promptId);
  }
}
