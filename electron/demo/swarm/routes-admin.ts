/** Routes of administrators: status of everybody, interrupting others, resources, logs, shutdown (swarmui §5). */
import { cpus, freemem, totalmem } from 'node:os';
import { sumCounters } from './sessions.ts';
import { argument } from './call.ts';
import type { Route } from './call.ts';

const THREE_MINUTES_MS = 180_000;

export const adminRoutes: readonly Route[] = [
  {
    name: 'GetGlobalStatus',
    permission: 'read_server_info_panels',
    needs: 'globalStatus',
    run: ({ core }) => core.globalStatus(),
  },
  {
    name: 'AdminInterruptUser',
    permission: 'interrupt_others',
    needs: 'adminInterruptUser',
    run: ({ core, session, input }) => {
      const name = argument(input, 'name', 'String');
      if (core.disk.users.get(name) === null) return { error: 'No user by that name exists.' };
      core.interrupt(core.sessionsOf(name), session, `user ${name}`);
      return { success: true };
    },
  },
  {
    name: 'ListConnectedUsers',
    permission: 'read_server_info_panels',
    run: ({ core }) => {
      const now = Date.now();
      const users = core.disk.users
        .all()
        .filter((user) => !user.id.startsWith('__'))
        .map((user) => {
          const sessions = core.sessionsOf(user.id);
          const counters = sumCounters(sessions.map((session) => session.counters));
          const idleMs = now - Math.max(user.lastActiveMs, ...sessions.map((session) => session.lastUsedMs), 0);
          const addresses = new Map<string, number>();
          for (const session of sessions) addresses.set(session.address, (addresses.get(session.address) ?? 0) + 1);
          return {
            working: counters.waiting_gens > 0,
            idleMs,
            known: sessions.length > 0,
            net: {
              id: user.id,
              last_active_seconds: idleMs / 1000,
              active_sessions: [...addresses].map(([address, count]) => ({ address, count })),
              last_active:
                idleMs < 1000
                  ? `${String(idleMs)} milliseconds ago`
                  : idleMs < 2000
                    ? '1 second ago'
                    : `${String(Math.floor(idleMs / 1000))} seconds ago`,
              ...counters,
            },
          };
        });
      return {
        users: users
          .filter((user) => user.known && (user.working || user.idleMs < THREE_MINUTES_MS))
          .map((user) => user.net),
      };
    },
  },
  {
    name: 'GetServerResourceInfo',
    permission: 'read_server_info_panels',
    run: ({ core }) => {
      const total = totalmem();
      const free = freemem();
      return {
        cpu: { usage: 0.1, cores: cpus().length },
        system_ram: { total, used: total - free, free },
        ...(core.options.gpus === undefined ? {} : { gpus: core.options.gpus }),
      };
    },
  },
  {
    name: 'ListRecentLogMessages',
    permission: 'view_logs',
    run: ({ input }) => {
      // Both keys are required; without them the real handler throws (swarmui rec 02).
      if (!Array.isArray(input['types']) || typeof input['last_sequence_ids'] !== 'object')
        throw new Error('null reference');
      return { types_available: [], last_sequence_id: 0, data: {} };
    },
  },
  {
    name: 'ShutdownServer',
    permission: 'shutdown',
    run: ({ core }) => {
      core.hooks.shutdown();
      return { success: true };
    },
  },
];
