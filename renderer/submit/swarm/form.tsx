/** New job from SwarmUI parameters: model, prompts, size, how many, where; the server's own list and defaults. */
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { uuidv4 } from '../../../shared/ids.ts';
import type { CatalogueView } from '../../../shared/server-manage.ts';
import { Button } from '../../components/button.tsx';
import { Field, TextArea, TextInput } from '../../components/field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { showToast } from '../../state/toasts.ts';
import { useAct, useApi } from '../../hooks/use-api.ts';
import { isMac, useGlobalHotkeys } from '../../hooks/use-hotkeys.ts';
import { goTo } from '../../hooks/use-route.ts';
import { useCatalogue } from './catalogue.ts';
import { useServers } from '../../state/stores.ts';
import { common } from '../../text/common.ts';
import { submitText } from '../../text/submit.ts';
import { catalogueError, swarmForm } from '../../text/swarm.ts';
import { Row } from '../inputs.tsx';
import {
  faultsOf,
  keptText,
  mostSeed,
  modelOf,
  planOf,
  readKept,
  seedPlanOf,
  shownEssential,
  submissionOf,
} from './draft.ts';
import type { Essential, Model, SwarmDraft } from './draft.ts';
import { SwarmMakes } from './makes.tsx';
import { ModelPicker } from './model.tsx';
import { SwarmMore } from './more.tsx';
import { SubmitWhere } from '../where.tsx';
import inputs from '../inputs.module.css';
import seedStyles from '../seeds.module.css';
import view from '../view.module.css';
import styles from './form.module.css';

const KEPT_AS = 'switchyard.new-job.swarm';
const KEEP_AFTER_MS = 400;

const EMPTY: CatalogueView = { models: [], params: [], groups: [], defaults: {}, others: {}, fetchedAt: 0 };

