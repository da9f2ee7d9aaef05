/** New job from SwarmUI parameters: model, prompts, size, how many, where; the server's own list and defaults. */
import type { ReactNode } from 'react';
import type { CatalogueView } from '../../../shared/server-manage.ts';
import { Button } from '../../components/button.tsx';
import { Field, TextInput } from '../../components/field.tsx';
import { useServerList } from '../../state/stores.ts';
import { submitText } from '../../text/submit.ts';
import { catalogueError, swarmForm } from '../../text/swarm.ts';
import { SubmitFrame } from '../frame.tsx';
import { InputsSection, NumberInput, PromptField, Trio } from '../parts.tsx';
import { FixedSeed, SubmitSeeds } from '../seeds.tsx';
import { useDraft } from '../use-draft.ts';
import { SubmitWhere } from '../where.tsx';
import { useCatalogue } from './catalogue.ts';
import {
  faultsOf,
  imagesOf,
  keptText,
  modelOf,
  mostSeed,
  planOf,
  readKept,
  seedPlanOf,
  shownEssential,
  submissionOf,
} from './draft.ts';
import type { Essential, Model, SwarmDraft } from './draft.ts';
import { ModelPicker } from './model.tsx';
import { SwarmMore } from './more.tsx';
import inputs from '../inputs.module.css';
import styles from './form.module.css';

const KEPT_AS = 'switchyard.new-job.swarm';

const EMPTY: CatalogueView = { models: [], params: [], groups: [], defaults: {}, others: {}, fetchedAt: 0 };

export function SubmitSwarm(): ReactNode {
  const { draft, change } = useDraft<SwarmDraft>(KEPT_AS, readKept, keptText);
  const servers = useServerList().filter(({ kind }) => kind === 'swarm');
  const named = servers.find(({ id }) => id === draft.serverId);
  // "Any" is shown with the list of the first that answers.
  const server = named ?? servers.find(({ status }) => status.contact === 'online') ?? servers[0];
  const { catalogue: known, error: refusal, busy: reading, refresh } = useCatalogue(server?.id ?? null);
  const catalogue = known ?? EMPTY;

  const model = modelOf(draft, catalogue);
  const faults = faultsOf(draft, catalogue);
  const plan = known === null ? null : planOf(draft, catalogue);
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

  const set = (id: string, typed: string): void => change({ values: { ...draft.values, [id]: typed } });
  const numbered = (id: Essential, unit: string): ReactNode => (
    <NumberInput
      unit={unit}
      value={shownEssential(draft, catalogue, id)}
      wrong={faults.has(id)}
      title={faults.get(id)}
      onValue={(value) => set(id, value)}
    />
  );
  const size = (id: 'width' | 'height'): number | null => Number(shownEssential(draft, catalogue, id)) || null;
  const { seeds } = draft;
  const seedPlan = seedPlanOf(draft, catalogue);

  return (
    <SubmitFrame
      making={{
        draft,
        prompts: [draft.prompt, draft.negative],
        plan,
        missing,
        words: (product) => swarmForm.imagesIn(plan?.images ?? 0, product),
        like: { source: null, width: size('width'), height: size('height'), images: imagesOf(draft) },
        among: ({ kind }) => kind === 'swarm',
        submission: (at, token) => submissionOf(draft, catalogue, at, token),
      }}
    >
      <InputsSection
        title={swarmForm.whatItMakes}
        changed={Object.keys(draft.values).length > 0}
        onReset={() => change({ values: {} })}
      >
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
        <PromptField
          label={submitText.prompt}
          hint={submitText.promptHint}
          rows={3}
          value={draft.prompt}
          onValue={(prompt) => change({ prompt })}
        />
        <PromptField
          label={submitText.negative}
          rows={1}
          value={draft.negative}
          onValue={(negative) => change({ negative })}
        />
        <Trio label={submitText.size}>
          {numbered('width', submitText.width)}
          {numbered('height', submitText.height)}
          {numbered('steps', submitText.steps)}
        </Trio>
        <Trio label={swarmForm.images}>
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
        </Trio>
        {known !== null && <SwarmMore draft={draft} catalogue={catalogue} faults={faults} onValue={set} />}
      </InputsSection>
      <SubmitSeeds
        seeds={seeds}
        plan={seedPlan}
        onChange={(next) => change({ seeds: { ...seeds, ...next } })}
        fixed={
          <FixedSeed
            max={mostSeed(catalogue)}
            aria-label={swarmForm.seedValue}
            {...(seedPlan === null ? { 'aria-invalid': true } : {})}
            value={seeds.fixed}
            onChange={(event) => change({ seeds: { ...seeds, fixed: event.currentTarget.value } })}
          />
        }
      />
      <SubmitWhere kinds={['swarm']} draft={draft} onChange={change} />
    </SubmitFrame>
  );
}

/** "Its own size: 1024×1024", where the server knows it. */
const sizeHint = ({ width, height }: Model): string | undefined =>
  width === null || height === null ? undefined : swarmForm.ownSize(width, height);
