/**
 * The cancel column: at the right edge, the same place in every row. First the button, then the seconds while it works,
 * then the ladder: Wait, Free memory. Never escalates by itself.
 */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { cx } from '../components/class-names.ts';
import { Menu } from '../components/menu.tsx';
import type { MenuItem } from '../components/menu.tsx';
import { PHONE, useMedia } from '../hooks/use-media.ts';
import { useNow } from '../hooks/use-now.ts';
import { useActions } from '../state/actions.ts';
import type { Actions } from '../state/actions.ts';
import { useCancel } from './flow.ts';
import { canPutBack, isCancelling } from '../../shared/job-view.ts';
import { cancelText } from '../text/cancel.ts';
import { queueText } from '../text/queue.ts';
import styles from './button.module.css';

/** After this long a cancel that has not stopped its job offers what else can be done (architecture §7.4). */
const LADDER_MS = 10_000;

export interface CancelCellProps {
  job: JobView;
  /** Whether Tab reaches it: only in the row that has the focus. */
  focusable: boolean;
  /** Draws its edge without a hover. */
  edge: boolean;
}

export function CancelCell({ job, focusable, edge }: CancelCellProps): ReactNode {
  const flow = useCancel();
  const actions = useActions();
  const phone = useMedia(PHONE);
  if (isCancelling(job)) return <Working job={job} focusable={focusable} />;
  if (isTerminal(job.state)) {
    if (!canPutBack(job)) return null;
    return (
      <RowButton
        label={cancelText.putBack}
        focusable={focusable}
        edge={edge}
        onPress={() => {
          actions.putBack([job.id]);
        }}
      />
    );
  }
  if (job.state === 'collecting') return null;
  return (
    <RowButton
      label={phone && job.state === 'running' ? cancelText.cancelThis : cancelText.cancel}
      name={cancelText.cancelNamed(job.title)}
      focusable={focusable}
      edge={edge}
      onPress={() => {
        flow.ask({ scope: { jobs: [job.id] } });
      }}
    />
  );
}

export interface RowButtonProps {
  label: string;
  /** Spoken name, where the label alone does not say of what. */
  name?: string;
  focusable: boolean;
  edge?: boolean;
  onPress: () => void;
}

export function RowButton({ label, name, focusable, edge = false, onPress }: RowButtonProps): ReactNode {
  return (
    <button
      type="button"
      className={cx(styles['button'], edge && styles['edge'])}
      tabIndex={focusable ? 0 : -1}
      {...(name === undefined ? {} : { 'aria-label': name })}
      onClick={onPress}
    >
      {label}
    </button>
  );
}

/** Seconds since the request by this window's clock, until the ladder. */
function Working({ job, focusable }: { job: JobView; focusable: boolean }): ReactNode {
  const actions = useActions();
  const requestedAt = job.cancel?.requestedAt ?? 0;
  const [waitedUntil, setWaitedUntil] = useState(0);
  const [late, setLate] = useState(false);

  useEffect(() => {
    const due = Math.max(requestedAt, waitedUntil) + LADDER_MS - Date.now();
    setLate(due <= 0);
    if (due <= 0) return undefined;
    const timer = setTimeout(() => {
      setLate(true);
    }, due);
    return () => {
      clearTimeout(timer);
    };
  }, [requestedAt, waitedUntil]);

  if (!late || job.state === 'queued') return <Seconds since={requestedAt} />;
  return (
    <Menu
      trigger={
        <button
          type="button"
          className={cx(styles['button'], styles['edge'], styles['hold'])}
          tabIndex={focusable ? 0 : -1}
        >
          {cancelText.whatNow}
        </button>
      }
      items={ladder(actions, job.title, job.onServerId, () => {
        setWaitedUntil(Date.now());
      })}
    />
  );
}

/**
 * What can be done when a job does not stop (architecture §7.4). Restarting a server is not offered: none was started
 * by us.
 */
function ladder(actions: Actions, title: string, serverId: ServerId | null, wait: () => void): MenuItem[] {
  const items: MenuItem[] = [
    { type: 'title', label: cancelText.whatNowTitle(title) },
    { label: cancelText.wait, hint: cancelText.waitHint, onSelect: wait },
  ];
  if (serverId !== null) {
    items.push({
      label: cancelText.freeMemory,
      hint: cancelText.freeMemoryHint,
      onSelect: () => {
        actions.freeMemory(serverId);
        wait();
      },
    });
  }
  return items;
}

function Seconds({ since }: { since: number }): ReactNode {
  const now = useNow(100);
  return (
    <span className={styles['seconds']} title={queueText.cancelSince}>
      {cancelText.cancellingFor(Math.max(0, now - since))}
    </span>
  );
}
