/**
 * Closing, quitting, the system's end, updates, sleep: one pure state machine. Says for every input what to do now; its
 * wiring to Electron's events is in life.ts. Durability needs none of it: what was accepted is on disk already, and a
 * process that is killed loses nothing (architecture §14).
 */
import type { Settings } from '../../../shared/settings.ts';

/**
 * `up` · `asking` a question is open, which one is in `question` · `cancelling` every job of ours was asked to stop and
 * the end waits for it · `ending` windows may close, the core is still to be closed · `over` nothing holds the process
 */
export type LifePhase = 'up' | 'asking' | 'cancelling' | 'ending' | 'over';

export interface LifeState {
  phase: LifePhase;
  question: 'close' | 'quit' | null;
  /** What happens once the core is closed. */
  then: 'exit' | 'install';
}

/** What is true around the machine at the moment of an input. */
export interface LifeFacts {
  /** Anything of ours waits or runs. */
  busy: boolean;
  /** Something is being sent right now: an update must wait. */
  submitting: boolean;
  /** A tray is really shown: hiding the window does not lose the app. */
  tray: boolean;
  settings: Pick<Settings, 'closeToTray' | 'quitWithWork'>;
}

export type LifeInput =
  /** The window's close button, Alt+F4, Cmd+W. */
  | { type: 'close' }
  | { type: 'close-answer'; answer: 'tray' | 'quit' | 'stay'; remember: boolean }
  /** The tray's Quit, the menu's, Cmd+Q, a signal. */
  | { type: 'quit' }
  | { type: 'quit-answer'; answer: 'keep' | 'cancel' | 'stay'; remember: boolean }
  /** Every job that was to be cancelled has ended. */
  | { type: 'all-ended' }
  /** In the progress dialog: go now; what has not stopped runs on and its cancel is carried out at the next start. */
  | { type: 'quit-now' }
  /** In the progress dialog: stay after all. The cancels that were asked for go on. */
  | { type: 'stay' }
  /** The system logs out, restarts or switches off. */
  | { type: 'system-ends' }
  | { type: 'update' }
  | { type: 'core-closed' }
  | { type: 'resume' };

export type LifeEffect =
  /** Keep the window that was about to close. */
  | 'keep-window'
  | 'hide-window'
  | 'ask-close'
  | 'ask-quit'
  | 'remember-close-tray'
  | 'remember-close-quit'
  | 'remember-quit-keep'
  | 'remember-quit-cancel'
  /** A normal cancel request for everything of ours, and a dialog that shows how far it is. */
  | 'cancel-all'
  | 'end-question'
  | 'close-core'
  | 'exit'
  | 'install-update'
  | 'update-later'
  | 'reconnect';

export interface LifeStep {
  state: LifeState;
  effects: readonly LifeEffect[];
}

export const LIFE_START: LifeState = { phase: 'up', question: null, then: 'exit' };

const ENDING: LifeState = { phase: 'ending', question: null, then: 'exit' };

const unchanged = (state: LifeState, ...effects: LifeEffect[]): LifeStep => ({ state, effects });

/** Total: every input has an answer in every state, and `over` is final. */
export function advanceLife(state: LifeState, input: LifeInput, facts: LifeFacts): LifeStep {
  if (state.phase === 'over') return unchanged(state);
  if (state.phase === 'ending') return whileEnding(state, input);
  switch (input.type) {
    case 'close':
      return close(state, facts);
    case 'close-answer':
      return closeAnswered(state, input.answer, input.remember, facts);
    case 'quit':
      return quit(state, facts);
    case 'quit-answer':
      return quitAnswered(state, input.answer, input.remember);
    case 'all-ended':
    case 'quit-now':
      return state.phase === 'cancelling' ? end('end-question') : unchanged(state);
    case 'stay':
      return state.phase === 'cancelling' ? { state: LIFE_START, effects: ['end-question'] } : unchanged(state);
    case 'system-ends':
      // The system waits a few seconds at most: nothing is asked, nothing is held back.
      return end('end-question');
    case 'update':
      if (facts.submitting || state.phase !== 'up') return unchanged(state, 'update-later');
      // The core closes first: an installer that starts while the database is open would wait for it, or not.
      return { state: { ...ENDING, then: 'install' }, effects: ['close-core'] };
    case 'core-closed':
      return { state: { phase: 'over', question: null, then: state.then }, effects: ['exit'] };
    case 'resume':
      return unchanged(state, 'reconnect');
  }
}

