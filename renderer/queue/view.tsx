/** The queue: bar, list, inspector. Puts them together; each knows its own business. */
import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ServerId } from '../../shared/ids.ts';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { PHONE, useMedia } from '../hooks/use-media.ts';
import { useQueueRows } from './use-rows.ts';
import { goTo } from '../hooks/use-route.ts';
import { createLinger } from './linger.ts';
import { NO_JOBS } from '../state/jobs-store.ts';
import { pickedOf } from './picked.ts';
import { useApp, useJobs, useServers, useStores, useUi } from '../state/stores.ts';
import { queueText, shellText } from '../text/queue.ts';
import { AboutForeign } from '../cancel/about-foreign.tsx';
import { ForeignPowers } from '../cancel/foreign-powers.tsx';
import { JobPanel } from './job-panel.tsx';
import { QueueBar, ThumbBar } from './bar.tsx';
import { QueueList } from './list.tsx';
import styles from './view.module.css';

export function QueueView(): ReactNode {
  const stores = useStores();
  const phone = useMedia(PHONE);
  const ready = useJobs((state) => state.ready);
  const inspector = useUi((state) => state.inspector);
  const stopEverything = useUi((state) => state.stopEverything);
  const selected = useUi((state) => state.selected);
  const focused = useUi((state) => state.focused);
  const [about, setAbout] = useState<ServerId | null>(null);

  const linger = useMemo(() => createLinger(stores.jobs), [stores]);
  useEffect(() => linger.watch(), [linger]);

  const rows = useQueueRows(linger.store);
  const pickedRows = useMemo(() => rows.filter((row) => selected.has(row.key)), [rows, selected]);
  // While nothing is picked, changes of single jobs are none of this view's business.
  const jobs = useJobs((state) => (pickedRows.length === 0 ? NO_JOBS : state));
  const foreign = useStore(stores.foreign);
  const picked = useMemo(() => pickedOf(pickedRows, jobs, foreign), [pickedRows, jobs, foreign]);
  const focusedRow = rows.find((row) => row.key === focused);
  const shown = (pickedRows.length > 0 ? pickedRows : focusedRow === undefined ? [] : [focusedRow]).find(
    (row) => row.type === 'job',
  );

  return (
    <div className={styles['view']} data-inspector={inspector ? '' : undefined}>
      <div className={styles['queue']}>
        <QueueBar picked={picked} pickedRows={pickedRows.length} />
        {ready ? <Body rows={rows} linger={linger} onAbout={setAbout} /> : <Loading />}
        {phone && <ThumbBar />}
      </div>
      {inspector && <JobPanel id={shown?.type === 'job' ? shown.id : null} pickedCount={pickedRows.length} />}
      <AboutForeign
        serverId={about}
        onClose={() => {
          setAbout(null);
        }}
      />
      <ForeignPowers
        serverId={stopEverything}
        onClose={() => {
          stores.ui.askToStopEverything(null);
        }}
      />
    </div>
  );
}

function Body(props: Parameters<typeof QueueList>[0]): ReactNode {
  const servers = useServers((state) => state.order.length);
  const anyWork = props.rows.some((row) => row.type !== 'section' && row.type !== 'empty');
  const offline = useServers((state) => [...state.byId.values()].some((server) => server.status.contact !== 'online'));
  // One idle server says it best with a whole sentence; several, or one in trouble, keep their sections.
  if (!anyWork && (servers === 0 || (servers === 1 && !offline))) {
    return (
      <EmptyState
        title={servers === 0 ? queueText.noServersTitle : queueText.emptyTitle}
        hint={servers === 0 ? queueText.noServersHint : queueText.emptyHint}
        action={
          <Button
            look="solid"
            icon="plus"
            onClick={() => {
              goTo(servers === 0 ? 'servers' : 'new');
            }}
          >
            {servers === 0 ? shellText.addServer : shellText.newJob}
          </Button>
        }
      />
    );
  }
  return <QueueList {...props} />;
}

function Loading(): ReactNode {
  const link = useApp((state) => state.link);
  return <p className={styles['loading']}>{link === 'online' ? queueText.loadingTitle : shellText.linkConnecting}</p>;
}
