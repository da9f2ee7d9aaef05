/** Faults a test can order for the next matching HTTP request of the demo SwarmUI server. Each is used once unless `times` says more. */

export type FaultKind =
  /** cuts the connection before the request is looked at */
  | { readonly kind: 'cut' }
  /** does what was asked, then cuts instead of answering */
  | { readonly kind: 'drop-reply' }
  /** a redirect where JSON was expected */
  | { readonly kind: 'redirect'; readonly location: string }
  /** any answer, e.g. 200 with an `error`; the request is not executed */
  | { readonly kind: 'answer'; readonly status: number; readonly body: object };

export class Faults {
  readonly #ordered: { readonly path: string; readonly fault: FaultKind; times: number }[] = [];

  /** @param path part of the path, e.g. `InterruptAll` (case-insensitive) */
  next(path: string, fault: FaultKind, times = 1): void {
    this.#ordered.push({ path: path.toLowerCase(), fault, times });
  }

  take(path: string): FaultKind | null {
    const index = this.#ordered.findIndex((ordered) => path.toLowerCase().includes(ordered.path));
    const ordered = this.#ordered[index];
    if (ordered === undefined) return null;
    ordered.times -= 1;
    if (ordered.times <= 0) this.#ordered.splice(index, 1);
    return ordered.fault;
  }
}
