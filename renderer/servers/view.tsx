/** The servers (`#servers/add` with the form open): how each is, what can and can't be done there, what is wrong, and what to do about it. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ServerView } from '../../shared/server.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { goTo, useRoute } from '../hooks/use-route.ts';
import { useActions } from '../state/actions.ts';
import { useServerList, useServers } from '../state/stores.ts';
import { serversText } from '../text/servers.ts';
import { ServerForm } from './form.tsx';
import { ServersBox } from './box.tsx';
import { ServersFound, useDiscovery } from './found.tsx';
import { ServersRemove } from './remove.tsx';
import { PageBar } from '../components/page-bar.tsx';
import page from '../components/page.module.css';
import styles from './view.module.css';

type Open = { what: 'edit' | 'remove'; server: ServerView } | null;

export function ServersView(): ReactNode {
  const actions = useActions();
  const [, rest] = useRoute();
  const ready = useServers((state) => state.ready);
  const [open, setOpen] = useState<Open>(null);
  const adding = rest === 'add';
  const discovery = useDiscovery();
  const servers = useServerList();
  const online = servers.filter(({ status }) => status.contact === 'online').length;

  return (
    <section className={page['view']} aria-label={serversText.title}>
      <PageBar title={serversText.title} facts={serversText.online(online, servers.length)}>
        <Button disabled={discovery.busy} onClick={discovery.search}>
          {discovery.busy ? serversText.searching : serversText.searchNetwork}
        </Button>
        <Button look="solid" icon="plus" onClick={() => goTo('servers', 'add')}>
          {serversText.addServer}
        </Button>
      </PageBar>
      <div className={page['scroll']}>
        <div className={styles['page']}>
          {(discovery.found !== null || discovery.busy) && (
            <section className={styles['found']} aria-label={serversText.foundTitle}>
              <h2 className={styles['heading']}>{serversText.foundTitle}</h2>
              <ServersFound discovery={discovery} />
            </section>
          )}
          {ready && servers.length === 0 && discovery.found === null && !discovery.busy && (
            <EmptyState
              title={serversText.emptyTitle}
              hint={serversText.emptyText}
              action={
                <Button look="solid" onClick={discovery.search}>
                  {serversText.searchNetwork}
                </Button>
              }
            />
          )}
          {servers.map((server) => (
            <ServersBox
              key={server.id}
              server={server}
              onEdit={() => setOpen({ what: 'edit', server })}
              onRemove={() => setOpen({ what: 'remove', server })}
              onFreeMemory={() => actions.freeMemory(server.id)}
              onReconnect={() => actions.reconnect(server.id)}
              onPause={(paused) => (paused ? actions.pause(server.id) : actions.resume(server.id))}
            />
          ))}
        </div>
      </div>
      {open?.what === 'edit' && (
        <ServerForm
          server={servers.find(({ id }) => id === open.server.id) ?? open.server}
          onClose={() => setOpen(null)}
        />
      )}
      {open === null && adding && <ServerForm server={null} onClose={() => goTo('servers')} />}
      {open?.what === 'remove' && <ServersRemove server={open.server} onClose={() => setOpen(null)} />}
    </section>
  );
}
