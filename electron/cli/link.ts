/** What a verb talks to: the contract's calls and events, over whatever there is (a running host, or a core of its own). */
import type { CallName, Contract, Events, Topic } from '../../shared/contract.ts';
import type { CallOptions, InputOf, OutputOf } from '../../shared/contract-types.ts';

/** `resync`: events were dropped, because we were too slow; look at everything again. */
export type LinkEvent =
  | { readonly [Name in Topic]: { topic: Name; payload: Events[Name] } }[Topic]
  | { topic: 'resync'; payload: Record<string, never> };

export interface Stream {
  close(): void;
}

export interface Link {
  /** True when there is no host: everything on the server that was not sent by this very process is foreign. */
  readonly alone: boolean;
  call<Name extends CallName>(
    name: Name,
    args: InputOf<Contract['calls'][Name]>,
    options?: CallOptions,
  ): Promise<OutputOf<Contract['calls'][Name]>>;
  /** Resolves once events flow; `onEnd` is told when they stop without `close()`. */
  events(topics: readonly Topic[], listener: (event: LinkEvent) => void, onEnd: (why: string) => void): Promise<Stream>;
  close(): Promise<void>;
}

/** One API call as `-v` prints it. */
export interface CallTrace {
  method: string;
  url: string;
  /** Null when no answer came. */
  status: number | null;
  ms: number;
}
