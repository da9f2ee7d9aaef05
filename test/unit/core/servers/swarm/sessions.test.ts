/** The session pool: exclusive, bounded, in quarantine when in doubt. */
import { describe, expect, test } from 'vitest';
import { LogSink } from '../../../../../electron/core/log.ts';
import { NO_COUNTERS } from '../../../../../electron/core/servers/swarm/schemas.ts';
import type { Counters } from '../../../../../electron/core/servers/swarm/schemas.ts';
import { QUARANTINE_MS, SessionPool } from '../../../../../electron/core/servers/swarm/sessions.ts';
import { AppError } from '../../../../../shared/errors.ts';

class Server {
  made = 0;
  now = 0;
  readonly status = new Map<string, Counters>();
  readonly interrupted: string[] = [];
  readonly pool = new SessionPool(
    {
      create: () => {
        this.made += 1;
        const session = `s${String(this.made)}`;
        this.status.set(session, NO_COUNTERS);
        return Promise.resolve(session);
      },
      status: (session) => {
        const status = this.status.get(session);
        if (status === undefined)
          return Promise.reject(new AppError('server_auth', 'unknown', { details: { errorId: 'invalid_session_id' } }));
        return Promise.resolve(status);
      },
      interrupt: (session) => {
        this.interrupted.push(session);
        return Promise.resolve();
      },
      now: () => this.now,
    },
    new LogSink(null).log(),
  );
}

const signal = AbortSignal.timeout(60_000);

const BUSY = { ...NO_COUNTERS, waiting_gens: 1 };

describe('the session pool', () => {
  test('leases exclusively and uses again', async () => {
    const { pool } = new Server();
    const [a, b] = [await pool.lease(signal), await pool.lease(signal)];
    expect(a).not.toBe(b);
    pool.giveBack(a);
    expect(await pool.lease(signal)).toBe(a);
    expect(pool.counts).toMatchObject({ leased: 2, idle: 0, peak: 2 });
    await pool.close();
  });

  test('a session with work is not leased but kept apart, and interrupted when work appears there', async () => {
    const server = new Server();
    const a = await server.pool.lease(signal);
    server.pool.giveBack(a);
    server.status.set(a, BUSY);
    expect(await server.pool.lease(signal)).not.toBe(a);
    expect(server.pool.counts.quarantined).toBe(1);
    await server.pool.poll(signal);
    expect(server.interrupted).toEqual([a]);
    server.status.set(a, NO_COUNTERS);
    server.now = QUARANTINE_MS - 1;
    await server.pool.poll(signal);
    expect(server.pool.counts.quarantined).toBe(1);
    server.now = QUARANTINE_MS;
    await server.pool.poll(signal);
    expect(server.pool.counts).toMatchObject({ quarantined: 0, idle: 1 });
    await server.pool.close();
  });

  test('a session the server forgot is dropped', async () => {
    const server = new Server();
    const a = await server.pool.lease(signal);
    server.pool.giveBack(a);
    server.status.delete(a);
    expect(await server.pool.lease(signal)).toBe('s2');
    await server.pool.close();
  });

  test('a lease that fails in between is given back', async () => {
    const server = new Server();
    const a = await server.pool.lease(signal);
    server.pool.giveBack(a);
    const ask = server.status.get.bind(server.status);
    server.status.get = () => {
      throw new AppError('server_unreachable', 'down');
    };
    await expect(server.pool.lease(signal)).rejects.toMatchObject({ code: 'server_unreachable' });
    server.status.get = ask;
    expect(server.pool.counts).toMatchObject({ leased: 0, idle: 1 });
    await server.pool.close();
  });

  test('stays bounded by the highest concurrency and two, the one for looking included, however many were doubtful', async () => {
    const server = new Server();
    for (let round = 0; round < 50; round += 1) {
      const two = [await server.pool.lease(signal), await server.pool.lease(signal)];
      for (const session of two) server.pool.quarantine(session, 'test');
      server.now += 60_000;
    }
    expect(server.made).toBeLessThanOrEqual(3);
    await server.pool.close();
  });
});
