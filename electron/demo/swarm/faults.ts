/** Faults a test can order for the next matching HTTP request of the demo SwarmUI server. Each is used once unless `times` says more. */

export type FaultKind =
  /** answers late */
  | { readonly kind: 'delay'; readonly ms: number }
  /** cuts the connection before the request is looked at */
  | { readonly kind: 'cut' }
  /** does what was asked, then cuts instead of answering */
  | { readonly kind: 'drop-reply' }
  /** a redirect where JSON was expected */
  | { readonly kind: 'redirect'; readonly location: string }
  /** any answer, e.g. 200 with an `error`; the request is not executed */
  | { readonly kind: 'answer'; readonly status: number; readonly body: object };

export interface OrderedFault {
  /** part of the path, e.g. `InterruptAll` (case-insensitive); empty matches everything */
  readonly path: string;
  readonly fault: FaultKind;
  times: number;
}

export interface Faults {
  readonly pending: OrderedFault[];
  next(path: string, fault: FaultKind, times?: number): void;
  clear(): void;
}

export function noFaults(): Faults {
  const pending: OrderedFault[] = [];
  return {
    pending,
    next(path, fault, times = 1) {
      pending.push({ path: path.toLowerCase(), fault, times });
    },
    clear() {
      pending.length = 0;
    },
  };
}

export function takeFault(faults: Faults, path: string): FaultKind | null {
  const index = faults.pending.findIndex((ordered) => path.toLowerCase().includes(ordered.path));
  const ordered = faults.pending[index];
  if (ordered === undefined) return null;
  ordered.times -= 1;
  if (ordered.times <= 0) faults.pending.splice(index, 1);
  return ordered.fault;
}
