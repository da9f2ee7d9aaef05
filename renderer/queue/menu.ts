/** The context menu of what is picked in the queue. Only what can be done now is in it. */
import type { JobView } from '../../shared/job.ts';
import type { MenuItem } from '../components/menu.tsx';
import type { Actions } from '../state/actions.ts';
import type { CancelFlow } from '../cancel/flow.ts';
import { askOf } from './picked.ts';
import type { Picked } from './picked.ts';
import { cancelText } from '../text/cancel.ts';
import { queueText } from '../text/queue.ts';

export interface MenuContext {
  picked: Picked;
  /** The one job that is picked, when it is one. */
  job: JobView | undefined;
  actions: Actions;
  flow: CancelFlow;
  /** One step up or down the queue. */
  step: (by: -1 | 1) => void;
  open: () => void;
}

export function queueMenu({ picked, job, actions, flow, step, open }: MenuContext): MenuItem[] {
  const items: MenuItem[] = [];
  if (picked.jobs.length === 1) items.push({ label: queueText.contextOpen, keyHint: '⏎', onSelect: open });
  const { movable, held } = picked;
  if (movable.length > 0) {
    items.push(
      {
        label: queueText.toFront,
        keyHint: 'Alt Home',
        onSelect: () => {
          actions.move(movable, 'front');
        },
      },
      {
        label: queueText.up,
        keyHint: 'Alt ↑',
        onSelect: () => {
          step(-1);
        },
      },
      {
        label: queueText.down,
        keyHint: 'Alt ↓',
        onSelect: () => {
          step(1);
        },
      },
      {
        label: queueText.toEnd,
        keyHint: 'Alt End',
        onSelect: () => {
          actions.move(movable, 'end');
        },
      },
      { type: 'line' },
    );
    if (held.length < movable.length)
      items.push({
        label: queueText.hold,
        keyHint: 'H',
        onSelect: () => {
          actions.hold(movable);
        },
      });
    if (held.length > 0)
      items.push({
        label: queueText.release,
        keyHint: 'H',
        onSelect: () => {
          actions.release(held);
        },
      });
  }
  if (picked.jobs.length > 0) {
    items.push(
      {
        label: queueText.duplicate,
        onSelect: () => {
          actions.runAgain(picked.jobs, 'same');
        },
      },
      {
        label: queueText.runAgainNewSeed,
        onSelect: () => {
          actions.runAgain(picked.jobs, 'new');
        },
      },
    );
  }
  if (job?.state === 'collecting')
    items.push({
      label: queueText.stopCollecting,
      onSelect: () => {
        actions.stopCollecting(job.id);
      },
    });
  const ask = askOf(picked);
  if (ask !== null) {
    if (items.length > 0) items.push({ type: 'line' });
    items.push({
      label: picked.count === 1 ? cancelText.cancel : cancelText.cancelCount(picked.count),
      keyHint: 'Del',
      onSelect: () => {
        flow.ask(ask);
      },
    });
  }
  const batch = job?.batch ?? null;
  if (batch !== null && batch.size > 1) {
    items.push(
      {
        label: queueText.contextCancelBatch(batch.title),
        onSelect: () => {
          flow.ask({ scope: { batch: batch.id } });
        },
      },
      {
        label: queueText.contextCancelAfter,
        hint: queueText.contextCancelAfterHint,
        onSelect: () => {
          flow.ask({ scope: { batch: batch.id }, after: true });
        },
      },
    );
  }
  return items;
}
