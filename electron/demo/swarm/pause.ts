/**
 * Pause points: a test holds the engine at a named moment instead of sleeping and hoping.
 * Knows nothing about what happens at those moments.
 */
import type { PausePoint, Where } from './types.ts';
import { deferred } from './wait.ts';

export interface PauseHandle {
  /** resolves with who arrived, once somebody is held there */
  readonly reached: Promise<Where>;
  /** lets them go on and takes the hold away; harmless when repeated */
  release(): void;
}

export interface PauseFilter {
  /** hold only those for which this is true (default: anybody) */
  readonly when?: (where: Where) => boolean;
  /** hold everybody who arrives before the release, not just the first */
  readonly all?: boolean;
}

interface Hold {
  readonly point: PausePoint;
  readonly filter: PauseFilter;
  used: boolean;
  readonly arrived: (where: Where) => void;
  readonly released: Promise<void>;
}

export class Pauses {
  readonly #holds = new Set<Hold>();
  readonly #openers = new Set<() => void>();

  pauseAt(point: PausePoint, filter: PauseFilter = {}): PauseHandle {
    const reached = deferred<Where>();
    const released = deferred<undefined>();
    const hold: Hold = {
      point,
      filter,
      used: false,
      arrived: reached.resolve,
      released: released.promise,
    };
    this.#holds.add(hold);
    const release = (): void => {
      this.#holds.delete(hold);
      this.#openers.delete(release);
      released.resolve(undefined);
    };
    this.#openers.add(release);
    return { reached: reached.promise, release };
  }

  /** Called by the engine. Resolves at once unless a test holds this point. */
  async pass(point: PausePoint, where: Where): Promise<void> {
    for (const hold of this.#holds) {
      if (hold.point !== point) continue;
      if (hold.used && hold.filter.all !== true) continue;
      if (hold.filter.when !== undefined && !hold.filter.when(where)) continue;
      hold.used = true;
      hold.arrived(where);
      await hold.released;
      return;
    }
  }

  releaseAll(): void {
    for (const open of [...this.#openers]) open();
  }
}
