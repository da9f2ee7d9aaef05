/**
 * How one server is doing, as it is told: a change of contact at once, everything else at most four times a second, and
 * nothing that is as it was.
 */
import type { ServerStatus } from '../../../shared/server.ts';

const EVERY_MS = 250;

/** What is told of a server that was not asked yet. */
export const NOTHING_KNOWN: Omit<ServerStatus, 'contact' | 'since'> = {
  error: null,
  version: null,
  capabilities: null,
  answersInMs: null,
  queueLength: null,
  nextTryAt: null,
  memory: null,
  problems: [],
  backends: null,
};

export class LinkStatus {
  readonly #tell: (status: ServerStatus, moved: boolean) => void;
  readonly #life: AbortSignal;
  #now: ServerStatus = { ...NOTHING_KNOWN, contact: 'offline', since: Date.now() };
  #timer: NodeJS.Timeout | null = null;
  #toldAt = -Infinity;

  /** `moved`: the contact has changed. Once `life` has aborted only that is told. */
  constructor(tell: (status: ServerStatus, moved: boolean) => void, life: AbortSignal) {
    this.#tell = tell;
    this.#life = life;
  }

  get now(): ServerStatus {
    return this.#now;
  }

  set(part: Partial<ServerStatus>): void {
    const contact = part.contact ?? this.#now.contact;
    const moved = contact !== this.#now.contact;
    if (!moved && Object.entries(part).every(([key, value]) => sameValue(this.#now[key as keyof ServerStatus], value)))
      return;
    this.#now = {
      ...this.#now,
      ...part,
      ...(moved ? { since: Date.now() } : {}),
      ...(contact === 'online' || contact === 'connecting' ? {} : { answersInMs: null }),
    };
    if (moved) this.#tellNow(true);
    else if (this.#timer === null && !this.#life.aborted) {
      const wait = Math.max(0, this.#toldAt + EVERY_MS - performance.now());
      this.#timer = setTimeout(() => {
        this.#tellNow(false);
      }, wait);
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tellNow(moved: boolean): void {
    this.close();
    this.#toldAt = performance.now();
    this.#tell(this.#now, moved);
  }
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
