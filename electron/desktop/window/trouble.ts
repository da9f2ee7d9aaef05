/** Asks what to do with a window that broke several times or does not answer: one question at a time, gone when it answers again. */
import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import { startText } from '../text.ts';

export interface WindowTroubleOptions {
  /** Not over the window: that is what is in trouble. */
  show: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue>;
  rebuild: () => void;
}

export class WindowTrouble {
  readonly #options: WindowTroubleOptions;
  #question: AbortController | null = null;

  constructor(options: WindowTroubleOptions) {
    this.#options = options;
  }

  /** Null: it answers again. */
  async tell(what: 'broken' | 'stuck' | null): Promise<void> {
    if (what === null) {
      this.#question?.abort();
      this.#question = null;
      return;
    }
    if (this.#question !== null) return;
    const question = new AbortController();
    this.#question = question;
    const broken = what === 'broken';
    const { response } = await this.#options.show({
      type: 'warning',
      message: broken ? startText.windowGone : startText.stuck,
      detail: broken ? startText.windowGoneDetail : startText.stuckDetail,
      buttons: [startText.reload, startText.wait],
      defaultId: 1,
      cancelId: 1,
      signal: question.signal,
    });
    if (question.signal.aborted) return;
    this.#question = null;
    if (response === 0) this.#options.rebuild();
  }
}
