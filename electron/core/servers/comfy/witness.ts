/**
 * The newest ended prompt seen on a server (anyone's): if it is in the history still, the history was neither cleared nor
 * lost in a restart since (architecture §7.2). Current in memory, kept on disk now and then. Asks no server.
 */
import type { AdapterContext } from '../adapter.ts';

/** On disk at most this often: a thousand short jobs a minute must not be a thousand commits. */
const KEEP_EVERY_MS = 2_000;

export class Witness {
  readonly #kept: AdapterContext['witness'];
  #newest: string | null = null;
  #keptAt = -Infinity;

  constructor(kept: AdapterContext['witness']) {
    this.#kept = kept;
  }

  get(): string | null {
    return this.#newest ?? this.#kept.get();
  }

  set(promptId: string): void {
    if (promptId === this.#newest) return;
    this.#newest = promptId;
    const now = performance.now();
    if (now - this.#keptAt < KEEP_EVERY_MS) return;
    this.#keptAt = now;
    this.#kept.set(promptId);
  }
}
