/** History: everything that ended, ours and foreign, newest first, with search, filters, details, export and second chances. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import type { HistoryRow as Row } from '../../shared/history.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { Menu } from '../components/menu.tsx';
import { bytes, day as dayName } from '../text/format.ts';
import { useApi } from '../hooks/use-api.ts';
import { useHotkeys } from '../hooks/use-hotkeys.ts';
import { goTo, useRoute } from '../hooks/use-route.ts';
import { sayTrouble, useActions } from '../state/actions.ts';
import { useApp, useServerList, useServers, useStores, useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { historyText } from '../text/history.ts';
import { HistoryDetail } from './detail.tsx';
import { exportHistory } from './export.ts';
import { RunFailedAgain } from './failed.tsx';
import { filterOf, HistoryFilters, NO_CHOICE } from './filters.tsx';
import type { HistoryChoice } from './filters.tsx';
import { makeLayout, rowKey } from './layout.ts';
import { HistoryList } from './list.tsx';
import type { HistoryListHandle } from './list.tsx';
import { keepLive } from './live.ts';
import type { LiveHistory } from './live.ts';
import { HistoryRow } from './row.tsx';
import type { RowAct } from './row.tsx';
import { HistorySource } from './source.ts';
import { PageBar } from '../components/page-bar.tsx';
import styles from './view.module.css';

const SEARCH_DELAY_MS = 100;
const NARROW_PX = 620;

/** `#history/<job id>` opens with that job's details. */
export function HistoryView(): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const actions = useActions();
  const [, rest] = useRoute();
  const stores = useStores();
  const servers = useServers((state) => state.byId);
  const listed = useServerList();
  const tight = useApp((state) => state.settings?.density === 'tight');
  const singleKeys = useApp((state) => state.settings?.singleKeys ?? true);

  const source = useMemo(() => new HistorySource(api), [api]);
  const snapshot = useSyncExternalStore(source.subscribe, source.snapshot);
  const [choice, setChoice] = useState<HistoryChoice>(NO_CHOICE);
  const [openKey, setOpenKey] = useState<string | null>(rest === '' ? null : rest);
  const [linked, setLinked] = useState(rest);
  if (linked !== rest) {
    setLinked(rest);
    if (rest !== '') setOpenKey(rest);
  }
  const [turn, setTurn] = useState(0);
  const [narrow, setNarrow] = useState(false);
  const main = useRef<HTMLElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HistoryListHandle>(null);
  const live = useRef<LiveHistory>(undefined);
  const goToDay = useRef<number | null>(null);

  useEffect(() => {
    const keeping = keepLive(source, stores);
    live.current = keeping;
    return () => {
      keeping[Symbol.dispose]();
      source.close();
    };
  }, [source, stores]);

  // Typing waits a moment; a chip is meant at once.
  const { text, show, serverId, span } = choice;
  const shownText = useRef(text);
  useEffect(() => {
    const delayMs = text === shownText.current ? 0 : SEARCH_DELAY_MS;
    const timer = setTimeout(() => {
      shownText.current = text;
      void source.show({ text, filter: filterOf({ text, show, serverId, span }, Date.now()) }).then(() => {
        list.current?.scrollToStart();
      });
    }, delayMs);
    return () => {
      clearTimeout(timer);
    };
  }, [source, text, show, serverId, span]);

  useEffect(() => {
    const element = main.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      setNarrow((entry?.contentRect.width ?? NARROW_PX) < NARROW_PX);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);

  useHotkeys(main, { '/': () => search.current?.focus() }, singleKeys);

  const filtered = text.trim() !== '' || show !== 'all' || serverId !== null || span !== 'any';
  const rowHeight = narrow ? 78 : tight ? 44 : 56;
  const layout = useMemo(
    () => makeLayout(snapshot.sections, { day: 34, row: rowHeight }),
    [snapshot.sections, rowHeight],
  );

  // A day was asked for while a filter was on: the whole list comes first, then the jump.
  useEffect(() => {
    if (goToDay.current === null || filtered || snapshot.total === null || !snapshot.ready) return;
    const day = goToDay.current;
    goToDay.current = null;
    list.current?.scrollToDay(day);
  }, [filtered, snapshot, layout]);

  const nowMs = Date.now();
  const { rowAt } = snapshot;
  const selected = useMemo(() => {
    if (openKey === null) return -1;
    for (let index = 0; index < Math.min(layout.rows, 2_000); index += 1) {
      const row = rowAt(index);
      if (row !== null && rowKey(row) === openKey) return index;
    }
    return -1;
  }, [openKey, layout, rowAt]);

  const nameOf = useCallback(
    (id: ServerId | null): string => (id === null ? '' : (servers.get(id)?.name ?? historyText.removed)),
    [servers],
  );

  const runAgain = useCallback(
    (ids: readonly JobId[], seeds: 'same' | 'new'): void => {
      actions.runAgain(ids, seeds);
      setTurn((old) => old + 1);
    },
    [actions],
  );
  const act = useCallback(
    (row: Row, what: RowAct): void => {
      if (what === 'details' || row.type === 'foreign') setOpenKey(rowKey(row));
      else if (what === 'put-back') actions.putBack([row.job.id]);
      else runAgain([row.job.id], 'same');
    },
    [actions, runAgain],
  );
  const save = (format: 'csv' | 'json'): void => {
    const key = 'history-export';
    toasts.show({ key, text: historyText.exporting(bytes(0)), standsMs: 60_000 });
    exportHistory(
      api,
      format,
      filterOf({ ...choice, text: '' }, Date.now()),
      (characters) => toasts.show({ key, text: historyText.exporting(bytes(characters)), standsMs: 60_000 }),
      new AbortController().signal,
    ).then(
      (name) => toasts.show({ key, text: historyText.exported(name) }),
      (error: unknown) => {
        toasts.close(key);
        sayTrouble(toasts, error, historyText.exportFailed);
      },
    );
  };

  const range = useCallback(
    (from: number, to: number) => {
      void source.want(from, to);
    },
    [source],
  );

  const total = snapshot.total;
  const openRow = selected >= 0 ? rowAt(selected) : null;
  return (
    <div className={styles['view']}>
      <section className={styles['main']} ref={main} aria-label={historyText.title}>
        <PageBar
          title={historyText.title}
          facts={
            !snapshot.ready
              ? null
              : filtered
                ? historyText.found(layout.rows, total === null)
                : common.jobs(layout.rows)
          }
        >
          <RunFailedAgain turn={filtered ? turn : turn + layout.rows} onRun={runAgain} />
          <Menu
            trigger={<Button disabled={layout.rows === 0}>{historyText.exportMenu}</Button>}
            items={(['csv', 'json'] as const).map((format) => ({
              label: historyText.exportAs[format],
              onSelect: () => save(format),
              ...(text.trim() === '' ? {} : { hint: historyText.exportNoSearch }),
            }))}
          />
        </PageBar>
        <HistoryFilters
          choice={choice}
          onChoice={setChoice}
          servers={listed}
          searchRef={search}
          onLeaveSearch={() => list.current?.focusRow(0)}
          onGoToDay={(day) => {
            goToDay.current = day;
            if (filtered) setChoice(NO_CHOICE);
            else list.current?.scrollToDay(day);
          }}
        />
        <div
          className={styles['body']}
          onPointerEnter={() => live.current?.pointer(true)}
          onPointerLeave={() => live.current?.pointer(false)}
        >
          {layout.rows > 0 ? (
            <HistoryList
              handle={list}
              label={historyText.listLabel}
              layout={layout}
              growsInFront={!filtered}
              dayLabel={(day) => dayName(day, nowMs)}
              selected={selected}
              onRange={range}
              onOpen={(index) => {
                const row = rowAt(index);
                if (row !== null) setOpenKey(rowKey(row));
              }}
              renderRow={(index, active) => {
                const row = rowAt(index);
                return (
                  <HistoryRow
                    row={row}
                    active={active}
                    serverName={nameOf(
                      row === null
                        ? null
                        : row.type === 'job'
                          ? (row.job.onServerId ?? row.job.serverId)
                          : row.foreign.serverId,
                    )}
                    onAct={act}
                  />
                );
              }}
            />
          ) : snapshot.error !== null ? (
            <EmptyState
              title={historyText.loadFailed}
              hint={common.error(snapshot.error.code)}
              action={<Button onClick={() => void source.refresh()}>{common.tryAgain}</Button>}
            />
          ) : !snapshot.ready ? null : filtered ? (
            <EmptyState
              title={historyText.noneTitle}
              action={<Button onClick={() => setChoice(NO_CHOICE)}>{historyText.noneAction}</Button>}
            />
          ) : (
            <EmptyState
              title={historyText.emptyTitle}
              hint={historyText.emptyText}
              action={<Button onClick={() => goTo('new')}>{historyText.emptyAction}</Button>}
            />
          )}
        </div>
      </section>
      {openKey !== null && (
        <HistoryDetail
          key={openKey}
          row={openRow}
          jobId={openRow?.type === 'foreign' ? null : (openKey as JobId)}
          nameOf={nameOf}
          onClose={() => {
            setOpenKey(null);
            list.current?.focusRow(Math.max(0, selected));
          }}
          onPutBack={(id) => {
            actions.putBack([id]);
          }}
          onRunAgain={(id, seeds) => {
            runAgain([id], seeds);
          }}
          onRemoved={() => {
            setOpenKey(null);
          }}
        />
      )}
    </div>
  );
}
