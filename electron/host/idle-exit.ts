/**
 * When a host that was started for its window ends by itself: a minute after the last window closed, if nothing runs or
 * waits; else as soon as that is so and still no window is open. Says what it waits for, once each. Ends nothing itself.
 */
export interface IdleExitOptions {
  windows: () => number;
  busy: () => boolean;
  say: (what: 'last-window' | 'waiting-for-work' | 'idle') => void;
  end: () => void;
  /** Default 60 s. */
  graceMs?: number;
  /** How often it looks again whether work is left. Default 2 s. */
  lookEveryMs?: number;
}

export class IdleExit {
  readonly #options: Required<IdleExitOptions>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saidWork = false;

  constructor(options: IdleExitOptions) {
    this.#options = { graceMs: 60_000, lookEveryMs: 2_000, ...options };
  }

  /** To be called whenever the number of windows changes. The first window starts it: before that nothing ends. */
  windowsChanged(): void {
    clearTimeout(this.#timer);
    this.#saidWork = false;
    if (this.#options.windows() > 0) return;
    this.#options.say('last-window');
    this.#lookIn(this.#options.graceMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#look();
    }, ms);
  }

  #look(): void {
    if (this.#options.windows() > 0) return;
    if (!this.#options.busy()) {
      this.#options.say('idle');
      this.#options.end();
      return;
    }
    if (!this.#saidWork) this.#options.say('waiting-for-work');
    this.#saidWork = true;
    this.#lookIn(this.#options.lookEveryMs);
  }
}
