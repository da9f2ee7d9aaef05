/** New job: a workflow in, its inputs, how many, where; what it will make stands beside the button that queues it. */
import { useCallback, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { JobId } from '../../shared/ids.ts';
import type { Kind } from '../../shared/job.ts';
import { KINDS, kinds, WORKFLOW_KIND, WORKFLOW_KINDS } from '../../shared/kinds/kinds.ts';
import { findInputs } from '../../shared/workflow/inputs.ts';
import type { WorkflowInput, WorkflowInputs } from '../../shared/workflow/inputs.ts';
import type { ReadResult } from '../../shared/workflow/result.ts';
import { cx } from '../components/class-names.ts';
import { PageBar } from '../components/page-bar.tsx';
import { Segmented } from '../components/segmented.tsx';
import { useServers } from '../state/stores.ts';
import { submitText } from '../text/submit.ts';
import { swarmForm } from '../text/swarm.ts';
import { SubmitAnswer } from './answer.tsx';
import { draftOf, keptText, planOf, promptsOf, readKept, sentValue, submissionOf } from './draft.ts';
import type { Draft } from './draft.ts';
import { SubmitDrop, useFileIntake } from './drop.tsx';
import { SubmitFrame } from './frame.tsx';
import type { Making } from './frame.tsx';
import { SubmitInputs, WorkflowSeeds } from './inputs.tsx';
import { SubmitRefused } from './refused.tsx';
import { SubmitSamples } from './samples.tsx';
import { SubmitSwarm } from './swarm/form.tsx';
import { readStorage, useDraft, writeStorage } from './use-draft.ts';
import { SubmitWhere } from './where.tsx';
import page from '../components/page.module.css';
import styles from './view.module.css';

const KEPT_AS = 'switchyard.new-job';
const FORM_KEPT_AS = 'switchyard.new-job.form';

/** The form that stays a workflow's, or the kind whose own it is. */
type FormName = 'workflow' | Kind;
/** Forms of the kinds that have one of their own, beside that for workflows. */
const ownForms: Record<Kind, { value: FormName; label: string; Form: () => ReactNode } | null> = {
  comfy: null,
  swarm: { value: 'swarm', label: swarmForm.parameters, Form: SubmitSwarm },
};

export function SubmitView(): ReactNode {
  const { draft, set, change } = useDraft<Draft | null>(KEPT_AS, readKept, keptText);
  const [answer, setAnswer] = useState<Exclude<ReadResult, { type: 'workflow' }> | null>(null);
  const [sent, setSent] = useState<readonly JobId[]>([]);
  const there = useServers(
    useShallow((state) => KINDS.filter((each) => [...state.byId.values()].some(({ kind }) => kind === each))),
  );
  const forms = there.flatMap((kind) => ownForms[kind] ?? []);
  const place = draft?.serverId ?? null;
  const into = useServers((state) => (place === null ? undefined : state.byId.get(place)?.kind) ?? WORKFLOW_KIND);
  const [chosenForm, setForm] = useState(() => readStorage(FORM_KEPT_AS));
  // Until somebody chooses, what the servers are decides.
  const own =
    chosenForm === null && !there.includes(WORKFLOW_KIND) && draft === null
      ? forms[0]
      : forms.find(({ value }) => value === chosenForm);
  const choose = useCallback((next: FormName) => {
    setForm(next);
    writeStorage(FORM_KEPT_AS, next);
  }, []);
  const take = useCallback(
    (result: ReadResult) => {
      choose('workflow');
      if (result.type === 'workflow') {
        setAnswer(null);
        setSent([]);
        set((old) => draftOf(result, old));
      } else setAnswer(result);
    },
    [choose, set],
  );
  const intake = useFileIntake(take);

  const graph = draft?.workflow.graph;
  const inputs = useMemo(() => (graph === undefined ? null : findInputs(graph)), [graph]);

  return (
    <section
      className={page['view']}
      aria-label={submitText.title}
      {...intake.dropHandlers}
      data-dropping={intake.dropping ? '' : undefined}
    >
      <PageBar title={submitText.title} />
      <div className={cx(page['scroll'], styles['scroll'])}>
        {forms.length > 0 && (
          <div className={styles['kinds']}>
            <Segmented
              label={swarmForm.kinds}
              value={own?.value ?? 'workflow'}
              options={[{ value: 'workflow', label: swarmForm.workflow }, ...forms]}
              onValueChange={choose}
            />
          </div>
        )}
        {own !== undefined && <own.Form />}
        <SubmitFrame
          hidden={own !== undefined}
          making={draft === null || inputs === null ? null : makingOf(draft, inputs, into, setSent)}
          aside={draft !== null && <SubmitRefused ids={sent} graph={draft.workflow.graph} />}
        >
          <SubmitDrop workflow={draft?.workflow ?? null} intake={intake} />
          {answer !== null && <SubmitAnswer answer={answer} onClose={() => setAnswer(null)} />}
          {draft === null && <SubmitSamples onTake={take} />}
          {draft !== null && inputs !== null && (
            <>
              <SubmitInputs draft={draft} inputs={inputs} onChange={change} />
              <WorkflowSeeds draft={draft} inputs={inputs} onChange={change} />
              <SubmitWhere kinds={WORKFLOW_KINDS} draft={draft} graph={draft.workflow.graph} onChange={change} />
            </>
          )}
        </SubmitFrame>
      </div>
      {intake.dropping && (
        <div className={styles['dropping']} aria-hidden="true">
          {submitText.dropNow}
        </div>
      )}
    </section>
  );
}

function makingOf(draft: Draft, inputs: WorkflowInputs, into: Kind, onQueued: (ids: readonly JobId[]) => void): Making {
  const numberIn = (input: WorkflowInput | null): number | null => {
    const value = input === null ? null : sentValue(draft, input);
    return typeof value === 'number' ? value : null;
  };
  return {
    draft,
    prompts: promptsOf(draft, inputs).map(({ text }) => text),
    plan: planOf(draft, inputs),
    like: {
      source: draft.workflow.name,
      width: numberIn(inputs.width),
      height: numberIn(inputs.height),
      images: numberIn(inputs.images),
    },
    among: ({ kind, status, paused }) => kind === WORKFLOW_KIND && status.contact === 'online' && !paused,
    submission: (at, token) => {
      const made = submissionOf(draft, inputs, at, token);
      return made === null ? null : (kinds[into].ofWorkflow?.(made, draft.seeds.mode === 'random') ?? null);
    },
    onQueued,
  };
}
