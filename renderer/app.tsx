/** The frame of the window: contexts, sidebar, the view of the route, and what lies over all views. Views load when first shown. */
import { lazy, Suspense, useEffect, useMemo } from 'react';
import type { ComponentType, ReactNode } from 'react';
import type { Api } from '../shared/contract.ts';
import { ToastRegion } from './components/toast.tsx';
import { useGlobalHotkeys } from './hooks/use-hotkeys.ts';
import { ApiContext } from './hooks/use-api.ts';
import { goTo, useRoute } from './hooks/use-route.ts';
import type { Route } from './hooks/use-route.ts';
import { ActionsContext, createActions, sayTrouble } from './state/actions.ts';
import { CancelContext, CancelFlow } from './cancel/flow.ts';
import { StoresContext, useApp, useServers, useToasts } from './state/stores.ts';
import type { Stores } from './state/stores.ts';
import { neverRan } from '../shared/job-view.ts';
import { cancelText } from './text/cancel.ts';
import { common } from './text/common.ts';
import { queueText, shellText } from './text/queue.ts';
import { CancelDialog } from './cancel/dialog.tsx';
import { ErrorBoundary } from './shell/error-boundary.tsx';
import { LinkBar } from './shell/link-bar.tsx';
import { LiveRegion } from './shell/live-region.tsx';
import { PutBackWords } from './cancel/put-back-toast.tsx';
import { QueueView } from './queue/view.tsx';
import { ShortcutSheet } from './shell/shortcut-sheet.tsx';
import { Sidebar } from './shell/sidebar.tsx';
import styles from './app.module.css';

const HistoryView = lazy(async () => ({ default: (await import('./history/view.tsx')).HistoryView }));
const SubmitView = lazy(async () => ({ default: (await import('./submit/view.tsx')).SubmitView }));
const ServersView = lazy(async () => ({ default: (await import('./servers/view.tsx')).ServersView }));
const SettingsView = lazy(async () => ({ default: (await import('./settings/view.tsx')).SettingsView }));
const LogView = lazy(async () => ({ default: (await import('./log/view.tsx')).LogView }));
const FirstStart = lazy(async () => ({ default: (await import('./servers/first-start.tsx')).FirstStart }));

const VIEWS: Record<Route, ComponentType> = {
  queue: QueueView,
  history: HistoryView,
  new: SubmitView,
  servers: ServersView,
  settings: SettingsView,
  log: LogView,
};

const TITLES: Record<Route, string> = {
  queue: shellText.queue,
  history: shellText.history,
  new: shellText.newJob,
  servers: shellText.servers,
  settings: shellText.settings,
  log: shellText.log,
};

export interface AppProps {
  api: Api;
  stores: Stores;
  /** Tries to connect at once. */
  onRetry: () => void;
}

export function App({ api, stores, onRetry }: AppProps): ReactNode {
  const actions = useMemo(() => createActions(api, stores.toasts), [api, stores]);
  const flow = useMemo(
    () =>
      new CancelFlow(api, stores, {
        taken: (waiting, summary) => {
          if (waiting.length > 0) {
            stores.toasts.show({
              key: 'cancelled',
              text: <PutBackWords ids={waiting} />,
              action: {
                label: cancelText.putBack,
                onAct: () => {
                  const { byId } = stores.jobs.getState();
                  const ids = waiting.filter((id) => {
                    const job = byId.get(id);
                    return job !== undefined && neverRan(job);
                  });
                  if (ids.length > 0) actions.putBack(ids);
                },
              },
            });
          }
          if (summary !== null && summary.notAllowed > 0) {
            stores.toasts.show({
              key: 'not-allowed',
              tone: 'trouble',
              text: cancelText.summaryNotAllowed(summary.notAllowed),
            });
          }
        },
        failed: (error) => {
          sayTrouble(stores.toasts, error, cancelText.failed);
        },
      }),
    [api, stores, actions],
  );

  return (
    <StoresContext value={stores}>
      <ApiContext value={api}>
        <ActionsContext value={actions}>
          <CancelContext value={flow}>
            <Frame flow={flow} onRetry={onRetry} />
          </CancelContext>
        </ActionsContext>
      </ApiContext>
    </StoresContext>
  );
}

function Frame({ flow, onRetry }: { flow: CancelFlow; onRetry: () => void }): ReactNode {
  const toasts = useToasts();
  const [route] = useRoute();
  const link = useApp((state) => state.link);
  const noServers = useServers((state) => state.ready && state.order.length === 0);
  const running = useApp((state) => state.summary?.running ?? 0);
  const View = VIEWS[route];

  useEffect(() => {
    const counted = running > 0 ? `${queueText.running(running)} · ` : '';
    document.title = `${counted}${TITLES[route]} – ${common.appName}`;
  }, [route, running]);

  useEffect(() => {
    if (link === 'online') toasts.close('trouble');
  }, [link, toasts]);

  useGlobalHotkeys({
    'mod+1': () => {
      goTo('queue');
    },
    'mod+2': () => {
      goTo('history');
    },
    'mod+3': () => {
      goTo('new');
    },
    'mod+4': () => {
      goTo('servers');
    },
    'mod+,': () => {
      goTo('settings');
    },
    'mod+shift+backspace': () => {
      flow.ask({ scope: { server: 'all', which: 'mine' } });
    },
  });

  const first = noServers && route !== 'settings' && route !== 'log' && route !== 'servers' && route !== 'history';
  return (
    <>
      <a
        className={styles['skip']}
        href="#main-content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main-content')?.focus();
        }}
      >
        {shellText.skip}
      </a>
      <LinkBar onRetry={onRetry} />
      <div className={styles['frame']} data-first={first ? '' : undefined}>
        {!first && <Sidebar route={route} />}
        <main className={styles['main']} id="main-content" tabIndex={-1}>
          <ErrorBoundary key={route}>
            <Suspense fallback={<div className={styles['loading']}>{shellText.loadingView}</div>}>
              {first ? <FirstStart /> : <View />}
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <CancelDialog />
      <ShortcutSheet />
      <LiveRegion />
      <ToastRegion />
    </>
  );
}
