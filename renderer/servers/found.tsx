/** Looking for servers on this computer, and what was found, each with Add. Used by Servers and by the first start. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { isAbort, toAppError, toWire } from '../../shared/errors.ts';
import type { AppError } from '../../shared/errors.ts';
import type { ProbeReport } from '../../shared/server.ts';
import { Button } from '../components/button.tsx';
import { Signal } from '../components/icons.tsx';
import { useApi } from '../hooks/use-api.ts';
import { useServers, useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { kinds } from '../../shared/kinds/kinds.ts';
import { reasonText, serversText } from '../text/servers.ts';
import styles from './found.module.css';

export interface Discovery {
  busy: boolean;
  /** Null before the first search. */
  found: readonly ProbeReport[] | null;
  error: AppError | null;
  search: () => void;
}

export function useDiscovery(atOnce = false): Discovery {
  const api = useApi();
  const [busy, setBusy] = useState(atOnce);
  const [found, setFound] = useState<readonly ProbeReport[] | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  const controller = useRef<AbortController>(undefined);
  const search = useCallback(() => {
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    setBusy(true);
    setError(null);
    api.servers
      .discover({}, { signal: own.signal })
      .then(
        (answer) => {
          setFound(answer.found);
        },
        (thrown: unknown) => {
          if (!isAbort(thrown) && !own.signal.aborted) setError(toAppError(thrown));
        },
      )
      .finally(() => {
        if (!own.signal.aborted) setBusy(false);
      });
  }, [api]);
  useEffect(() => {
    if (atOnce) search();
    return () => controller.current?.abort();
  }, [atOnce, search]);
  return { busy, found, error, search };
}

/** Addresses are compared as the browser reads them: with their port, without a slash at the end. */
function sameAddress(a: string, b: string): boolean {
  const plain = (url: string): string =>
    URL.canParse(url) ? new URL(url).href.replace(/\/$/, '') : url.trim().toLowerCase();
  return plain(a) === plain(b);
}

export function ServersFound({ discovery }: { discovery: Discovery }): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const servers = useServers((state) => state.byId);
  const [adding, setAdding] = useState<string | null>(null);
  const { busy, error } = discovery;
  const found = (discovery.found ?? []).filter(({ kind }) => kind !== null);
  const fresh = found.filter(({ url }) => ![...servers.values()].some((server) => sameAddress(server.url, url)));

  const add = (report: ProbeReport): void => {
    if (report.kind === null) return;
    setAdding(report.url);
    api.servers
      .add({ url: report.url, kind: report.kind })
      .then(
        ({ server }) => {
          toasts.show({ key: 'servers', text: serversText.added(server.name) });
        },
        (thrown: unknown) => {
          toasts.show({
            key: 'servers',
            text: `${serversText.failed}: ${reasonText(toWire(thrown))}`,
            tone: 'trouble',
          });
        },
      )
      .finally(() => {
        setAdding(null);
      });
  };

  return (
    <div role="status" aria-live="polite">
      {busy && fresh.length === 0 && <p className={styles['word']}>{serversText.looking}</p>}
      {!busy && error !== null && <p className={styles['word']}>{common.error(error.code)}</p>}
      {!busy && error === null && discovery.found !== null && fresh.length === 0 && (
        <p className={styles['word']}>
          {found.length > 0
            ? serversText.foundAll
            : servers.size === 0
              ? serversText.foundNothing
              : serversText.foundNone}
        </p>
      )}
      <ul>
        {fresh.map((report) => (
          <li key={report.url} className={styles['found']}>
            <span className={styles['signal']}>
              <Signal tone={report.error === null ? 'go' : 'hold'} />
            </span>
            <span className={styles['words']}>
              <span>
                {report.kind !== null && <b>{kinds[report.kind].label}</b>} {report.version}
              </span>
              <span className={styles['where']}>
                {report.error === null
                  ? serversText.foundWhere(report.url)
                  : `${report.url} · ${reasonText(report.error)}`}
              </span>
            </span>
            <Button
              look="solid"
              disabled={adding !== null}
              aria-label={`${serversText.add}: ${report.url}`}
              onClick={() => add(report)}
            >
              {adding === report.url ? serversText.adding : serversText.add}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
