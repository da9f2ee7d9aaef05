/** The way between views, with what waits in each, and the servers with their state. On a phone it is a bar with a menu. */
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import type { ServerView } from '../../shared/server.ts';
import { cx } from '../components/class-names.ts';
import { IconButton } from '../components/icon-button.tsx';
import { Icon, Logo, Signal } from '../components/icons.tsx';
import type { IconName } from '../components/icons.tsx';
import { KeyHint } from '../components/key-hint.tsx';
import { Menu } from '../components/menu.tsx';
import { Badge } from '../components/badge.tsx';
import { number } from '../text/format.ts';
import { PHONE, useMedia } from '../hooks/use-media.ts';
import { goTo } from '../hooks/use-route.ts';
import type { Route } from '../hooks/use-route.ts';
import { useApp, useJobs, useServers, useUi, useStores } from '../state/stores.ts';
import { countOpen } from '../queue/rows.ts';
import { common } from '../text/common.ts';
import { shellText } from '../text/queue.ts';
import { toneOf } from '../servers/tone.ts';
import styles from './sidebar.module.css';

const PLACES: { route: Route; icon: IconName; label: string }[] = [
  { route: 'queue', icon: 'queue', label: shellText.queue },
  { route: 'history', icon: 'history', label: shellText.history },
  { route: 'new', icon: 'plus', label: shellText.newJob },
];
const BELOW: { route: Route; icon: IconName; label: string }[] = [
  { route: 'log', icon: 'log', label: shellText.log },
  { route: 'settings', icon: 'settings', label: shellText.settings },
];

function contactWord(server: ServerView): string | null {
  switch (server.status.contact) {
    case 'online':
      return server.paused ? shellText.paused : null;
    case 'offline':
      return shellText.offline;
    case 'connecting':
      return shellText.connecting;
    case 'needs-auth':
      return shellText.signIn;
    case 'unsupported':
      return shellText.unsupported;
    case 'disabled':
      return shellText.disabled;
  }
}

export function Sidebar({ route }: { route: Route }): ReactNode {
  const phone = useMedia(PHONE);
  return phone ? <PhoneBar route={route} /> : <Side route={route} />;
}

function Side({ route }: { route: Route }): ReactNode {
  const open = useApp((state) =>
    state.summary === null ? null : state.summary.running + state.summary.waiting + state.summary.collecting,
  );
  const demo = useApp((state) => state.info?.demo ?? false);
  const order = useServers((state) => state.order);
  return (
    <nav className={styles['side']} aria-label={shellText.main}>
      <div className={styles['brand']}>
        <Logo />
        <span className={styles['label']}>{common.appName}</span>
        {demo && (
          <span className={styles['label']}>
            <Badge>{shellText.demo}</Badge>
          </span>
        )}
      </div>
      {PLACES.map((place) => (
        <Place key={place.route} {...place} current={route === place.route}>
          {place.route === 'queue' && open !== null && open > 0 ? number(open) : null}
          {place.route === 'new' && <KeyHint>N</KeyHint>}
        </Place>
      ))}
      <h2 className={styles['heading']}>
        <a href="#servers" {...(route === 'servers' ? { 'aria-current': 'page' as const } : {})}>
          {shellText.servers}
        </a>
      </h2>
      <ul className={styles['servers']}>
        {order.map((id) => (
          <li key={id}>
            <ServerPlace id={id} />
          </li>
        ))}
      </ul>
      <a className={cx(styles['place'], styles['faint'])} href="#servers/add">
        <Icon name="plus" />
        <span className={styles['label']}>{shellText.addServer}</span>
      </a>
      <span className={styles['grow']} />
      {BELOW.map((place) => (
        <Place key={place.route} {...place} current={route === place.route} />
      ))}
    </nav>
  );
}

function Place(props: {
  route: Route;
  icon: IconName;
  label: string;
  current: boolean;
  children?: ReactNode;
}): ReactNode {
  return (
    <a
      className={cx(styles['place'], props.current && styles['on'])}
      href={`#${props.route}`}
      title={props.label}
      {...(props.current ? { 'aria-current': 'page' as const } : {})}
    >
      <Icon name={props.icon} />
      <span className={styles['label']}>{props.label}</span>
      <span className={styles['count']}>{props.children}</span>
    </a>
  );
}

/** Press: the queue shows this server only; press again: all. */
function ServerPlace({ id }: { id: ServerId }): ReactNode {
  const server = useServers((state) => state.byId.get(id));
  const only = useUi((state) => state.onlyServer === id);
  const count = useJobs((state) => countOpen(state).get(id) ?? 0);
  const { ui } = useStores();
  if (server === undefined) return null;
  const word = contactWord(server);
  return (
    <button
      type="button"
      className={cx(styles['place'], only && styles['only'])}
      aria-pressed={only}
      title={server.name}
      onClick={() => {
        ui.showOnly(only ? null : id);
        goTo('queue');
      }}
    >
      <span className={styles['signal']}>
        <Signal tone={toneOf(server)} size={14} />
      </span>
      <span className={styles['label']}>{server.name}</span>
      <span className={styles['count']}>{word ?? (count > 0 ? number(count) : null)}</span>
    </button>
  );
}

function PhoneBar({ route }: { route: Route }): ReactNode {
  const all = [...PLACES, { route: 'servers' as const, icon: 'servers' as const, label: shellText.servers }, ...BELOW];
  const here = all.find((place) => place.route === route);
  return (
    <nav className={styles['phone']} aria-label={shellText.main}>
      <Logo />
      <span className={styles['here']}>{here?.label ?? common.appName}</span>
      <IconButton
        name={shellText.newJob}
        icon="plus"
        onClick={() => {
          goTo('new');
        }}
      />
      <Menu
        trigger={<IconButton name={shellText.menu} icon="menu" />}
        items={all.map((place) => ({
          label: place.label,
          icon: place.icon,
          onSelect: () => {
            goTo(place.route);
          },
        }))}
      />
    </nav>
  );
}
