/** What the life machine asks of the core: normal calls, as everybody else's. Each says in the log that it failed, or throws. */
import type { Core } from '../../core/core.ts';
import type { Ask } from '../core-calls.ts';
import type { LifePorts } from './life.ts';

export function lifeCalls(
  ask: Ask,
  log: Pick<Core['log'], 'warn'>,
): Pick<LifePorts, 'remember' | 'cancelAll' | 'reconnect'> {
  const quietly = (work: Promise<unknown>, message: string): void => {
    work.catch((error: unknown) => {
      log.warn(message, { error });
    });
  };
  return {
    remember: (settings) => {
      quietly(ask('settings.set', { settings }), 'the answer could not be kept');
    },
    cancelAll: async () => {
      await ask('cancel.run', { scope: { server: 'all', which: 'mine' }, mode: 'stop' });
    },
    reconnect: () => {
      quietly(reconnectAll(ask), 'the servers could not be asked again');
    },
  };
}

/** After sleep every socket may be dead without knowing it. */
async function reconnectAll(ask: Ask): Promise<void> {
  const { servers } = await ask('servers.list', {});
  await Promise.all(servers.filter(({ enabled }) => enabled).map(({ id }) => ask('servers.reconnect', { id })));
}
