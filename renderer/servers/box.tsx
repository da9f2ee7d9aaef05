/** One server in a box: state and since when, numbers, abilities and problems in words, and its buttons. */
import type { ReactNode } from 'react';
import { kinds } from '../../shared/kinds/kinds.ts';
import type { ServerView } from '../../shared/server.ts';
import { contactWords } from '../../shared/words/contact.ts';
import { Button } from '../components/button.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { Icon, Signal } from '../components/icons.tsx';
import { Menu } from '../components/menu.tsx';
import { abilities } from '../text/abilities.ts';
import { bytesOf, duration, roughly, since } from '../text/format.ts';
import { useNow } from '../hooks/use-now.ts';
import { othersOf } from '../state/foreign-store.ts';
import { useForeign, useJobs } from '../state/stores.ts';
import { contactText, isSaid, problemText, reasonText, serversText, versionText } from '../text/servers.ts';
import { ServersBackends } from './backends.tsx';
import { toneOf } from './tone.ts';
import styles from './box.module.css';

export interface ServersBoxProps {
  server: ServerView;
  onEdit: () => void;
  onRemove: () => void;
  onFreeMemory: () => void;
  onReconnect: () => void;
  onPause: (paused: boolean) => void;
}

export function ServersBox(props: ServersBoxProps): ReactNode {
  const { server } = props;
  const { status } = server;
  const online = status.contact === 'online';
  const problems = status.problems.filter(({ code }) => !isSaid(code));
  const nowMs = useNow(online ? 30_000 : 1_000);
  const counts = useCounts(server);
  const version = versionText(server.kind, status.version);
  return (
    <article className={styles['box']} aria-label={`${server.name}, ${contactWords[status.contact]}`}>
      <header className={styles['head']}>
        <span className={styles['signal']} data-tone={toneOf(server)}>
          <Signal tone={toneOf(server)} />
        </span>
        <h2 className={styles['name']}>{server.name}</h2>
        <span className={styles['meta']}>
          {version} · <span className={styles['url']}>{server.url}</span>
        </span>
        <span className={styles['acts']}>
          {online && (
            <>
              <a
                className={styles['link']}
                href={server.url}
                target="_blank"
                rel="noopener noreferrer"
                aria-label={serversText.openPageOf(server.name)}
              >
                {serversText.openPage}
              </a>
              <Button onClick={props.onFreeMemory}>{serversText.freeMemory}</Button>
            </>
          )}
          {!online && status.contact !== 'disabled' && (
            <Button onClick={props.onReconnect}>{serversText.tryNow}</Button>
          )}
          <Button onClick={props.onEdit}>{serversText.edit}</Button>
        </span>
        <span className={styles['more']}>
          <Menu
            trigger={<IconButton name={serversText.more(server.name)} icon="more" />}
            items={[
              server.paused
                ? { label: serversText.resume, icon: 'play', onSelect: () => props.onPause(false) }
                : { label: serversText.pause, icon: 'pause', onSelect: () => props.onPause(true) },
              {
                label: serversText.tryNow,
                icon: 'refresh',
                onSelect: props.onReconnect,
                disabled: status.contact === 'disabled',
              },
              { type: 'line' },
              { label: serversText.remove, onSelect: props.onRemove },
            ]}
          />
        </span>
      </header>
      {online && (
        <dl className={styles['facts']}>
          <Fact term={serversText.facts.since}>{since(status.since, nowMs)}</Fact>
          <Fact term={serversText.facts.answers}>
            {status.answersInMs === null ? serversText.notMeasured : duration(Math.max(1, status.answersInMs))}
          </Fact>
          <Fact term={status.memory === null ? serversText.facts.memory : memoryTerm(status.memory.device)}>
            {status.memory === null ? serversText.notTold : bytesOf(status.memory.usedBytes, status.memory.totalBytes)}
            {status.memory !== null && status.memory.totalBytes > 0 && (
              <span className={styles['meter']} aria-hidden="true">
                <i
                  style={{
                    width: `${String(Math.min(100, (100 * status.memory.usedBytes) / status.memory.totalBytes))}%`,
                  }}
                />
              </span>
            )}
          </Fact>
          <Fact term={serversText.facts.queue}>{serversText.queueOf(counts)}</Fact>
        </dl>
      )}
      {online && kinds[server.kind].backends && <ServersBackends server={server} />}
      <ul className={styles['lines']}>
        {!online && (
          <Line tone={status.contact === 'offline' || status.contact === 'unsupported' ? 'bad' : 'hold'}>
            {contactLine(server, counts.running + counts.waiting, nowMs)}
          </Line>
        )}
        {server.paused && <Line tone="hold">{serversText.pausedLine}</Line>}
        {problems.map(({ code, params }) => (
          <Line key={`${code} ${JSON.stringify(params)}`} tone="hold">
            {problemText(code, params)}
          </Line>
        ))}
        {online &&
          status.capabilities !== null &&
          abilities(status.capabilities, server.allowUntargetedInterrupt).map(({ tone, text }) => (
            <Line key={text} tone={tone}>
              {text}
            </Line>
          ))}
      </ul>
    </article>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const SIGNS = { go: 'check', hold: 'alert', bad: 'close' } as const;
const SIGN_NAMES = { go: serversText.sign.can, hold: serversText.sign.limit, bad: serversText.sign.trouble } as const;

function Line({ tone, children }: { tone: 'go' | 'hold' | 'bad'; children: ReactNode }): ReactNode {
  return (
    <li className={styles['line']}>
      <span className={styles[tone]}>
        <Icon name={SIGNS[tone]} size={12} />
        <span className="sr-only">{SIGN_NAMES[tone]}: </span>
      </span>
      <span>{children}</span>
    </li>
  );
}

/** Graphics cards name themselves at length ("cuda:0 NVIDIA GeForce …"); the processor's memory is no GPU memory. */
const memoryTerm = (device: string): string =>
  /^cpu/i.test(device) ? serversText.facts.mainMemory : serversText.facts.memory;

function contactLine(server: ServerView, waiting: number, nowMs: number): string {
  const { status } = server;
  const reason = status.error === null ? null : reasonText(status.error);
  switch (status.contact) {
    case 'connecting':
      return contactText.connecting;
    case 'needs-auth':
      return contactText.needsAuth;
    case 'unsupported':
      return contactText.unsupported(reason ?? '?');
    case 'disabled':
      return contactText.disabled;
    default: {
      const words = [contactText.offline(roughly(Math.max(1_000, nowMs - status.since)), reason)];
      if (status.nextTryAt !== null)
        words.push(
          status.nextTryAt <= nowMs
            ? contactText.tryingNow
            : contactText.tryingIn(Math.ceil((status.nextTryAt - nowMs) / 1_000)),
        );
      if (waiting > 0) words.push(contactText.waitingJobs(waiting));
      return words.join(' ');
    }
  }
}

/** What of ours and of others is on a server or waits for it by name. */
export function useCounts(server: Pick<ServerView, 'id'>): {
  running: number;
  waiting: number;
  foreign: number;
  staged: number;
} {
  const foreign = useForeign((state) => othersOf(state.byServer.get(server.id)));
  const text = useJobs((state) => {
    let running = 0;
    let waiting = 0;
    let staged = 0;
    for (const job of state.byId.values()) {
      if (job.endedAt !== null) continue;
      if (job.state === 'queued') waiting += job.serverId === server.id ? 1 : 0;
      else if (job.onServerId === server.id) {
        if (job.state === 'running' || job.state === 'collecting') running += 1;
        else {
          waiting += 1;
          staged += 1;
        }
      }
    }
    // As text, so that the box is drawn again only when a number changes.
    return `${String(running)} ${String(waiting)} ${String(staged)}`;
  });
  const [running = 0, waiting = 0, staged = 0] = text.split(' ').map(Number);
  return { running, waiting, staged, foreign };
}
