/** Removing a server. What to do with its open jobs is asked only when there are any (architecture §9). */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { toAppError } from '../../shared/errors.ts';
import type { ServerView } from '../../shared/server.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Segmented } from '../components/segmented.tsx';
import { useApi } from '../hooks/use-api.ts';
import { useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { removeText, serversText } from '../text/servers.ts';
import { useCounts } from './box.tsx';
import styles from './remove.module.css';

export function ServersRemove({ server, onClose }: { server: ServerView; onClose: () => void }): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const counts = useCounts(server);
  const [asked, setAsked] = useState(false);
  const [waiting, setWaiting] = useState<'move' | 'cancel'>('move');
  const [onServer, setOnServer] = useState<'cancel-and-wait' | 'forget'>('cancel-and-wait');
  const there = counts.running + counts.staged;
  const here = counts.waiting - counts.staged;
  const open = there + here > 0 || asked;

  const remove = (): void => {
    api.servers.remove({ id: server.id, ...(open ? { waiting, onServer } : {}) }).then(
      ({ removed, waitingFor }) => {
        toasts.show({
          key: 'servers',
          text: removed ? removeText.removed(server.name) : removeText.waitingFor(server.name, waitingFor.length),
        });
        onClose();
      },
      (thrown: unknown) => {
        const { code } = toAppError(thrown);
        // Jobs came up since the dialog opened: now their fate must be chosen.
        if (code === 'conflict' && !open) setAsked(true);
        else {
          toasts.show({ key: 'servers', text: `${serversText.failed}: ${common.error(code)}`, tone: 'trouble' });
          onClose();
        }
      },
    );
  };

  const cancels = (here > 0 && waiting === 'cancel') || (there > 0 && onServer === 'cancel-and-wait');
  return (
    <AlertDialog
      open
      title={removeText.title(server.name)}
      keepLabel={removeText.keep}
      actLabel={open && cancels ? removeText.removeCancelling : removeText.remove}
      onKeep={onClose}
      onAct={remove}
      {...(open
        ? {
            extra: (
              <div className={styles['choices']}>
                {(here > 0 || asked) && (
                  <div>
                    <p className={styles['question']}>{removeText.waiting}</p>
                    <Segmented
                      label={removeText.waiting}
                      value={waiting}
                      options={[
                        { value: 'move', label: removeText.waitingMove },
                        { value: 'cancel', label: removeText.waitingCancel },
                      ]}
                      onValueChange={setWaiting}
                    />
                  </div>
                )}
                {(there > 0 || asked) && (
                  <div>
                    <p className={styles['question']}>{removeText.onServer}</p>
                    <Segmented
                      label={removeText.onServer}
                      value={onServer}
                      options={[
                        { value: 'cancel-and-wait', label: removeText.onServerCancel },
                        { value: 'forget', label: removeText.onServerForget },
                      ]}
                      onValueChange={setOnServer}
                    />
                    {onServer === 'forget' && <p className={styles['hint']}>{removeText.onServerForgetHint}</p>}
                  </div>
                )}
              </div>
            ),
          }
        : {})}
    >
      {open && <p>{removeText.openJobs(here, there)}</p>}
      <p>{there > 0 && onServer === 'cancel-and-wait' ? removeText.plainCancelling : removeText.plain}</p>
    </AlertDialog>
  );
}
