/** What pressing the button will make of SwarmUI parameters: jobs and images, and when; and the button itself, which counts. */
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ServerId } from '../../../shared/ids.ts';
import { Button } from '../../components/button.tsx';
import { time } from '../../text/format.ts';
import { useNow } from '../../hooks/use-now.ts';
import { useJobs, useServers, useStores } from '../../state/stores.ts';
import { submitText } from '../../text/submit.ts';
import { swarmForm } from '../../text/swarm.ts';
import { MAX_JOBS, variantLabels } from '../../../shared/workflow/variants.ts';
import { freeInMs, jobsFor, usualMsOf } from '../estimate.ts';
import { imagesOf } from './draft.ts';
import type { SwarmDraft, SwarmPlan } from './draft.ts';
import styles from '../makes.module.css';

const LISTED = 6;

export interface SwarmMakesProps {
  draft: SwarmDraft;
  plan: SwarmPlan | null;
  /** Why there is no plan, where it is not a number. */
  missing: string | null;
  size: { width: number | null; height: number | null };
  /** The one server it would go to; null where any may take it. */
  serverId: ServerId | null;
  busy: boolean;
  error: string | null;
  queueKey: string;
  onQueue: (at: 'end' | 'front') => void;
}

export function SwarmMakes({
  draft,
  plan,
  missing,
  size,
  serverId,
  busy,
  error,
  queueKey,
  onQueue,
}: SwarmMakesProps): ReactNode {
  const labels = useMemo(() => variantLabels([draft.prompt, draft.negative], LISTED), [draft.prompt, draft.negative]);
  const ready = plan !== null && plan.total !== Infinity;
  const total = ready ? plan.total : 0;
  const estimate = useEstimate(draft, size, serverId, total);
  return (
    <section className={styles['makes']} aria-label={submitText.makes}>
      <p className={styles['big']} aria-live="polite" aria-atomic="true">
        {plan === null ? submitText.notYet : ready ? submitText.jobs(total) : submitText.tooManyShort}
      </p>
      <p className={styles['meta']}>
        {plan === null
          ? (missing ?? submitText.fillIn)
          : ready
            ? swarmForm.imagesIn(plan.images, submitText.product(plan.prompts, plan.seedsPerPrompt))
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
      {ready && estimate !== null && <p className={styles['when']}>{estimate}</p>}
      <div className={styles['buttons']}>
        <Button
          look="solid"
          size="l"
          wide
          disabled={!ready || busy}
          aria-keyshortcuts="Control+Enter"
          keyHint={queueKey}
          onClick={() => onQueue('end')}
        >
          {busy ? submitText.queueing : submitText.queue(total)}
        </Button>
        <Button size="l" wide disabled={!ready || busy} onClick={() => onQueue('front')}>
          {submitText.queueFront}
        </Button>
      </div>
      {error !== null && (
        <p className={styles['error']} role="alert">
          {submitText.failed}: {error}
        </p>
      )}
    </section>
  );
}

/** From times that were seen on this server, or why that can't be said; null where it is not online. */
function useEstimate(
  draft: SwarmDraft,
  { width, height }: SwarmMakesProps['size'],
  serverId: ServerId | null,
  total: number,
): string | null {
  const stores = useStores();
  const server = useServers((state) => (serverId === null ? undefined : state.byId.get(serverId)));
  const jobs = useJobs((state) => state.byId);
  const foreign = useStore(stores.foreign, (state) => (serverId === null ? undefined : state.byServer.get(serverId)));
  const nowMs = useNow(5_000);
  if (total === 0) return null;
  if (server === undefined) return serverId === null ? submitText.estimateOpen : null;
  if (server.paused || server.status.contact !== 'online') return null;
  const each = usualMsOf(jobs.values(), { source: null, width, height, images: imagesOf(draft) }, server.id);
  if (each === null) return submitText.estimateUnknown;
  const others =
    (foreign?.total ?? 0) + (foreign?.counts ?? []).reduce((sum, count) => sum + count.waiting + count.running, 0);
  const before = freeInMs(jobsFor(jobs.values(), server.id), others, nowMs);
  const work = each * total;
  return before === null
    ? submitText.estimateWork(work, server.name)
    : submitText.estimate(work, server.name, time(nowMs + before + work));
}
