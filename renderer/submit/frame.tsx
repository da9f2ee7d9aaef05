/**
 * The frame of both submit forms: the form itself, and beside it what pressing the button will make, when it will be done
 * where that is known, and the button, which counts. What a form holds and how it becomes a call is the form's own.
 */
import { useMemo, useRef } from 'react';
import type { ReactNode } from 'react';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { uuidv4 } from '../../shared/ids.ts';
import type { SubmitJobs } from '../../shared/job.ts';
import type { ServerView } from '../../shared/server.ts';
import { MAX_JOBS, variantLabels } from '../../shared/workflow/variants.ts';
import type { Plan } from '../../shared/workflow/variants.ts';
import { Button } from '../components/button.tsx';
import { useAct, useApi } from '../hooks/use-api.ts';
import { isMac, useGlobalHotkeys } from '../hooks/use-hotkeys.ts';
import { useNow } from '../hooks/use-now.ts';
import { goTo } from '../hooks/use-route.ts';
import { othersOf } from '../state/foreign-store.ts';
import { useForeign, useJobs, useServerList, useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { time } from '../text/format.ts';
import { submitText } from '../text/submit.ts';
import { freeInMs, jobsFor, usualMsOf } from './estimate.ts';
import type { Like } from './estimate.ts';
import styles from './frame.module.css';

const LISTED = 6;

export interface Making {
  /** Each change makes another object of it: a press is the same press only while nothing was changed. */
  draft: { serverId: ServerId | null };
  prompts: readonly string[];
  /** Null while something is not filled in right. */
  plan: Plan | null;
  /** Why there is no plan, where it is not a number. */
  missing?: string | null;
  /** What it makes in words, given the product of prompts and seeds; without, the product itself. */
  words?: (product: string) => string;
  /** What its jobs are like, for the time they take. */
  like: Like;
  /** The servers that "any" chooses from. */
  among: (server: ServerView) => boolean;
  /** The call that queues it, or null while it can't be queued. */
  submission: (at: 'end' | 'front', clientToken: string) => SubmitJobs | null;
  onQueued?: (ids: readonly JobId[]) => void;
}

export interface SubmitFrameProps {
  /** Null while there is nothing to make. */
  making: Making | null;
  /** Keeps what was typed while the other form is in sight. */
  hidden?: boolean;
  /** Below what it will make. */
  aside?: ReactNode;
  children: ReactNode;
}

export function SubmitFrame({ making, hidden = false, aside, children }: SubmitFrameProps): ReactNode {
  return (
    <div className={styles['page']} hidden={hidden}>
      <div className={styles['form']}>{children}</div>
      {making !== null && (
        <div className={styles['side']}>
          <Makes making={making} keys={!hidden} />
          {aside}
        </div>
      )}
    </div>
  );
}

function Makes({ making, keys }: { making: Making; keys: boolean }): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const { draft, plan, missing = null, words = String, submission, onQueued } = making;
  const texts = making.prompts.join('\n\u0000');
  const labels = useMemo(() => variantLabels(texts.split('\n\u0000'), LISTED), [texts]);
  const ready = plan !== null && plan.total !== Infinity;
  const total = ready ? plan.total : 0;
  const estimate = useEstimate(making, total);
  /** The same press sent twice over a broken line must not queue twice: one token until it went through or the draft changed. */
  const press = useRef<{ draft: unknown; token: string } | null>(null);
  const queue = useAct(async (signal, at: 'end' | 'front') => {
    if (press.current?.draft !== draft) press.current = { draft, token: uuidv4() };
    const made = submission(at, press.current.token);
    if (made === null) return;
    const { jobs } = await api.jobs.submit(made, { signal });
    press.current = null;
    onQueued?.(jobs.map(({ id }) => id));
    toasts.show({
      key: 'queued',
      text: submitText.queued(jobs.length),
      action: { label: submitText.show, onAct: () => goTo('queue') },
    });
  });
  const run = (at: 'end' | 'front'): void => {
    if (ready && !queue.busy) queue.run(at);
  };
  useGlobalHotkeys(keys ? { 'mod+enter': () => run('end'), 'mod+shift+enter': () => run('front') } : {});
  return (
    <section className={styles['makes']} aria-label={submitText.makes}>
      <p className={styles['big']} aria-live="polite" aria-atomic="true">
        {plan === null ? submitText.notYet : ready ? common.jobs(total) : submitText.tooManyShort}
      </p>
      <p className={styles['meta']}>
        {plan === null
          ? (missing ?? submitText.fillIn)
          : ready
            ? words(submitText.product(plan.prompts, plan.seedsPerPrompt))
            : submitText.tooMany(MAX_JOBS)}
      </p>
      {ready && plan.prompts > 1 && (
        <ul className={styles['stations']}>
          {labels.map((label, index) => (
            <li key={index}>
              {submitText.variant(label === '' ? submitText.emptyChoice : label, plan.seedsPerPrompt)}
            </li>
          ))}
          {plan.prompts > labels.length && (
            <li className={styles['rest']}>{submitText.moreVariants(plan.prompts - labels.length)}</li>
          )}
        </ul>
      )}
      {estimate !== null && <p className={styles['when']}>{estimate}</p>}
      <div className={styles['buttons']}>
        <Button
          look="solid"
          size="l"
          wide
          disabled={!ready || queue.busy}
          aria-keyshortcuts="Control+Enter"
          keyHint={isMac ? '⌘ ⏎' : 'Ctrl ⏎'}
          onClick={() => run('end')}
        >
          {queue.busy ? submitText.queueing : submitText.queue(total)}
        </Button>
        <Button size="l" wide disabled={!ready || queue.busy} onClick={() => run('front')}>
          {submitText.queueFront}
        </Button>
      </div>
      {queue.error !== null && (
        <p className={styles['error']} role="alert">
          {submitText.failed}: {common.error(queue.error.code)}
        </p>
      )}
    </section>
  );
}

/** "About 16 min on Studio-4090, done near 14:35", or why that can't be said; null where nothing is online to say it of. */
function useEstimate({ draft: { serverId }, like, among }: Making, total: number): string | null {
  const jobs = useJobs((state) => state.byId);
  const foreign = useForeign((state) => state.byServer);
  const servers = useServerList().filter(among);
  const nowMs = useNow(5_000);
  if (total === 0) return null;
  // "Any" is a promise about one server only where there is but one.
  if (serverId === null && servers.length > 1) return submitText.estimateOpen;
  const server = serverId === null ? servers[0] : servers.find(({ id }) => id === serverId);
  if (server === undefined || server.paused || server.status.contact !== 'online') return null;
  const each = usualMsOf(jobs.values(), like, server.id);
  if (each === null) return submitText.estimateUnknown;
  const before = freeInMs(jobsFor(jobs.values(), server.id), othersOf(foreign.get(server.id)), nowMs);
  const work = each * total;
  return before === null
    ? submitText.estimateWork(work, server.name)
    : submitText.estimate(work, server.name, time(nowMs + before + work));
}
