/** The log: what Switchyard wrote down lately, by level and search, following the end unless one has scrolled away. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { LogEntry } from '../../shared/app.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { Checkbox, TextInput } from '../components/field.tsx';
import { Icon } from '../components/icons.tsx';
import { Select } from '../components/select.tsx';
import { useApi, useLoad } from '../hooks/use-api.ts';
import { useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { logText } from '../text/settings.ts';
import { PageBar } from '../components/page-bar.tsx';
import page from '../components/page.module.css';
import styles from './view.module.css';

const POLL_MS = 1_500;
const LINES = 1_000;
type Level = LogEntry['level'];

export function LogView(): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const [level, setLevel] = useState<Level>('info');
  const [search, setSearch] = useState('');
  const [follow, setFollow] = useState(true);
  const { value, error, reload } = useLoad((signal) => api.log.tail({ limit: LINES, level }, { signal }), level);
  const list = useRef<HTMLDivElement>(null);

  // Asked for again while followed and in sight: the log has no events, so that logging can never feed on itself.
  useEffect(() => {
    if (!follow) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, POLL_MS);
    return () => {
      clearInterval(timer);
    };
  }, [follow, reload]);

  const entries = value?.entries;
  const lines = useMemo(() => {
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    return (entries ?? [])
      .map((entry) => ({ entry, text: lineOf(entry) }))
      .filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  }, [entries, search]);

  useEffect(() => {
    const element = list.current;
    if (follow && element !== null) element.scrollTop = element.scrollHeight;
  }, [lines, follow]);

  const copy = (): void => {
    const text = lines.map((line) => line.text).join('\n');
    copyText(text).then(
      () => toasts.show({ key: 'log', text: logText.copied(lines.length) }),
      () => toasts.show({ key: 'log', text: logText.copyFailed, tone: 'trouble' }),
    );
  };

  return (
    <section className={page['view']} aria-label={logText.title}>
      <PageBar title={logText.title} facts={entries === undefined ? null : logText.lines(lines.length)}>
        <Checkbox label={logText.follow} checked={follow} onCheckedChange={setFollow} />
        <Button disabled={lines.length === 0} onClick={copy}>
          {logText.copy}
        </Button>
      </PageBar>
      <div className={styles['tools']}>
        <TextInput
          className={styles['search'] ?? ''}
          inputMode="search"
          aria-label={logText.search}
          placeholder={logText.search}
          lead={<Icon name="search" size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Select
          aria-label={logText.level}
          value={level}
          options={(['debug', 'info', 'warn', 'error'] as const).map((each) => ({
            value: each,
            label: logText.levels[each],
          }))}
          onValueChange={setLevel}
        />
      </div>
      {error !== null && entries === undefined ? (
        <EmptyState
          title={logText.failed}
          hint={error.code === 'not_allowed' ? logText.hidden : common.error(error.code)}
          action={<Button onClick={reload}>{common.tryAgain}</Button>}
        />
      ) : entries !== undefined && lines.length === 0 ? (
        <EmptyState title={search.trim() === '' ? logText.empty : logText.noneMatch} />
      ) : (
        <div
          ref={list}
          className={styles['lines']}
          role="log"
          aria-label={logText.listLabel}
          aria-live="off"
          tabIndex={0}
          onWheel={(event) => {
            // Scrolling up means reading: the end is no longer followed.
            if (event.deltaY < 0 && follow) setFollow(false);
          }}
        >
          {lines.map(({ entry, text }, index) => (
            <div key={`${String(entry.at)} ${String(index)}`} className={styles['line']} data-level={entry.level}>
              <time dateTime={new Date(entry.at).toISOString()}>{clockOf(entry.at)}</time>
              <span className={styles['level']}>{logText.levelWord[entry.level]}</span>
              <span className={styles['message']}>
                {entry.message}
                <span className={styles['fields']}>
                  {text.slice(text.indexOf(entry.message) + entry.message.length)}
                </span>
              </span>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

/** `14:02:11` in every locale: a log is compared, not read aloud. */
const clockOf = (atMs: number): string => new Date(atMs).toTimeString().slice(0, 8);

/** One line as it is copied: time, level, sentence, fields. */
export function lineOf(entry: LogEntry): string {
  const fields = Object.entries(entry.fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [new Date(entry.at).toISOString(), entry.level, entry.message, ...fields].join(' ');
}

/** The clipboard exists only in secure contexts; elsewhere a hidden field and the old command do. Rejects when neither works. */
async function copyText(text: string): Promise<void> {
  // Typed as always there, yet absent on a page served over the local network.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard !== undefined) {
    await clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr-only';
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('the browser refused to copy');
}
