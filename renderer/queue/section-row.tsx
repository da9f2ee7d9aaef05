/** The head of a server's section: what it is, how it is in words, and what can be done with all of it. */
import type { ReactNode } from 'react';
import { kinds } from '../../shared/kinds/kinds.ts';
import type { ServerView } from '../../shared/server.ts';
import { contactWords } from '../../shared/words/contact.ts';
import { cx } from '../components/class-names.ts';
import { IconButton } from '../components/icon-button.tsx';
import { Menu } from '../components/menu.tsx';
import type { MenuItem } from '../components/menu.tsx';
import { bytesOf } from '../text/format.ts';
import { PHONE, useMedia } from '../hooks/use-media.ts';
import { useNow } from '../hooks/use-now.ts';
import { goTo } from '../hooks/use-route.ts';
import { useActions } from '../state/actions.ts';
import { useCancel } from '../cancel/flow.ts';
import { useServers, useStores, useUi } from '../state/stores.ts';
import { queueText } from '../text/queue.ts';
import { reasonText, versionText } from '../text/servers.ts';
import { RowButton } from '../cancel/button.tsx';
import type { RowProps } from './row.tsx';
import styles from './row.module.css';

export function SectionRow({ row, index, focused }: RowProps<'section'>): ReactNode {
  const server = useServers((state) => (row.serverId === null ? undefined : state.byId.get(row.serverId)));
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      tabIndex={focused ? 0 : -1}
      data-key={row.key}
      data-testid="section-row"
      className={styles['section']}
    >
      <div role="rowheader" className={styles['sectionHead']}>
        <h2 className={styles['sectionName']}>{server?.name ?? queueText.anySection(row.kind)}</h2>
        <span className={styles['meta']}>{server === undefined ? queueText.anyMeta : <Meta server={server} />}</span>
      </div>
      {server !== undefined && <SectionActs server={server} focused={focused} />}
    </div>
  );
}

function Meta({ server }: { server: ServerView }): ReactNode {
  const { status } = server;
  if (status.contact === 'online') {
    const parts = [
      versionText(server.kind, status.version),
      status.backends === null || status.backends < 2 ? null : queueText.backends(status.backends),
      status.answersInMs === null ? null : queueText.answersIn(status.answersInMs),
      status.memory === null ? null : bytesOf(status.memory.usedBytes, status.memory.totalBytes),
    ];
    return (
      <>
        {parts.filter((part) => part !== null).join(' · ')}
        {server.paused && <b className={styles['hold']}> · {queueText.pausedNote}</b>}
      </>
    );
  }
  if (status.contact === 'offline') {
    return (
      <span className={styles['hold']}>
        {status.error === null ? contactWords.offline : reasonText(status.error)}
        {status.nextTryAt !== null && <NextTry at={status.nextTryAt} />}
      </span>
    );
  }
  return <span className={styles['hold']}>{contactWords[status.contact]}</span>;
}

function NextTry({ at }: { at: number }): ReactNode {
  const now = useNow(1_000);
  return at > now ? `, ${queueText.tryAgainIn(at - now)}` : null;
}

function SectionActs({ server, focused }: { server: ServerView; focused: boolean }): ReactNode {
  const actions = useActions();
  const flow = useCancel();
  const { ui } = useStores();
  const only = useUi((state) => state.onlyServer === server.id);
  const phone = useMedia(PHONE);
  const togglePause = (): void => {
    if (server.paused) actions.resume(server.id);
    else actions.pause(server.id);
  };
  const cancelMine = (): void => {
    flow.ask({ scope: { server: server.id, which: 'mine' } });
  };
  const items: MenuItem[] = [
    ...(phone
      ? [
          {
            label: server.paused ? queueText.resumeNamed(server.name) : queueText.pauseNamed(server.name),
            onSelect: togglePause,
          },
          { label: queueText.cancelNamed(server.name), onSelect: cancelMine },
        ]
      : []),
    {
      label: queueText.cancelWaiting,
      onSelect: () => {
        flow.ask({ scope: { server: server.id, which: 'waiting' }, mode: 'if-waiting' });
      },
    },
    {
      label: queueText.cancelEveryone,
      hint: queueText.cancelEveryoneHint,
      onSelect: () => {
        // Where there are users, whose work can be stopped is a question of its own.
        if (kinds[server.kind].users) ui.askToStopEverything(server.id);
        else flow.ask({ scope: { server: server.id, which: 'everyone' } });
      },
    },
    { type: 'line' },
    {
      label: queueText.freeMemory,
      onSelect: () => {
        actions.freeMemory(server.id);
      },
    },
    {
      label: only ? queueText.showAllServers : queueText.showOnly,
      onSelect: () => {
        ui.showOnly(only ? null : server.id);
      },
    },
    {
      label: queueText.editServer,
      onSelect: () => {
        goTo('servers', server.id);
      },
    },
  ];
  const offline = server.status.contact !== 'online' && server.status.contact !== 'disabled';
  return (
    <div role="gridcell" className={styles['sectionActs']}>
      <Menu
        trigger={<IconButton name={queueText.moreOf(server.name)} icon="more" tabIndex={focused ? 0 : -1} />}
        items={items}
      />
      {offline && (
        <RowButton
          label={queueText.tryNow}
          focusable={focused}
          onPress={() => {
            actions.reconnect(server.id);
          }}
        />
      )}
      {!phone && (
        <>
          <span className={cx(server.paused && styles['hold'])}>
            <RowButton
              label={server.paused ? queueText.resume : queueText.pause}
              name={server.paused ? queueText.resumeNamed(server.name) : queueText.pauseNamed(server.name)}
              focusable={focused}
              onPress={togglePause}
            />
          </span>
          <RowButton
            label={queueText.sectionCancel}
            name={queueText.cancelNamed(server.name)}
            focusable={focused}
            onPress={cancelMine}
          />
        </>
      )}
    </div>
  );
}
