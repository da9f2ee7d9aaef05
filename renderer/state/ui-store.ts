/** What only this window knows: where the focus and the selection are, what is unfolded, whether the inspector is open. */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { ServerId } from '../../shared/ids.ts';

/** Key of a row in the queue; made in queue/rows.ts. */
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

/** Reading is open to all; what changes it has a name. */
export interface UiStore extends Pick<StoreApi<UiState>, 'getState' | 'getInitialState' | 'subscribe'> {
  focus(key: RowKey | null): void;
  /** A click or key on one of `keys`: alone, added or taken (`toggle`), or everything from the anchor to it (`extend`). */
  pick(keys: readonly RowKey[], key: RowKey, how: 'one' | 'toggle' | 'extend'): void;
  /** Exactly these rows are picked. */
  pickAll(keys: Iterable<RowKey>): void;
  fold(key: RowKey, open: boolean): void;
  inspect(open: boolean): void;
  showOnly(server: ServerId | null): void;
  showShortcuts(open: boolean): void;
  askToStopEverything(server: ServerId | null): void;
  freeze(frozen: boolean): void;
}

export function createUiStore(): UiStore {
  const { setState, ...read } = createStore<UiState>(() => ({
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
  return {
    ...read,
    focus: (focused) => setState({ focused }),
    pick: (keys, key, how) => setState((state) => select(state, keys, key, how)),
    pickAll: (keys) => setState({ selected: new Set(keys) }),
    fold: (key, open) =>
      setState(({ unfolded }) => {
        const next = new Set(unfolded);
        if (open) next.add(key);
        else next.delete(key);
        return { unfolded: next };
      }),
    inspect: (inspector) => setState({ inspector }),
    showOnly: (onlyServer) => setState({ onlyServer }),
    showShortcuts: (shortcutsOpen) => setState({ shortcutsOpen }),
    askToStopEverything: (stopEverything) => setState({ stopEverything }),
    freeze: (frozen) => setState({ frozen }),
  };
}

function select(
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
