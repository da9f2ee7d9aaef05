/**
 * A cancel from the tray, the menu or the hotkey: the same question as in the window, in a small dialog of the system. It
 * asks with the counts of `cancel.preview` and cancels exactly what was shown; where the queue has moved on it asks again.
 */
import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import { CancelPreviewSchema } from '../../shared/cancel-schema.ts';
import type { CancelPreview, CancelResult } from '../../shared/cancel-schema.ts';
import { cancelDialogText, cancelWords, stoppedBy } from '../../shared/words/cancel.ts';
import type { CancelMode, CancelScope } from '../../shared/cancel.ts';
import { toAppError } from '../../shared/errors.ts';
import type { AppError } from '../../shared/errors.ts';
import type { Ask } from './core-calls.ts';
import { question } from './question.ts';

export interface CancelAsk {
  scope: CancelScope;
  mode: CancelMode;
  by: 'tray' | 'hotkey' | 'window';
}

export interface CancelDialogOptions {
  ask: Ask;
  show: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue>;
  /** Says that it could not be done. */
  failed: (error: AppError, title: string) => void;
}

/** Buttons of a native dialog: the one that acts comes first; the safe one has the focus and Esc. */
const ACT = 0;

export class CancelDialog {
  readonly #options: CancelDialogOptions;
  #open: AbortController | null = null;

  constructor(options: CancelDialogOptions) {
    this.#options = options;
  }

  /** Resolves to what was cancelled, or null. A second request while one is open replaces it: the newest press counts. */
  async run(cancel: CancelAsk): Promise<CancelResult | null> {
    this.#open?.abort();
    const mine = new AbortController();
    this.#open = mine;
    try {
      return await this.#run(cancel, mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) this.#options.failed(toAppError(error), cancelDialogText.failed);
      return null;
    } finally {
      if (this.#open === mine) this.#open = null;
    }
  }

  async #run(cancel: CancelAsk, signal: AbortSignal): Promise<CancelResult | null> {
    const { ask } = this.#options;
    const { scope, mode, by } = cancel;
    const one = 'jobs' in scope && scope.jobs.length === 1;
    if (one && !(await ask('settings.get', {})).settings.askForOne) return ask('cancel.run', { scope, mode, by });

    let preview = await ask('cancel.preview', { scope, mode });
    let changed = false;
    for (;;) {
      const answer = await this.#ask(preview, { mode, one, changed }, signal);
      if (answer === null || signal.aborted) return null;
      if (answer.dontAskAgain) await ask('settings.set', { settings: { askForOne: false } });
      try {
        return await ask('cancel.run', { scope, mode, by, previewToken: preview.token });
      } catch (error) {
        const known = toAppError(error);
        if (known.code !== 'conflict') throw error;
        const carried = CancelPreviewSchema.safeParse(known.details?.['preview']);
        preview = carried.success ? carried.data : await ask('cancel.preview', { scope, mode });
        changed = true;
      }
    }
  }

  async #ask(
    preview: CancelPreview,
    manner: { mode: CancelMode; one: boolean; changed: boolean },
    signal: AbortSignal,
  ): Promise<{ dontAskAgain: boolean } | null> {
    const { show } = this.#options;
    if (stoppedBy(preview.total, { mode: manner.mode, after: false }) === 0) {
      await show({
        type: 'info',
        message: cancelDialogText.nothingTitle,
        detail: cancelDialogText.nothing,
        buttons: [cancelDialogText.nothingDone],
        signal,
      });
      return null;
    }
    const options = questionOf(preview, manner);
    const { response, checkboxChecked } = await show({ ...options, signal });
    return response === ACT ? { dontAskAgain: manner.one && checkboxChecked } : null;
  }
}

const integers = new Intl.NumberFormat('en');
const english = (value: number): string => integers.format(value);

/** The window's question as a message box. */
function questionOf(
  preview: CancelPreview,
  manner: { mode: CancelMode; one: boolean; changed: boolean },
): MessageBoxOptions {
  const words = cancelWords(preview, { mode: manner.mode, after: false }, english);
  const sentences = words.sentences.map(({ strong, rest }) => (strong === '' ? rest : `${strong} ${rest}`));
  const detail = [...(manner.changed ? [cancelDialogText.changed] : []), ...sentences].join('\n');
  return {
    ...question(words.title, detail, [words.act, words.keep]),
    ...(manner.one ? { checkboxLabel: cancelDialogText.dontAsk, checkboxChecked: false } : {}),
  };
}
