/**
 * The backends of one SwarmUI server: state, model, slots and load, lost slots, and what can be done about them. Nothing is
 * done unasked; each question says what is lost. Asks once in two seconds while it is in sight.
 */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { toAppError } from '../../shared/errors.ts';
import type { AppError } from '../../shared/errors.ts';
import type { ServerView } from '../../shared/server.ts';
import type { BackendView } from '../../shared/server-manage.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Badge } from '../components/badge.tsx';
import { Button } from '../components/button.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { Menu } from '../components/menu.tsx';
import { useApi, useLoad } from '../hooks/use-api.ts';
import { useToasts } from '../state/stores.ts';
import { backendError, backendState, backendText, may } from '../text/swarm.ts';
import styles from './backends.module.css';

const EVERY_MS = 2_000;

type Doing = 'restart' | 'recreate';

export function ServersBackends({ server }: { server: ServerView }): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const { value, error, reload } = useLoad(
    async (signal) => (await api.servers.backends({ id: server.id }, { signal })).backends,
    server.id,
  );
  const [asking, setAsking] = useState<{ what: Doing; backend: BackendView } | null>(null);
  const [doing, setDoing] = useState<ReadonlyMap<number, Doing>>(new Map());
  const [failed, setFailed] = useState<ReadonlyMap<number, AppError>>(new Map());
  const refused = error?.code === 'not_allowed';

  useEffect(() => {
    if (refused) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [refused, reload]);

  const act = (what: Doing, backend: BackendView): void => {
    const put = <Value,>(map: ReadonlyMap<number, Value>, found: Value | undefined): Map<number, Value> => {
      const next = new Map(map);
      if (found === undefined) next.delete(backend.id);
      else next.set(backend.id, found);
      return next;
    };
    setDoing((old) => put(old, what));
    setFailed((old) => put(old, undefined));
    const name = backendText.named(backend);
    const call =
      what === 'restart'
        ? api.servers.restartBackend({ id: server.id, backend: backend.id })
        : api.servers.recreateBackend({ id: server.id, backend: backend.id });
    // Not aborted with this view: the server goes on with it, and its end is told wherever the user is by then.
    call
      .then(
        () =>
          toasts.show({
            key: 'backend',
            text: what === 'restart' ? backendText.restarted(name) : backendText.recreated(name),
          }),
        (thrown: unknown) => setFailed((old) => put(old, toAppError(thrown))),
      )
      .finally(() => {
        setDoing((old) => put(old, undefined));
        reload();
      });
  };

  if (refused) return <p className={styles['note']}>{backendText.notAllowed}</p>;
  if (value === null) return error === null ? null : <p className={styles['note']}>{backendText.failed(error)}</p>;
  if (value.length === 0) return null;
  const { capabilities } = server.status;
  const mayRestart = may(capabilities, 'restart_backends');
  const mayRecreate = may(capabilities, 'add_remove_backends') && may(capabilities, 'edit_backends');
  return (
    <section className={styles['backends']} aria-label={backendText.title}>
      <ul>
        {value.map((backend) => {
          const name = backendText.named(backend);
          const busy = doing.get(backend.id);
          const fault = failed.get(backend.id);
          const state = backendState(backend);
          return (
            <li key={backend.id} className={styles['backend']}>
              <span className={styles['name']}>
                {name}
                {backend.swarmToSwarm && <Badge>{backendText.swarmToSwarm}</Badge>}
                {backend.allowIdle && <Badge>{backendText.allowIdle}</Badge>}
              </span>
              <span
                className={styles['state']}
                data-tone={busy === undefined ? state.tone : 'hold'}
                role={busy === undefined ? undefined : 'status'}
              >
                {busy === undefined ? state.word : busy === 'restart' ? backendText.restarting : backendText.recreating}
              </span>
              <span className={styles['model']}>
                {backend.model === null || backend.model === ''
                  ? backendText.noModel
                  : backendText.model(backend.model)}
              </span>
              <span className={styles['load']}>{backendText.load(backend)}</span>
              <span className={styles['acts']}>
                {backend.lostSlots > 0 && mayRecreate && busy === undefined && (
                  <Button size="s" onClick={() => setAsking({ what: 'recreate', backend })}>
                    {backendText.recreateThis}
                  </Button>
                )}
                {(mayRestart || mayRecreate) && backend.id >= 0 && (
                  <Menu
                    trigger={<IconButton name={backendText.more(name)} icon="more" disabled={busy !== undefined} />}
                    items={[
                      {
                        label: backendText.restart,
                        disabled: !mayRestart,
                        onSelect: () => setAsking({ what: 'restart', backend }),
                      },
                      {
                        label: backendText.recreate,
                        disabled: !mayRecreate,
                        onSelect: () => setAsking({ what: 'recreate', backend }),
                      },
                    ]}
                  />
                )}
              </span>
              {backend.lostSlots > 0 && (
                <span className={styles['lost']}>{backendText.lost(backend.lostSlots, backend.slots)}</span>
              )}
              {fault !== undefined && (
                <span className={styles['fault']} role="alert">
                  {backendError(fault)}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {asking !== null && (
        <AlertDialog
          open
          title={(asking.what === 'restart' ? backendText.restartTitle : backendText.recreateTitle)(
            backendText.named(asking.backend),
            server.name,
          )}
          keepLabel={backendText.keep}
          actLabel={asking.what === 'restart' ? backendText.restartDo : backendText.recreateDo}
          onKeep={() => setAsking(null)}
          onAct={() => {
            setAsking(null);
            act(asking.what, asking.backend);
          }}
        >
          {asking.what === 'restart' ? (
            <p>{backendText.restartText}</p>
          ) : (
            <>
              <p>{backendText.recreateText(asking.backend.load)}</p>
              <p className={styles['note']}>{backendText.recreateMine}</p>
            </>
          )}
        </AlertDialog>
      )}
    </section>
  );
}
