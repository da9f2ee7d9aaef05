/** New job: a workflow in, its inputs, how many, where; what it will make stands beside the button that queues it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import { uuidv4 } from '../../shared/ids.ts';
import { showToast } from '../components/toast.tsx';
import { useAct, useApi } from '../hooks/use-api.ts';
import { isMac, useGlobalHotkeys } from '../hooks/use-hotkeys.ts';
import { goTo } from '../hooks/use-route.ts';
import { common } from '../text/common.ts';
import { submitText } from '../text/submit.ts';
import { findInputs } from '../workflow/inputs.ts';
import type { ReadResult } from '../workflow/result.ts';
import { SubmitAnswer } from './submit-answer.tsx';
import { draftOf, keptText, planOf, readKept, submissionOf } from './submit-draft.ts';
import type { Draft } from './submit-draft.ts';
import { SubmitDrop, useFileIntake } from './submit-drop.tsx';
import { SubmitInputs } from './submit-inputs.tsx';
import { SubmitMakes } from './submit-makes.tsx';
import { SubmitRefused } from './submit-refused.tsx';
import { SubmitSeeds } from './submit-seeds.tsx';
import { SubmitWhere } from './submit-where.tsx';
import styles from './submit-view.module.css';

const KEPT_AS = 'switchyard.new-job';
const KEEP_AFTER_MS = 400;

export function SubmitView(): ReactNode {
  const api = useApi();
  const [draft, setDraft] = useState<Draft | null>(() => readKept(readStorage()));
  const [answer, setAnswer] = useState<Exclude<ReadResult, { type: 'workflow' }> | null>(null);
  const [sent, setSent] = useState<readonly JobId[]>([]);
  /** The same press sent twice over a broken line must not queue twice: one token until it went through or the draft changed. */
  const token = useRef<string | null>(null);

  const change = useCallback((next: Partial<Draft>) => {
    token.current = null;
    setDraft((old) => (old === null ? old : { ...old, ...next }));
  }, []);
  const take = useCallback((result: ReadResult) => {
    token.current = null;
    if (result.type === 'workflow') {
      setAnswer(null);
      setSent([]);
      setDraft((old) => draftOf(result, old));
    } else setAnswer(result);
  }, []);
  const intake = useFileIntake(take);

  useEffect(() => {
    if (draft === null) return undefined;
    const timer = setTimeout(() => {
      writeStorage(keptText(draft));
    }, KEEP_AFTER_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [draft]);

  const graph = draft?.workflow.graph;
  const inputs = useMemo(() => (graph === undefined ? null : findInputs(graph)), [graph]);
  const plan = draft === null || inputs === null ? null : planOf(draft, inputs);
  const ready = plan !== null && plan.total !== Infinity;

  const queue = useAct(async (signal, at: 'end' | 'front') => {
    if (draft === null || inputs === null) return;
    token.current ??= uuidv4();
    const submission = submissionOf(draft, inputs, at, token.current);
    if (submission === null) return;
    const { jobs } = await api.jobs.submit(submission, { signal });
    token.current = null;
    setSent(jobs.map(({ id }) => id));
    showToast({
      key: 'queued',
      text: submitText.queued(jobs.length),
      action: { label: submitText.show, onAct: () => goTo('queue') },
    });
  });
  useGlobalHotkeys({
    'mod+enter': () => {
      if (ready && !queue.busy) queue.run('end');
    },
    'mod+shift+enter': () => {
      if (ready && !queue.busy) queue.run('front');
    },
  });

  return (
    <section
      className={styles['view']}
      aria-label={submitText.title}
      {...intake.dropHandlers}
      data-dropping={intake.dropping ? '' : undefined}
    >
      <header className={styles['bar']}>
        <h1 className={styles['title']}>{submitText.title}</h1>
      </header>
      <div className={styles['scroll']}>
        <div className={styles['page']}>
          <div className={styles['form']}>
            <SubmitDrop workflow={draft?.workflow ?? null} intake={intake} />
            {answer !== null && <SubmitAnswer answer={answer} onClose={() => setAnswer(null)} />}
            {draft !== null && inputs !== null && (
              <>
                <SubmitInputs draft={draft} inputs={inputs} onChange={change} />
                <SubmitSeeds draft={draft} inputs={inputs} onChange={change} />
                <SubmitWhere draft={draft} onChange={change} />
              </>
            )}
          </div>
          {draft !== null && inputs !== null && (
            <div className={styles['side']}>
              <SubmitMakes
                draft={draft}
                inputs={inputs}
                plan={plan}
                busy={queue.busy}
                error={queue.error === null ? null : common.error(queue.error.code)}
                queueKey={isMac ? '⌘ ⏎' : 'Ctrl ⏎'}
                onQueue={queue.run}
              />
              <SubmitRefused ids={sent} graph={draft.workflow.graph} />
            </div>
          )}
        </div>
      </div>
      {intake.dropping && (
        <div className={styles['dropping']} aria-hidden="true">
          {submitText.dropNow}
        </div>
      )}
    </section>
  );
}

/** Storage may be switched off or full: then the form begins empty, and that is all. */
function readStorage(): string | null {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}

function writeStorage(text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(KEPT_AS);
    else localStorage.setItem(KEPT_AS, text);
  } catch {
    // As above: keeping the last workflow is a convenience.
  }
}
