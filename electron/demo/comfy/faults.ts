/**
 * What a test (or a demo) can make go wrong between the engine and its clients: one-off and lasting faults of the HTTP side. Decides only; the
 * server acts on the decision. Paths are matched without query and without the `/api` prefix, `*` matches all.
 */
export type FaultAction =
  /** Answer this instead of processing the request. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  /** Process it, then cut the connection instead of answering: the client cannot know (C2). */
  | { readonly kind: 'drop-reply' }
  /** Cut the connection before anything is processed. */
  | { readonly kind: 'drop-request' }
  /** Process at once, answer `ms` later. */
  | { readonly kind: 'delay'; readonly ms: number };

interface Planned {
  readonly path: string;
  readonly method: string | undefined;
  readonly action: FaultAction;
  left: number;
}

export class Faults {
  readonly #planned: Planned[] = [];
  /** When set, requests and upgrades without exactly this `Authorization` header get 401 (403 with a wrong one). */
  authorization: string | undefined;

  /** The next `times` requests to `path` meet `action`. Returns a function that calls it off. */
  plan(path: string, action: FaultAction, options: { times?: number; method?: string } = {}): () => void {
    const entry: Planned = { path, action, method: options.method, left: options.times ?? 1 };
    this.#planned.push(entry);
    return () => {
      const index = this.#planned.indexOf(entry);
      if (index >= 0) this.#planned.splice(index, 1);
    };
  }

  /** Takes what is planned for this request, if anything. */
  take(method: string, path: string): FaultAction | undefined {
    const index = this.#planned.findIndex(
      (p) => matches(p.path, path) && (p.method === undefined || p.method === method),
    );
    const entry = this.#planned[index];
    if (!entry) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#planned.splice(index, 1);
    return entry.action;
  }
}

const matches = (planned: string, path: string): boolean => {
  const bare = planned.replace(/^\/api(?=\/)/, '');
  const actual = path.replace(/^\/api(?=\/)/, '');
  return bare === '*' || bare === actual || (bare.endsWith('*') && actual.startsWith(bare.slice(0, -1)));
};
