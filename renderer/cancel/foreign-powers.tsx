/**
 * "Cancel everything on this server" where the server has users (SwarmUI): offers exactly what the signed-in account may
 * stop, says whose work that is, and does it after the answer. Ours are cancelled first and exactly, each with its own proof.
 */
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import type { Api } from '../../shared/contract.ts';
import { toAppError } from '../../shared/errors.ts';
import type { ServerId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { useApi, useLoad } from '../hooks/use-api.ts';
import { serverOf } from '../../shared/job-view.ts';
import { useForeign, useJobs, useServers, useToasts } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { may, powersText, stopAct, stopLabel, stopSentence } from '../text/swarm.ts';
import type { Standing, StopWay } from '../text/swarm.ts';
import styles from './foreign-powers.module.css';

export function ForeignPowers({ serverId, onClose }: { serverId: ServerId | null; onClose: () => void }): ReactNode {
  return serverId === null ? null : <Asking key={serverId} serverId={serverId} onClose={onClose} />;
}

const keyOf = (way: StopWay): string => (way.way === 'user' ? `user ${way.user}` : way.way);

/** What may be stopped, least first: never more than the account allows and there is. */
export function waysOf(standing: Standing, prompts: boolean): StopWay[] {
  const { mine, listed, ownUser, users } = standing;
  return [
    ...(mine > 0 ? [{ way: 'mine' } as const] : []),
    ...(prompts && listed > 0 ? [{ way: 'listed' } as const] : []),
    ...(ownUser === null ? [] : [{ way: 'own-user' } as const]),
    ...users.map((user) => ({ way: 'user', user }) as const),
    ...(users.length > 0 && (ownUser !== null || users.length > 1) ? [{ way: 'users' } as const] : []),
  ];
}

function Asking({ serverId, onClose }: { serverId: ServerId; onClose: () => void }): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const group = useId();
  const server = useServers((state) => state.byId.get(serverId)?.name ?? '');
  const mine = useJobs(
    (state) => [...state.byId.values()].filter((job) => !isTerminal(job.state) && serverOf(job) === serverId).length,
  );
  const listed = useForeign((state) => state.byServer.get(serverId)?.total ?? 0);
  const { value: powers, error } = useLoad(
    async (signal) => (await api.foreign.powers({ id: serverId }, { signal })).powers,
    serverId,
  );
  const others = useServers((state) => may(state.byId.get(serverId)?.status.capabilities ?? null, 'interrupt_others'));
  const [chosen, setChosen] = useState<string | null>(null);

  const standing: Standing = {
    server,
    mine,
    listed,
    ownUser: powers?.ownUser ?? null,
    users: (powers?.users ?? []).filter((user) => user !== powers?.ownUser),
  };
  const ways = powers === null ? [] : waysOf(standing, powers.prompts);
  const way = ways.find((each) => keyOf(each) === chosen) ?? ways[0];

  const act = (): void => {
    if (way === undefined) return;
    onClose();
    stop(api, serverId, way, standing).then(
      () => toasts.show({ key: 'stopped', text: powersText.stopped(stopLabel(way, standing)) }),
      (thrown: unknown) =>
        toasts.show({
          key: 'trouble',
          tone: 'trouble',
          text: `${cancelText.failed}: ${common.error(toAppError(thrown).code)}`,
        }),
    );
  };

  return (
    <AlertDialog
      open
      title={powersText.title(server)}
      keepLabel={powersText.keep}
      actLabel={way === undefined ? powersText.act : stopAct(way, standing)}
      disabled={way === undefined}
      onKeep={onClose}
      onAct={act}
      extra={
        ways.length > 0 && (
          <fieldset className={styles['ways']}>
            <legend className="sr-only">{powersText.whose}</legend>
            {ways.map((each) => (
              <label key={keyOf(each)} className={styles['way']}>
                <input type="radio" name={group} checked={each === way} onChange={() => setChosen(keyOf(each))} />
                <span>{stopLabel(each, standing)}</span>
              </label>
            ))}
          </fieldset>
        )
      }
    >
      {error !== null ? (
        <p className={styles['error']} role="alert">
          {common.error(error.code)}
        </p>
      ) : powers === null ? (
        <p>{powersText.looking}</p>
      ) : way === undefined ? (
        <p>{powersText.nothing}</p>
      ) : (
        <>
          <p className={styles['what']}>{stopSentence(way, standing)}</p>
          {standing.users.length === 0 && (
            <p className={styles['note']}>{others ? powersText.nobodyElse : powersText.limited}</p>
          )}
        </>
      )}
    </AlertDialog>
  );
}

async function stop(api: Api, serverId: ServerId, way: StopWay, { mine, ownUser, users }: Standing): Promise<void> {
  if (way.way === 'listed') {
    await api.cancel.run({ scope: { server: serverId, which: 'everyone' }, foreignAllowed: true });
    return;
  }
  // Each of ours by its own cancel, so that it ends with a proof and not as "stopped by somebody".
  if (way.way !== 'user' && mine > 0) await api.cancel.run({ scope: { server: serverId, which: 'mine' } });
  if (way.way === 'user') await api.foreign.stopUser({ id: serverId, user: way.user, allowed: true });
  if (way.way === 'users') for (const user of users) await api.foreign.stopUser({ id: serverId, user, allowed: true });
  if ((way.way === 'own-user' || way.way === 'users') && ownUser !== null)
    await api.foreign.stopUser({ id: serverId, user: null, allowed: true });
}
