/** What can and can't be done with other people's work where the server tells only counts (SwarmUI). */
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { useCancel } from '../state/cancel-flow.ts';
import { useServers } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';

export function AboutForeign({ serverId, onClose }: { serverId: ServerId | null; onClose: () => void }): ReactNode {
  const flow = useCancel();
  const name = useServers((state) => (serverId === null ? '' : (state.byId.get(serverId)?.name ?? '')));
  return (
    <AlertDialog
      open={serverId !== null}
      title={cancelText.aboutTitle(name)}
      keepLabel={cancelText.aboutClose}
      actLabel={cancelText.aboutCancel}
      look="solid"
      onKeep={onClose}
      onAct={() => {
        onClose();
        if (serverId !== null) flow.ask({ scope: { server: serverId, which: 'everyone' } });
      }}
    >
      {cancelText.aboutText}
    </AlertDialog>
  );
}
