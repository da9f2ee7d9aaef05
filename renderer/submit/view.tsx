/** New job: a workflow in, its inputs, how many, where; what it will make stands beside the button that queues it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import { uuidv4 } from '../../shared/ids.ts';
import { cx } from '../components/class-names.ts';
import { Segmented } from '../components/segmented.tsx';
import { showToast } from '../state/toasts.ts';
import { useAct, useApi } from '../hooks/use-api.ts';
import { isMac, useGlobalHotkeys } from '../hooks/use-hotkeys.ts';
import { goTo } from '../hooks/use-route.ts';
import { useServers } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { submitText } from '../text/submit.ts';
import { swarmForm } from '../text/swarm.ts';
import { findInputs } from '../../shared/workflow/inputs.ts';
import type { ReadResult } from '../../shared/workflow/result.ts';
import { asSwarm } from '../../shared/workflow/swarm-raw.ts';
import { PageBar } from '../components/page-bar.tsx';
import { SubmitAnswer } from './answer.tsx';
import { draftOf, keptText, planOf, readKept, submissionOf } from './draft.ts';
import type { Draft } from './draft.ts';
import { SubmitDrop, useFileIntake } from './drop.tsx';
import { SubmitInputs } from './inputs.tsx';
import { SubmitMakes } from './makes.tsx';
import { SubmitRefused } from './refused.tsx';
import { SubmitSamples } from './samples.tsx';
import { SubmitSeeds } from './seeds.tsx';
import { SubmitSwarm } from './swarm/form.tsx';
import { SubmitWhere } from './where.tsx';
import page from '../components/page.module.css';
import styles from './view.module.css';

const KEPT_AS = 'switchyard.new-job';
const FORM_KEPT_AS = 'switchyard.new-job.form';
const KEEP_AFTER_MS = 400;

export function SubmitView(): ReactNode {
  const api = useApi();
  const [draft, setDraft] = useState<Draft | null>(() => readKept(readStorage(KEPT_AS)));
  const [answer, setAnswer] = useState<Exclude<ReadResult, { type: 'workflow' }> | null>(null);
  const [sent, setSent] = useState<readonly JobId[]>([]);
  const anyComfy = useServers((state) => [...state.byId.values()].some(({ kind }) => kind === 'comfy'));
  const anySwarm = useServers((state) => [...state.byId.values()].some(({ kind }) => kind === 'swarm'));
  const [chosenForm, setForm] = useState(() => readStorage(FORM_KEPT_AS));
  // Until somebody chooses, what the servers are decides.
  const form =
    anySwarm && (chosenForm === 'swarm' || (chosenForm === null && !anyComfy && draft === null)) ? 'swarm' : 'workflow';
  const choose = useCallback((next: 'workflow' | 'swarm') => {
    setForm(next);
    writeStorage(FORM_KEPT_AS, next);
  }, []);
  /** The same press sent twice over a broken line must not queue twice: one token until it went through or the draft changed. */
  const token = useRef<string | null>(null);

  const change = useCallback((next: Partial<Draft>) => {
    token.current = null;
    setDraft((old) => (old === null ? old : { ...old, ...next }));
  }, []);
  const take = useCallback(
    (result: ReadResult) => {
      token.current = null;
      choose('workflow');
      if (result.type === 'workflow') {
        setAnswer(null);
        setSent([]);
        setDraft((old) => draftOf(result, old));
      } else setAnswer(result);
    },
    [choose],
  );
  const intake = useFileIntake(take);

  useEffect(() => {
    if (draft === null) return undefined;
    const timer = setTimeout(() => {
      writeStorage(KEPT_AS, keptText(draft));
    }, KEEP_AFTER_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [draft]);

  const graph = draft?.workflow.graph;
  const inputs = useMemo(() => (graph === undefined ? null : findInputs(graph)), [graph]);
  const plan = draft === null || inputs === null ? null : planOf(draft, inputs);
  const ready = form === 'workflow' && plan !== null && plan.total !== Infinity;
  const intoSwarm = useServers(
    (state) => draft !== null && draft.serverId !== null && state.byId.get(draft.serverId)?.kind === 'swarm',
  );

  const queue = useAct(async (signal, at: 'end' | 'front') => {
    if (draft === null || inputs === null) return;
    token.current ??= uuidv4();
    const made = submissionOf(draft, inputs, at, token.current);
    const submission = made !== null && intoSwarm ? asSwarm(made, draft.seeds.mode === 'random') : made;
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
  // The SwarmUI form has the same keys for itself.
  useGlobalHotkeys(
    form === 'swarm'
      ? {}
      : {
          'mod+enter': () => {
            if (ready && !queue.busy) queue.run('end');
          },
          'mod+shift+enter': () => {
            if (ready && !queue.busy) queue.run('front');
          },
        },
  );

  return (
    <section
      className={page['view']}
      aria-label={submitText.title}
      {...intake.dropHandlers}
      data-dropping={intake.dropping ? '' : undefined}
    >
      <PageBar title={submitText.title} />
      <div className={cx(page['scroll'], styles['scroll'])}>
        {anySwarm && (
          <div className={styles['kinds']}>
            <Segmented
              label={swarmForm.kinds}
              value={form}
              options={[
                { value: 'workflow', label: swarmForm.workflow },
                { value: 'swarm', label: swarmForm.parameters },
              ]}
              onValueChange={choose}
            />
          </div>
        )}
        {form === 'swarm' && <SubmitSwarm />}
        <div className={styles['page']} hidden={form === 'swarm'}>
          <div className={styles['form']}>
            <SubmitDrop workflow={draft?.workflow ?? null} intake={intake} />
            {answer !== null && <SubmitAnswer answer={answer} onClose={() => setAnswer(null)} />}
            {draft === null && <SubmitSamples onTake={take} />}
            {draft !== null && inputs !== null && (
              <>
                <SubmitInputs draft={draft} inputs={inputs} onChange={change} />
                <SubmitSeeds draft={draft} inputs={inputs} onChange={change} />
                <SubmitWhere kinds={['comfy', 'swarm']} draft={draft} graph={draft.workflow.graph} onChange={change} />
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
function readStorage(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeStorage(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // As above: keeping the last workflow is a convenience.
  }
}
