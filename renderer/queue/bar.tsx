/** The bar over the queue: the counts, and what is done to all of it; while several rows are picked, what is done to those. */
import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import type { ButtonProps } from '../components/button.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { Menu } from '../components/menu.tsx';
import { goTo } from '../hooks/use-route.ts';
import { useActions } from '../state/actions.ts';
import { useCancel } from '../cancel/flow.ts';
import { askOf } from './picked.ts';
import type { Picked } from './picked.ts';
import { useApp, useStores, useUi } from '../state/stores.ts';
import { queueText, shellText } from '../text/queue.ts';
import styles from './bar.module.css';

export function QueueBar({ picked, pickedRows }: { picked: Picked; pickedRows: number }): ReactNode {
  const several = pickedRows > 1;
  return (
    <header className={styles['bar']}>
      <Counts />
      <span className={styles['grow']} />
      {several ? <PickedActs picked={picked} rows={pickedRows} /> : <AllActs />}
      <Button
        className={styles['new']}
        look="solid"
        icon="plus"
        onClick={() => {
          goTo('new');
        }}
      >
        {shellText.newJob}
      </Button>
    </header>
  );
}

function Counts(): ReactNode {
  const summary = useApp((state) => state.summary);
  const frozen = useUi((state) => state.frozen);
  const { ui } = useStores();
  if (summary === null) return <h1 className={styles['sum']}>{queueText.title}</h1>;
  const rest = [
    summary.waiting > 0 ? queueText.waiting(summary.waiting) : null,
    summary.foreign > 0 ? queueText.foreignCount(summary.foreign) : null,
  ].filter((part) => part !== null);
  return (
    <div className={styles['counts']}>
      <h1 className={styles['sum']}>
        {summary.running > 0
          ? queueText.running(summary.running)
          : summary.foreign > 0
            ? queueText.idleMine
            : queueText.idle}
        <span>{rest.map((part) => ` · ${part}`).join('')}</span>
      </h1>
      {summary.paused && <span className={styles['paused']}>{queueText.pausedAll}</span>}
      {frozen && (
        <Button
          look="quiet"
          size="s"
          icon="play"
          onClick={() => {
            ui.freeze(false);
          }}
        >
          {queueText.unfreeze}
        </Button>
      )}
    </div>
  );
}

function AllActs(): ReactNode {
  const paused = useApp((state) => state.summary?.paused ?? false);
  const open = useApp((state) => (state.summary === null ? 0 : state.summary.running + state.summary.waiting));
  const waiting = useApp((state) => state.summary?.waiting ?? 0);
  const inspector = useUi((state) => state.inspector);
  const frozen = useUi((state) => state.frozen);
  const flow = useCancel();
  const { ui } = useStores();
  const cancelWaiting = (): void => {
    flow.ask({ scope: { server: 'all', which: 'waiting' }, mode: 'if-waiting' });
  };
  return (
    <>
      <PauseButton
        className={styles['pause']}
        look="quiet"
        icon={paused ? 'play' : 'pause'}
        keyHint="P"
        aria-keyshortcuts="P"
        title={queueText.pauseTitle}
      />
      <Button className={styles['waiting']} disabled={waiting === 0} onClick={cancelWaiting}>
        {queueText.cancelWaiting}
      </Button>
      <Button
        className={styles['all']}
        keyHint="⇧⌫"
        aria-keyshortcuts="Shift+Backspace"
        disabled={open === 0}
        onClick={() => {
          flow.ask({ scope: { server: 'all', which: 'mine' } });
        }}
      >
        {queueText.cancelAll}
      </Button>
      <Menu
        trigger={<IconButton className={styles['more'] ?? ''} name={queueText.moreActions} icon="more" />}
        items={[
          {
            label: queueText.cancelWaiting,
            disabled: waiting === 0,
            onSelect: cancelWaiting,
          },
          {
            label: queueText.cancelAfter,
            hint: queueText.cancelAfterHint,
            disabled: open === 0,
            onSelect: () => {
              flow.ask({ scope: { server: 'all', which: 'mine' }, after: true });
            },
          },
          {
            label: queueText.cancelEveryoneEverywhere,
            hint: queueText.cancelEveryoneHint,
            onSelect: () => {
              flow.ask({ scope: { server: 'all', which: 'everyone' } });
            },
          },
          { type: 'line' },
          {
            type: 'check',
            label: queueText.inspectorOpen,
            checked: inspector,
            onSelect: () => {
              ui.inspect(!inspector);
            },
          },
          {
            type: 'check',
            label: queueText.freeze,
            checked: frozen,
            onSelect: () => {
              ui.freeze(!frozen);
            },
          },
          {
            label: queueText.keys,
            keyHint: '?',
            onSelect: () => {
              ui.showShortcuts(true);
            },
          },
        ]}
      />
    </>
  );
}

function PickedActs({ picked, rows }: { picked: Picked; rows: number }): ReactNode {
  const actions = useActions();
  const flow = useCancel();
  const { ui } = useStores();
  const ask = askOf(picked);
  const release = picked.held.length > 0 && picked.held.length === picked.movable.length;
  return (
    <>
      <span className={styles['picked']}>{queueText.selected(Math.max(rows, picked.count))}</span>
      <IconButton
        name={queueText.unselect}
        icon="close"
        onClick={() => {
          ui.pickAll([]);
        }}
      />
      {picked.movable.length > 0 && (
        <>
          <Button
            onClick={() => {
              if (release) actions.release(picked.held);
              else actions.hold(picked.movable);
            }}
          >
            {release ? queueText.release : queueText.hold}
          </Button>
          <Button
            onClick={() => {
              actions.move(picked.movable, 'front');
            }}
          >
            {queueText.toFront}
          </Button>
        </>
      )}
      <Button
        disabled={ask === null}
        keyHint="Del"
        aria-keyshortcuts="Delete"
        onClick={() => {
          if (ask !== null) flow.ask(ask);
        }}
      >
        {queueText.cancelSelected(picked.count)}
      </Button>
    </>
  );
}

function PauseButton(props: ButtonProps): ReactNode {
  const paused = useApp((state) => state.summary?.paused ?? false);
  const actions = useActions();
  return (
    <Button
      {...props}
      onClick={() => {
        if (paused) actions.resume();
        else actions.pause();
      }}
    >
      {paused ? queueText.resume : queueText.pause}
    </Button>
  );
}

/** On a phone, at the thumb. */
export function ThumbBar(): ReactNode {
  const open = useApp((state) => (state.summary === null ? 0 : state.summary.running + state.summary.waiting));
  const flow = useCancel();
  return (
    <footer className={styles['thumb']}>
      <PauseButton size="xl" />
      <Button
        size="xl"
        look="stop"
        disabled={open === 0}
        onClick={() => {
          flow.ask({ scope: { server: 'all', which: 'mine' } });
        }}
      >
        {queueText.cancelAll}
      </Button>
    </footer>
  );
}
