/**
 * Tells a screen reader what started and how things ended: politely, gathered over two seconds, never a tick of progress.
 * Watches the jobs store; shows nothing.
 */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { isTerminal } from '../../shared/job-machine.ts';
import { useStores } from '../state/stores.ts';
import { announcement } from '../text/queue.ts';

const GATHER_MS = 2_000;

export function LiveRegion(): ReactNode {
  const { jobs } = useStores();
  const [words, setWords] = useState('');

  useEffect(() => {
    let counts = { started: 0, done: 0, failed: 0, cancelled: 0 };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = (): void => {
      timer = undefined;
      const next = announcement(counts);
      counts = { started: 0, done: 0, failed: 0, cancelled: 0 };
      // The same words twice would not be read: a blank that nobody hears makes them new.
      setWords((old) => (old === next ? `${next}\u00A0` : next));
    };
    const unsubscribe = jobs.subscribe((next, previous) => {
      if (!previous.ready || next.byId === previous.byId) return;
      let heard = false;
      for (const [id, job] of next.byId) {
        const before = previous.byId.get(id);
        if (before === undefined || before === job || before.state === job.state) continue;
        if (job.state === 'running') counts.started += 1;
        else if (isTerminal(job.state) && !isTerminal(before.state)) counts[job.state] += 1;
        else continue;
        heard = true;
      }
      if (heard) timer ??= setTimeout(say, GATHER_MS);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [jobs]);

  return (
    <div className="sr-only" role="status" aria-live="polite" aria-atomic="true" data-testid="announcer">
      {words}
    </div>
  );
}
