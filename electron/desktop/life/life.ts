/**
 * The life machine at work: takes inputs, carries out what lifecycle.ts answers, shows its questions. Electron's events are
 * tied to it in desktop.ts. Cancels and settings go through the core like everybody else's.
 */
import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import type { Settings } from '../../../shared/settings.ts';
import { LIFE_START, advanceLife } from './lifecycle.ts';
import type { LifeEffect, LifeFacts, LifeInput, LifeState } from './lifecycle.ts';
import { question } from '../question.ts';
import { cancellingDialog, closeDialog, quitDialog } from '../text.ts';

export interface LifePorts {
  facts: () => LifeFacts;
  counts: () => { running: number; waiting: number };
  show: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue>;
  hideWindow: () => void;
  /** Shows the queue, with how far the cancels are, 0 to 1; null ends it. */
  progress: (fraction: number | null) => void;
  remember: (settings: Partial<Pick<Settings, 'closeToTray' | 'quitWithWork'>>) => void;
  /** A normal cancel request for everything of ours. */
  cancelAll: () => Promise<void>;
  closeCore: () => Promise<void>;
  exit: () => void;
  installUpdate: () => void;
  updateLater: () => void;
  reconnect: () => void;
  failed: (error: unknown) => void;
}

export class Life {
  readonly #ports: LifePorts;
  /** What is done for each effect. */
  readonly #carry: Record<LifeEffect, () => void>;
  #state: LifeState = LIFE_START;
  #facts: LifeFacts = NO_FACTS;
  #question: AbortController | null = null;
  /** How many were open when the cancels of a quit began. */
  #toEnd = 0;

  constructor(ports: LifePorts) {
    this.#ports = ports;
    this.#carry = this.#carriers(ports);
  }

  /** True once nothing is held back any more: windows may close, the app may quit. */
  get ending(): boolean {
    return this.#state.phase === 'ending' || this.#state.phase === 'over';
  }

  get over(): boolean {
    return this.#state.phase === 'over';
  }

  /** Returns what is done, so that whoever brings a `close` knows whether to keep the window. */
  input(input: LifeInput): readonly LifeEffect[] {
    // While it ends nothing is decided by them, and the core that would know is closed.
    if (!this.ending) this.#facts = this.#ports.facts();
    const step = advanceLife(this.#state, input, this.#facts);
    this.#state = step.state;
    for (const effect of step.effects) this.#carry[effect]();
    return step.effects;
  }

  /** To be told whenever the queue changes: the cancels of a quit are over when nothing of ours is open. */
  queueChanged(): void {
    if (this.#state.phase !== 'cancelling') return;
    const left = this.#left();
    this.#toEnd = Math.max(this.#toEnd, left);
    if (left === 0) this.input({ type: 'all-ended' });
    else this.#ports.progress(1 - left / this.#toEnd);
  }

  #carriers(ports: LifePorts): Record<LifeEffect, () => void> {
    return {
      'keep-window': () => undefined,
      'hide-window': ports.hideWindow,
      'ask-close': () => {
        this.#ask(closeQuestion, ({ response, checkboxChecked: remember }) => {
          this.input({ type: 'close-answer', answer: CLOSE_ANSWERS[response] ?? 'stay', remember });
        });
      },
      'ask-quit': () => {
        const { running, waiting } = ports.counts();
        this.#ask(quitQuestion(running, waiting), ({ response, checkboxChecked: remember }) => {
          this.input({ type: 'quit-answer', answer: QUIT_ANSWERS[response] ?? 'stay', remember });
        });
      },
      'remember-close-tray': () => {
        ports.remember({ closeToTray: 'tray' });
      },
      'remember-close-quit': () => {
        ports.remember({ closeToTray: 'quit' });
      },
      'remember-quit-keep': () => {
        ports.remember({ quitWithWork: 'keep' });
      },
      'remember-quit-cancel': () => {
        ports.remember({ quitWithWork: 'cancel' });
      },
      'cancel-all': () => {
        this.#cancelAll();
      },
      'end-question': () => {
        this.#question?.abort();
        this.#question = null;
        ports.progress(null);
      },
      'close-core': () => {
        void ports
          .closeCore()
          .catch(ports.failed)
          .then(() => this.input({ type: 'core-closed' }));
      },
      exit: ports.exit,
      'install-update': ports.installUpdate,
      'update-later': ports.updateLater,
      reconnect: ports.reconnect,
    };
  }

  #left(): number {
    const { running, waiting } = this.#ports.counts();
    return running + waiting;
  }

  #cancelAll(): void {
    this.#toEnd = this.#left();
    this.#ports.progress(0);
    this.#ask(cancellingQuestion(this.#toEnd), ({ response }) => {
      this.input({ type: response === 0 ? 'quit-now' : 'stay' });
    });
    this.#ports.cancelAll().then(
      () => {
        this.queueChanged();
      },
      (error: unknown) => {
        // What could not be asked for can't be waited for either.
        this.#ports.failed(error);
        this.input({ type: 'stay' });
      },
    );
  }

  /** One question at a time; one that is ended by something else answers nothing. */
  #ask(options: MessageBoxOptions, answered: (answer: MessageBoxReturnValue) => void): void {
    this.#question?.abort();
    const mine = new AbortController();
    this.#question = mine;
    this.#ports.show({ ...options, signal: mine.signal }).then(
      (answer) => {
        if (mine.signal.aborted) return;
        this.#question = null;
        answered(answer);
      },
      (error: unknown) => {
        if (!mine.signal.aborted) this.#ports.failed(error);
      },
    );
  }
}

const NO_FACTS: LifeFacts = {
  busy: false,
  submitting: false,
  tray: false,
  settings: { closeToTray: 'ask', quitWithWork: 'ask' },
};

const CLOSE_ANSWERS = ['tray', 'quit', 'stay'] as const;
const QUIT_ANSWERS = ['keep', 'cancel', 'stay'] as const;

const closeQuestion: MessageBoxOptions = {
  ...question(closeDialog.message, closeDialog.detail, [closeDialog.tray, closeDialog.quit, closeDialog.stay], 0),
  checkboxLabel: closeDialog.remember,
  checkboxChecked: true,
};

export const quitQuestion = (running: number, waiting: number): MessageBoxOptions => ({
  ...question(
    quitDialog.message(running, waiting),
    quitDialog.detail,
    [quitDialog.keep, quitDialog.cancel, quitDialog.stay],
    0,
  ),
  checkboxLabel: quitDialog.remember,
  checkboxChecked: false,
});

const cancellingQuestion = (total: number): MessageBoxOptions => ({
  ...question(cancellingDialog.message(total), cancellingDialog.detail, [cancellingDialog.now, cancellingDialog.stay]),
  type: 'info',
});
