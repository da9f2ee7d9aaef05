/** What only this window knows: where the focus and the selection are, what is unfolded, whether the inspector is open. */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { ServerId } from '../../shared/ids.ts';

/** Key of a row in the queue; see selectors.ts. */
export type RowKey = string;

export interface UiState {
  /** The row that has, or would get, the focus. */
  readonly focused: RowKey | null;
  /** Where a shift-selection begins. */
  readonly anchor: RowKey | null;
  readonly selected: ReadonlySet<RowKey>;
  readonly unfolded: ReadonlySet<RowKey>;
  readonly inspector: boolean;
  /** Shows one server only; null shows all. */
  readonly onlyServer: ServerId | null;
  readonly shortcutsOpen: boolean;
  /** The server whose whole work somebody asked to stop: the question is open. */
  readonly stopEverything: ServerId | null;
  /** Live updates of the queue stand still (WCAG 2.2.2); cancelling works on. */
  readonly frozen: boolean;
}

export type UiStore = StoreApi<UiState>;
export const createUiStore = (): UiStore =>
  createStore(() => ({
    focused: null,
    anchor: null,
    selected: new Set(),
    unfolded: new Set(),
    inspector: false,
    onlyServer: null,
    shortcutsOpen: false,
    stopEverything: null,
    frozen: false,
  }));

/** A click or key on a row: alone, added or taken (`toggle`), or everything from the anchor to it (`extend`). */
export function select(
  state: UiState,
  keys: readonly RowKey[],
  key: RowKey,
  how: 'one' | 'toggle' | 'extend',
): Pick<UiState, 'focused' | 'anchor' | 'selected'> {
  if (how === 'toggle') {
    const selected = new Set(state.selected);
    if (!selected.delete(key)) selected.add(key);
    return { focused: key, anchor: key, selected };
  }
  if (how === 'extend' && state.anchor !== null) {
    const from = keys.indexOf(state.anchor);
    const to = keys.indexOf(key);
    if (from !== -1 && to !== -1) {
      const picked = keys.slice(Math.min(from, to), Math.max(from, to) + 1);
      return { focused: key, anchor: state.anchor, selected: new Set(picked) };
    }
  }
  return { focused: key, anchor: key, selected: new Set([key]) };
}
