/** Hold points: lets a test stop the engine at a named place and keep a race open. Knows no ComfyUI, only names and filters. */
import { deferred } from '../../../shared/util/async.ts';
import type { Hold, HoldFilter, HoldPoint } from './types.ts';

interface Waiting {
  readonly point: HoldPoint;
  readonly filter: HoldFilter;
  readonly arrive: (where: { promptId: string; nodeId: string | undefined }) => void;
  readonly released: Promise<void>;
}

export class Holds {
  readonly #waiting: Waiting[] = [];
  readonly #releases = new Set<() => void>();

  /** Holds the first passage that matches. One-shot: after `release` (also before it was reached) nothing is held any more. */
  add(point: HoldPoint, filter: HoldFilter = {}): Hold {
    const arrival = deferred<{ promptId: string; nodeId: string | undefined }>();
    const gate = deferred();
    const entry: Waiting = { point, filter, arrive: arrival.resolve, released: gate.promise };
    const release = (): void => {
      gate.resolve();
      this.#releases.delete(release);
      const index = this.#waiting.indexOf(entry);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
    this.#waiting.push(entry);
    this.#releases.add(release);
    return { reached: arrival.promise, release };
  }

  /** Called by the engine at each point; resolves at once when nobody holds it. */
  async pass(point: HoldPoint, promptId: string, nodeId?: string): Promise<void> {
    await this.at(point, promptId, nodeId);
  }

  /** The wait at this point, or undefined when nobody holds it. */
  at(point: HoldPoint, promptId: string, nodeId?: string): Promise<void> | undefined {
    const index = this.#waiting.findIndex(
      (w) =>
        w.point === point &&
        (w.filter.promptId === undefined || w.filter.promptId === promptId) &&
        (w.filter.nodeId === undefined || w.filter.nodeId === nodeId),
    );
    const entry = this.#waiting[index];
    if (!entry) return undefined;
    this.#waiting.splice(index, 1);
    entry.arrive({ promptId, nodeId });
    return entry.released;
  }

  /** Lets everything go: the server restarts or closes. */
  releaseAll(): void {
    for (const release of [...this.#releases]) release();
  }
}
