/**
 * Jobs that ended just now keep their place in the queue until the pointer leaves the list, at most three seconds, so
 * that nothing moves under the pointer and everybody sees how it ended.
 */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { JobId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { JobsState, JobsStore } from '../state/jobs-store.ts';

export interface LingerState {
  /** How each lingering job was before it ended: that is where it stands. */
  readonly asWas: ReadonlyMap<JobId, JobView>;
}

const LINGER_MS = 3_000;
/** Long enough to be read, even where the pointer has left already. */
const SEEN_MS = 1_200;

export interface Linger {
  readonly store: StoreApi<LingerState>;
  /** Keeps those that end from now on; stops when called. */
  watch(): () => void;
  pointerLeft(): void;
}

export function createLinger(jobs: JobsStore): Linger {
  const store = createStore<LingerState>(() => ({ asWas: new Map() }));
  const endedAt = new Map<JobId, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const dropOlderThan = (ms: number): void => {
    const now = performance.now();
    const over = [...endedAt].filter(([, at]) => now - at >= ms).map(([id]) => id);
    if (over.length > 0) {
      for (const id of over) endedAt.delete(id);
      store.setState(({ asWas }) => ({ asWas: new Map([...asWas].filter(([id]) => endedAt.has(id))) }));
    }
    plan();
  };
  const plan = (): void => {
    clearTimeout(timer);
    const [oldest] = endedAt.values();
    if (oldest === undefined) return;
    timer = setTimeout(
      () => {
        dropOlderThan(LINGER_MS);
      },
      Math.max(20, oldest + LINGER_MS - performance.now()),
    );
  };

  const note = (next: JobsState, previous: JobsState): void => {
    if (next.ended === previous.ended) return;
    const known = new Set(previous.ended);
    const fresh: JobView[] = [];
    for (const id of next.ended) {
      const before = previous.byId.get(id);
      if (!known.has(id) && before !== undefined && !isTerminal(before.state)) fresh.push(before);
    }
    if (fresh.length === 0) return;
    for (const job of fresh) endedAt.set(job.id, performance.now());
    store.setState(({ asWas }) => ({ asWas: new Map([...asWas, ...fresh.map((job) => [job.id, job] as const)]) }));
    plan();
  };

  return {
    store,
    watch: () => {
      const unsubscribe = jobs.subscribe(note);
      return () => {
        unsubscribe();
        clearTimeout(timer);
      };
    },
    pointerLeft: () => {
      dropOlderThan(SEEN_MS);
    },
  };
}
