/** Who may be claimed next: queue order, and everything that keeps a job from going. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newServerId } from '../../../../shared/ids.ts';
import { openStores } from '../../../support/stores.ts';
import type { Stores } from '../../../support/stores.ts';

let s: Stores;
beforeEach(() => {
  s = openStores();
});
afterEach(() => {
  s.close();
});

const claimable = (): string[] => s.order.claimable('comfy', s.serverId, 50).map((job) => job.id);

describe('claimable', () => {
  it('goes by position, then by id', () => {
    const [late, early, twin] = [s.add({ position: 9 }), s.add({ position: 2 }), s.add({ position: 2 })];
    expect(claimable()).toEqual([early, twin, late]);
  });

  it('passes over held jobs, jobs of a stopped batch, of another server, and those this server refused', () => {
    const ids = Array.from({ length: 5 }, () => s.add());
    const [free, held, stopped, elsewhere, refused] = ids;
    const other = newServerId();
    s.servers.insert({
      id: other,
      kind: 'comfy',
      name: 'Other',
      url: 'http://127.0.0.1:2',
      credentialRef: null,
      clientId: 'c',
      maxInFlight: 1,
    });
    s.db.raw.prepare('UPDATE jobs SET held = 1 WHERE id = ?').run(held);
    s.db.raw
      .prepare("INSERT INTO batches (id, title, size, stop_after_at, created_at) VALUES ('b', 'b', 1, 5, 5)")
      .run();
    s.db.raw.prepare("UPDATE jobs SET batch_id = 'b' WHERE id = ?").run(stopped);
    s.db.raw.prepare('UPDATE jobs SET server_id = ? WHERE id = ?').run(other, elsewhere);
    s.db.raw
      .prepare("INSERT INTO rejections (job_id, server_id, error, at) VALUES (?, ?, '{}', 1)")
      .run(refused, s.serverId);
    expect(claimable()).toEqual([free]);
    expect(s.order.claimable('comfy', other, 50).map((job) => job.id)).toEqual([free, elsewhere, refused]);
    expect(s.order.claimable('swarm', s.serverId, 50)).toEqual([]);
  });
});