function whileEnding(state: LifeState, input: LifeInput): LifeStep {
  if (input.type !== 'core-closed') return unchanged(state);
  return { state: { ...state, phase: 'over' }, effects: [state.then === 'install' ? 'install-update' : 'exit'] };
}

function end(...before: LifeEffect[]): LifeStep {
  return { state: ENDING, effects: [...before, 'close-core'] };
}

function close(state: LifeState, facts: LifeFacts): LifeStep {
  // A question is open over this window already, or the cancels of a quit are being watched in it.
  if (state.phase !== 'up') return unchanged(state, 'keep-window');
  // Without a tray a hidden window could not be found again: closing it is quitting, whatever the setting says.
  if (!facts.tray) return quitWindow(state, facts);
  switch (facts.settings.closeToTray) {
    case 'tray':
      return unchanged(state, 'keep-window', 'hide-window');
    case 'quit':
      return quitWindow(state, facts);
    case 'ask':
      return { state: { ...state, phase: 'asking', question: 'close' }, effects: ['keep-window', 'ask-close'] };
  }
}

/** A quit that came from the window's own close button: while there is something to ask, the window stays. */
function quitWindow(state: LifeState, facts: LifeFacts): LifeStep {
  const step = quit(state, facts);
  return step.state.phase === 'ending' ? step : { ...step, effects: ['keep-window', ...step.effects] };
}

function closeAnswered(
  state: LifeState,
  answer: 'tray' | 'quit' | 'stay',
  remember: boolean,
  facts: LifeFacts,
): LifeStep {
  if (state.question !== 'close') return unchanged(state);
  const up: LifeState = { ...state, phase: 'up', question: null };
  switch (answer) {
    case 'stay':
      return unchanged(up);
    case 'tray':
      // The tray may have gone while the question was open.
      if (!facts.tray) return unchanged(up);
      return unchanged(up, ...(remember ? (['remember-close-tray'] as const) : []), 'hide-window');
    case 'quit': {
      const step = quit(up, facts);
      return remember ? { ...step, effects: ['remember-close-quit', ...step.effects] } : step;
    }
  }
}

function quit(state: LifeState, facts: LifeFacts): LifeStep {
  if (state.phase === 'cancelling') return unchanged(state);
  if (!facts.busy) return end(...(state.question === null ? [] : (['end-question'] as const)));
  if (state.question === 'quit') return unchanged(state);
  // Whoever says Quit while being asked about closing has answered that.
  const before: LifeEffect[] = state.question === null ? [] : ['end-question'];
  switch (facts.settings.quitWithWork) {
    case 'keep':
      return end(...before);
    case 'cancel':
      return { state: { ...state, phase: 'cancelling', question: null }, effects: [...before, 'cancel-all'] };
    case 'ask':
      return { state: { ...state, phase: 'asking', question: 'quit' }, effects: [...before, 'ask-quit'] };
  }
}

function quitAnswered(state: LifeState, answer: 'keep' | 'cancel' | 'stay', remember: boolean): LifeStep {
  if (state.question !== 'quit') return unchanged(state);
  switch (answer) {
    case 'stay':
      return unchanged({ ...state, phase: 'up', question: null });
    case 'keep':
      return end(...(remember ? (['remember-quit-keep'] as const) : []));
    case 'cancel':
      return {
        state: { ...state, phase: 'cancelling', question: null },
        effects: [...(remember ? (['remember-quit-cancel'] as const) : []), 'cancel-all'],
      };
  }
}
