/** What can and can't be done with other people's work where the server tells only counts (SwarmUI). */
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { useForeign, useServers, useStores } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { aboutForeignText } from '../text/swarm.ts';

export function AboutForeign({ serverId, onClose }: { serverId: ServerId | null; onClose: () => void }): ReactNode {
  const { ui } = useStores();
  const counts = useForeign((state) => (serverId === null ? undefined : state.byServer.get(serverId)?.counts));
  const name = useServers((state) => (serverId === null ? '' : (state.byId.get(serverId)?.name ?? '')));
  return (
    <AlertDialog
      open={serverId !== null}
      title={cancelText.aboutTitle(name)}
      keepLabel={cancelText.aboutClose}
      actLabel={aboutForeignText.act}
      look="solid"
      onKeep={onClose}
      onAct={() => {
        onClose();
        ui.askToStopEverything(serverId);
      }}
    >
      <p>{cancelText.aboutText}</p>
      <ul>
        {(counts ?? []).map(({ user, running, waiting }) => (
          <li key={user ?? ''}>{aboutForeignText.counts(user, running, waiting)}</li>
        ))}
      </ul>
    </AlertDialog>
  );
}
