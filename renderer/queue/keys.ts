/** The keys of the queue's list (the sheet in shortcut-sheet.tsx tells them). Each answers whether it was its key. */
import { goTo } from '../hooks/use-route.ts';
import type { Actions } from '../state/actions.ts';
import type { CancelFlow } from '../cancel/flow.ts';
import { askOf } from './picked.ts';
import type { Picked } from './picked.ts';
import { isFocusable, isPickable } from './rows.ts';
import type { QueueRow } from './rows.ts';
import type { Stores } from '../state/stores.ts';
import type { RowKey } from '../state/ui-store.ts';

export interface KeyContext {
  rows: readonly QueueRow[];
  /** Index of the focused row, or -1. */
  index: number;
  pickable: readonly RowKey[];
  /** The focus is on a button inside the row. */
  inControl: boolean;
  stores: Stores;
  actions: Actions;
  flow: CancelFlow;
  picked: () => Picked;
  step: (by: -1 | 1) => void;
  focusRow: (key: RowKey) => void;
  focusControl: (which: 'next' | 'previous') => boolean;
  pageRows: number;
}

export function queueKeys(name: string, context: KeyContext): boolean {
  const { rows, index, stores, actions, flow } = context;
  const { ui } = stores;
  const row = rows[index];

  const goToIndex = (to: number, direction: -1 | 1, extend: boolean): boolean => {
    let at = Math.max(0, Math.min(rows.length - 1, to));
    while (at >= 0 && at < rows.length) {
      const candidate = rows[at];
      if (candidate !== undefined && isFocusable(candidate)) {
        if (isPickable(candidate)) ui.pick(context.pickable, candidate.key, extend ? 'extend' : 'one');
        context.focusRow(candidate.key);
        return true;
      }
      at += direction;
    }
    return true;
  };
  const fold = (open: boolean): boolean => {
    if (row?.type !== 'batch' || row.open === open) return false;
    ui.fold(row.key, open);
    return true;
  };

  switch (name) {
    case 'arrowdown':
      return goToIndex(index + 1, 1, false);
    case 'arrowup':
      return goToIndex(index - 1, -1, false);
    case 'shift+arrowdown':
      return goToIndex(index + 1, 1, true);
    case 'shift+arrowup':
      return goToIndex(index - 1, -1, true);
    case 'home':
    case 'mod+home':
      return goToIndex(0, 1, false);
    case 'end':
    case 'mod+end':
      return goToIndex(rows.length - 1, -1, false);
    case 'pagedown':
      return goToIndex(index + context.pageRows, -1, false);
    case 'pageup':
      return goToIndex(index - context.pageRows, 1, false);
    case 'arrowright':
      return (!context.inControl && fold(true)) || context.focusControl('next');
    case 'arrowleft':
      return (!context.inControl && fold(false)) || context.focusControl('previous');
    case 'mod+a':
      ui.pickAll(context.pickable);
      return true;
    case 'escape':
      if (ui.getState().selected.size > 1) ui.pickAll([]);
      else if (ui.getState().inspector) ui.inspect(false);
      return true;
    case 'delete':
    case 'backspace': {
      const ask = askOf(context.picked());
      if (ask !== null) flow.ask(ask);
      return true;
    }
    case 'shift+backspace':
    case 'shift+delete':
      flow.ask({ scope: { server: 'all', which: 'mine' } });
      return true;
    case 'alt+arrowup':
      context.step(-1);
      return true;
    case 'alt+arrowdown':
      context.step(1);
      return true;
    case 'alt+home':
      actions.move(context.picked().movable, 'front');
      return true;
    case 'alt+end':
      actions.move(context.picked().movable, 'end');
      return true;
    case 'h': {
      const { movable, held } = context.picked();
      if (held.length > 0 && held.length === movable.length) actions.release(held);
      else if (movable.length > 0) actions.hold(movable);
      return true;
    }
    case 'p':
      if (stores.app.getState().summary?.paused === true) actions.resume();
      else actions.pause();
      return true;
    case 'n':
      goTo('new');
      return true;
    case '?':
      ui.showShortcuts(true);
      return true;
    case 'space':
      if (context.inControl || row === undefined || !isPickable(row)) return false;
      ui.pick(context.pickable, row.key, 'toggle');
      return true;
    case 'enter':
      if (context.inControl) return false;
      if (row?.type === 'batch') return fold(!row.open);
      ui.inspect(true);
      return true;
    default:
      return false;
  }
}