export function SubmitSwarm(): ReactNode {
  const api = useApi();
  const [draft, setDraft] = useState<SwarmDraft>(() => readKept(localStorageText()));
  /** The same press sent twice over a broken line must not queue twice. */
  const token = useRef<string | null>(null);
  const change = (next: Partial<SwarmDraft>): void => {
    token.current = null;
    setDraft((old) => ({ ...old, ...next }));
  };
  useEffect(() => {
    const timer = setTimeout(() => keepText(keptText(draft)), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [draft]);

  const order = useServers((state) => state.order);
  const byId = useServers((state) => state.byId);
  const servers = order.flatMap((id) => byId.get(id) ?? []).filter(({ kind }) => kind === 'swarm');
  const named = servers.find(({ id }) => id === draft.serverId);
  // "Any" is shown with the list of the first that answers.
  const server = named ?? servers.find(({ status }) => status.contact === 'online') ?? servers[0];
  const { catalogue: known, error: refusal, busy: reading, refresh } = useCatalogue(server?.id ?? null);
  const catalogue = known ?? EMPTY;

  const model = modelOf(draft, catalogue);
  const faults = faultsOf(draft, catalogue);
  const plan = known === null ? null : planOf(draft, catalogue);
  const ready = plan !== null && plan.total !== Infinity;
  const missing =
    server === undefined
      ? swarmForm.noServer
      : known === null
        ? refusal === null
          ? swarmForm.reading
          : catalogueError(refusal, server.name)
        : model === null
          ? swarmForm.chooseModel
          : null;

  const queue = useAct(async (signal, at: 'end' | 'front') => {
    token.current ??= uuidv4();
    const submission = submissionOf(draft, catalogue, at, token.current);
    if (submission === null) return;
    const { jobs } = await api.jobs.submit(submission, { signal });
    token.current = null;
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

  const set = (id: string, typed: string): void => change({ values: { ...draft.values, [id]: typed } });
  const numbered = (id: Essential, unit: string): ReactNode => (
    <TextInput
      type="number"
      step="any"
      aria-label={unit}
      {...(faults.has(id) ? { 'aria-invalid': true as const, title: faults.get(id) } : {})}
      unit={unit}
      value={shownEssential(draft, catalogue, id)}
      onChange={(event) => set(id, event.currentTarget.value)}
    />
  );
  const size = (id: 'width' | 'height'): number | null => Number(shownEssential(draft, catalogue, id)) || null;
  const only = servers.length === 1 ? servers[0] : named;

  return (
    <div className={view['page']}>
      <div className={view['form']}>
        <section className={inputs['inputs']} aria-label={swarmForm.whatItMakes}>
          <div className={inputs['head']}>
            <h2 className={inputs['heading']}>{swarmForm.whatItMakes}</h2>
            {Object.keys(draft.values).length > 0 && (
              <Button look="quiet" size="s" onClick={() => change({ values: {} })}>
                {submitText.reset}
              </Button>
            )}
          </div>
          {refusal !== null && server !== undefined && (
            <p className={inputs['warning']} role="alert">
              {catalogueError(refusal, server.name)}
            </p>
          )}
          <Field
            label={swarmForm.model}
            error={known !== null && model === null && draft.model !== '' ? swarmForm.modelGone(draft.model) : null}
            hint={
              known === null
                ? reading
                  ? swarmForm.reading
                  : undefined
                : catalogue.models.length === 0
                  ? swarmForm.noModels
                  : model === null
                    ? undefined
                    : sizeHint(model)
            }
          >
            {(control) => (
              <span className={styles['model']}>
                <ModelPicker
                  id={control.id}
                  describedBy={control['aria-describedby']}
                  invalid={control['aria-invalid'] === true}
                  models={catalogue.models}
                  value={model}
                  missing={draft.model}
                  onValue={({ name }) => {
                    // Another model brings its own size.
                    const { width: _width, height: _height, ...values } = draft.values;
                    change({ model: name, values });
                  }}
                />
                <Button
                  icon="refresh"
                  title={swarmForm.refreshTitle}
                  disabled={reading || server === undefined}
                  onClick={refresh}
                >
                  {reading && known !== null ? swarmForm.refreshing : swarmForm.refresh}
                </Button>
              </span>
            )}
          </Field>
          <Field label={submitText.prompt} hint={submitText.promptHint}>
            {(control) => (
              <TextArea
                {...control}
                rows={3}
                value={draft.prompt}
                onChange={(event) => change({ prompt: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={submitText.negative}>
            {(control) => (
              <TextArea
                {...control}
                className={inputs['low'] ?? ''}
                rows={1}
                value={draft.negative}
                onChange={(event) => change({ negative: event.currentTarget.value })}
              />
            )}
          </Field>
          <Row label={submitText.size}>
            <div className={inputs['trio']}>
              {numbered('width', submitText.width)}
              {numbered('height', submitText.height)}
              {numbered('steps', submitText.steps)}
            </div>
          </Row>
          <Row label={swarmForm.images}>
            <div className={inputs['trio']}>
              <TextInput
                type="number"
                min={1}
                aria-label={swarmForm.images}
                {...(faults.has('images') ? { 'aria-invalid': true as const, title: faults.get('images') } : {})}
                unit={swarmForm.perJob}
                value={draft.images}
                onChange={(event) => change({ images: event.currentTarget.value })}
              />
              {numbered('cfgscale', submitText.cfg)}
            </div>
          </Row>
          {known !== null && <SwarmMore draft={draft} catalogue={catalogue} faults={faults} onValue={set} />}
        </section>
        <Seeds draft={draft} catalogue={catalogue} onChange={change} />
        <SubmitWhere kinds={['swarm']} draft={draft} onChange={change} />
      </div>
      <div className={view['side']}>
        <SwarmMakes
          draft={draft}
          plan={plan}
          missing={missing}
          size={{ width: size('width'), height: size('height') }}
          serverId={only?.id ?? null}
          busy={queue.busy}
          error={queue.error === null ? null : common.error(queue.error.code)}
          queueKey={isMac ? '⌘ ⏎' : 'Ctrl ⏎'}
          onQueue={queue.run}
        />
      </div>
    </div>
  );
}

/** "Its own size: 1024×1024", where the server knows it. */
const sizeHint = ({ width, height }: Model): string | undefined =>
  width === null || height === null ? undefined : swarmForm.ownSize(width, height);

function Seeds({
  draft,
  catalogue,
  onChange,
}: {
  draft: SwarmDraft;
  catalogue: CatalogueView;
  onChange: (next: Partial<SwarmDraft>) => void;
}): ReactNode {
  const { seeds } = draft;
  const plan = seedPlanOf(draft, catalogue);
  const set = (next: Partial<typeof seeds>): void => onChange({ seeds: { ...seeds, ...next } });
  const invalid = plan === null ? { 'aria-invalid': true as const } : {};
  return (
    <section className={seedStyles['seeds']} aria-label={submitText.howMany}>
      <h2 className={seedStyles['heading']}>{submitText.howMany}</h2>
      <Row label={submitText.seeds}>
        <div className={seedStyles['line']}>
          <Segmented
            label={submitText.seeds}
            value={seeds.mode}
            options={(['fixed', 'random', 'range'] as const).map((mode) => ({
              value: mode,
              label: submitText.seedModes[mode],
            }))}
            onValueChange={(mode) => set({ mode })}
          />
          {seeds.mode === 'fixed' ? (
            <TextInput
              className={seedStyles['from'] ?? ''}
              type="number"
              min={0}
              max={mostSeed(catalogue)}
              aria-label={swarmForm.seedValue}
              {...invalid}
              value={seeds.fixed}
              onChange={(event) => set({ fixed: event.currentTarget.value })}
            />
          ) : (
            <TextInput
              className={seedStyles['count'] ?? ''}
              type="number"
              min={1}
              max={10_000}
              aria-label={submitText.seedsPerPrompt}
              {...invalid}
              unit={submitText.perPrompt}
              value={seeds.count}
              onChange={(event) => set({ count: event.currentTarget.value })}
            />
          )}
          {seeds.mode === 'range' && (
            <TextInput
              className={seedStyles['from'] ?? ''}
              type="number"
              min={0}
              aria-label={submitText.seedFrom}
              {...invalid}
              lead={submitText.seedFrom}
              value={seeds.from}
              onChange={(event) => set({ from: event.currentTarget.value })}
            />
          )}
        </div>
        {plan?.mode === 'range' && plan.count > 1 && (
          <p className={seedStyles['note']}>{submitText.seedRange(plan.from, plan.from + plan.count - 1)}</p>
        )}
      </Row>
    </section>
  );
}

/** Storage may be switched off or full: then the form begins empty, and that is all. */
function localStorageText(): string | null {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}

function keepText(text: string): void {
  try {
    localStorage.setItem(KEPT_AS, text);
  } catch {
    // As above: keeping the last form is a convenience.
  }
}
