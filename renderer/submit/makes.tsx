/** What pressing the button will make, and when it will be done where that is known; and the button itself, which counts. */
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ServerId } from '../../shared/ids.ts';
import { Button } from '../components/button.tsx';
import { time } from '../text/format.ts';
import { useNow } from '../hooks/use-now.ts';
import { useJobs, useServers, useStores } from '../state/stores.ts';
import { submitText } from '../text/submit.ts';
import type { WorkflowInputs } from '../../shared/workflow/inputs.ts';
import { MAX_JOBS, variantLabels } from '../../shared/workflow/variants.ts';
import type { Plan } from '../../shared/workflow/variants.ts';
import { promptsOf, sentValue } from './draft.ts';
import type { Draft } from './draft.ts';
import { freeInMs, jobsFor, usualMsOf } from './estimate.ts';
import styles from './makes.module.css';

const LISTED = 6;

export interface SubmitMakesProps {
  draft: Draft;
  inputs: WorkflowInputs;
  /** Null while something is not filled in right. */
  plan: Plan | null;
  busy: boolean;
  error: string | null;
  queueKey: string;
  onQueue: (at: 'end' | 'front') => void;
}

export function SubmitMakes({ draft, inputs, plan, busy, error, queueKey, onQueue }: SubmitMakesProps): ReactNode {
  const texts = promptsOf(draft, inputs)
    .map(({ text }) => text)
    .join('\n\u0000');
  const labels = useMemo(() => variantLabels(texts.split('\n\u0000'), LISTED), [texts]);
  const ready = plan !== null && plan.total !== Infinity;
  const total = ready ? plan.total : 0;
  const estimate = useEstimate(draft, inputs, total);
  const varied = plan !== null && (plan.prompts > 1 || plan.seedsPerPrompt > 1);
  return (
    <section className={styles['makes']} aria-label={submitText.makes}>
      <p className={styles['big']} aria-live="polite" aria-atomic="true">
        {plan === null ? submitText.notYet : ready ? submitText.jobs(total) : submitText.tooManyShort}
      </p>
      <p className={styles['meta']}>
        {plan === null
          ? submitText.fillIn
          : ready
            ? submitText.product(plan.prompts, plan.seedsPerPrompt)
            : submitText.tooMany(MAX_JOBS)}
      </p>
      {ready && varied && plan.prompts > 1 && (
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

/** "About 16 min on Studio-4090, done near 14:35", or why that can't be said; null where nothing is online to say it of. */
function useEstimate(draft: Draft, inputs: WorkflowInputs, total: number): string | null {
  const stores = useStores();
  const servers = useServers((state) => state.byId);
  const jobs = useJobs((state) => state.byId);
  const foreign = useStore(stores.foreign, (state) => state.byServer);
  const nowMs = useNow(5_000);
  const online = [...servers.values()].filter(
    ({ kind, status, paused }) => kind === 'comfy' && status.contact === 'online' && !paused,
  );
  // "Any" is a promise about one server only where there is but one.
  const server =
    draft.serverId === null
      ? online.length === 1
        ? online[0]
        : undefined
      : online.find(({ id }) => id === draft.serverId);
  if (total === 0) return null;
  if (server === undefined) return draft.serverId === null && online.length > 1 ? submitText.estimateOpen : null;
  const id: ServerId = server.id;
  const number = (input: typeof inputs.width): number | null => {
    const value = input === null ? null : sentValue(draft, input);
    return typeof value === 'number' ? value : null;
  };
  const like = {
    source: draft.workflow.name,
    width: number(inputs.width),
    height: number(inputs.height),
    images: number(inputs.images),
  };
  const each = usualMsOf(jobs.values(), like, id);
  const before = freeInMs(jobsFor(jobs.values(), id), foreign.get(id)?.total ?? 0, nowMs);
  if (each === null) return submitText.estimateUnknown;
  const work = each * total;
  return before === null
    ? submitText.estimateWork(work, server.name)
    : submitText.estimate(work, server.name, time(nowMs + before + work));
}
