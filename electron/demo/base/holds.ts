/** Holds: lets a test stop an engine at a named moment and keep a race open. Knows no protocol, only names of moments. */

/** One held moment. `reached` settles with who stands there; `release` lets them go on and is safe to call twice. */
export interface Hold<Where> {
  readonly reached: Promise<Where>;
  release(): void;
}

interface Waiting<Point, Where> {
  readonly point: Point;
  readonly matches: (where: Where) => boolean;
  readonly all: boolean;
  readonly arrive: (where: Where) => void;
  readonly released: Promise<void>;
}

export class Holds<Point extends string, Where> {
  readonly #waiting = new Set<Waiting<Point, Where>>();
  readonly #releases = new Set<() => void>();

  /** Holds the first passage that matches, or with `all` every one; after `release` nothing is held any more. */
  add(point: Point, matches: (where: Where) => boolean, all = false): Hold<Where> {
    const arrival = Promise.withResolvers<Where>();
    const gate: PromiseWithResolvers<void> = Promise.withResolvers();
    const waiting: Waiting<Point, Where> = { point, matches, all, arrive: arrival.resolve, released: gate.promise };
    const release = (): void => {
      gate.resolve();
      this.#releases.delete(release);
      this.#waiting.delete(waiting);
    };
    this.#waiting.add(waiting);
    this.#releases.add(release);
    return { reached: arrival.promise, release };
  }

  /** Called by the engine at each point; resolves at once when nobody holds it. */
  async pass(point: Point, where: Where): Promise<void> {
    await this.at(point, where);
  }

  /** The wait at this point, or undefined when nobody holds it. */
  at(point: Point, where: Where): Promise<void> | undefined {
    const found = [...this.#waiting].find((one) => one.point === point && one.matches(where));
    if (found === undefined) return undefined;
    if (!found.all) this.#waiting.delete(found);
    found.arrive(where);
    return found.released;
  }

  /** Lets everything go: the server restarts or closes. */
  releaseAll(): void {
    for (const release of [...this.#releases]) release();
  }
}
