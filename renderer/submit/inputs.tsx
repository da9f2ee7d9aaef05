/** What a workflow lets one set: prompts, size, sampler and the like first, all other literal inputs folded by node. */
import type { ReactNode } from 'react';
import { Checkbox, Field, TextArea, TextInput } from '../components/field.tsx';
import { submitText } from '../text/submit.ts';
import { keyOf } from '../../shared/workflow/inputs.ts';
import type { WorkflowInput, WorkflowInputs } from '../../shared/workflow/inputs.ts';
import { sentValue, shownValue } from './draft.ts';
import type { Draft } from './draft.ts';
import { InputsSection, NumberInput, PromptField, Row, Trio } from './parts.tsx';
import { planOfSeeds } from './seed-plan.ts';
import { FixedSeed, SubmitSeeds } from './seeds.tsx';
import styles from './inputs.module.css';

/** Suggestions while typing, the names ComfyUI's own nodes know; a server may have more, so anything may be typed. */
const SAMPLERS = [
  'euler',
  'euler_ancestral',
  'heun',
  'dpm_2',
  'dpm_2_ancestral',
  'lms',
  'dpmpp_2s_ancestral',
  'dpmpp_sde',
  'dpmpp_2m',
  'dpmpp_2m_sde',
  'dpmpp_3m_sde',
  'ddpm',
  'lcm',
  'ddim',
  'uni_pc',
  'uni_pc_bh2',
];
const SCHEDULERS = ['normal', 'karras', 'exponential', 'sgm_uniform', 'simple', 'ddim_uniform', 'beta'];

export interface SubmitPartProps {
  draft: Draft;
  inputs: WorkflowInputs;
  onChange: (next: Partial<Draft>) => void;
}

export function SubmitInputs({ draft, inputs, onChange }: SubmitPartProps): ReactNode {
  const set = (input: WorkflowInput, value: string | boolean): void => {
    onChange({ values: { ...draft.values, [keyOf(input)]: value } });
  };
  const text = (input: WorkflowInput): string => String(shownValue(draft, input));
  const wrong = (input: WorkflowInput): string | null =>
    sentValue(draft, input) === null ? submitText.needsNumber : null;
  const { prompts, negatives, width, height, steps, cfg, sampler, scheduler, model, images } = inputs;
  const anything =
    prompts.length + negatives.length + inputs.furtherCount > 0 ||
    [width, height, steps, cfg, sampler, scheduler, model, images].some((input) => input !== null);

  const numbered = (input: WorkflowInput | null, unit: string): ReactNode =>
    input !== null && (
      <NumberInput
        key={keyOf(input)}
        unit={unit}
        value={text(input)}
        wrong={wrong(input) !== null}
        onValue={(value) => set(input, value)}
      />
    );
  const prompt = (input: WorkflowInput, rows: 1 | 2 | 3, alone: string | null, hint?: string): ReactNode => (
    <PromptField
      key={keyOf(input)}
      label={alone ?? submitText.promptOf(input.nodeTitle, input.input)}
      hint={hint}
      rows={rows}
      value={text(input)}
      onValue={(value) => set(input, value)}
    />
  );

  return (
    <InputsSection
      title={submitText.inputs}
      changed={Object.keys(draft.values).length > 0}
      onReset={() => onChange({ values: {} })}
    >
      {draft.workflow.inexact.map((where) => (
        <p key={where} className={styles['warning']}>
          {submitText.inexact(where)}
        </p>
      ))}
      {!anything && <p className={styles['note']}>{submitText.nothingToSet}</p>}
      {prompts.map((input, index) => {
        const alone = prompts.length > 1 ? null : submitText.prompt;
        return index === 0 ? prompt(input, 3, alone, submitText.promptHint) : prompt(input, 2, alone);
      })}
      {negatives.map((input) => prompt(input, 1, negatives.length > 1 ? null : submitText.negative))}
      {(width ?? height ?? steps) !== null && (
        <Trio label={submitText.size}>
          {numbered(width, submitText.width)}
          {numbered(height, submitText.height)}
          {numbered(steps, submitText.steps)}
        </Trio>
      )}
      {(sampler ?? scheduler ?? cfg) !== null && (
        <Row label={submitText.sampler}>
          <div className={styles['trio']}>
            {sampler !== null && (
              <TextInput
                list="sampler-names"
                aria-label={submitText.sampler}
                value={text(sampler)}
                onChange={(event) => set(sampler, event.currentTarget.value)}
              />
            )}
            {scheduler !== null && (
              <TextInput
                list="scheduler-names"
                aria-label={submitText.scheduler}
                value={text(scheduler)}
                onChange={(event) => set(scheduler, event.currentTarget.value)}
              />
            )}
            {numbered(cfg, submitText.cfg)}
          </div>
          <datalist id="sampler-names">
            {SAMPLERS.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <datalist id="scheduler-names">
            {SCHEDULERS.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </Row>
      )}
      {model !== null && (
        <Field label={submitText.model}>
          {(control) => (
            <TextInput {...control} value={text(model)} onChange={(event) => set(model, event.currentTarget.value)} />
          )}
        </Field>
      )}
      {images !== null && <Trio label={submitText.images}>{numbered(images, submitText.imagesUnit)}</Trio>}
      {inputs.furtherCount > 0 && (
        <Row label={submitText.more}>
          <details className={styles['more']}>
            <summary>{submitText.furtherInputs(inputs.furtherCount, inputs.further.length)}</summary>
            {inputs.further.map((group) => (
              <fieldset key={group.nodeId} className={styles['node']}>
                <legend>{group.title}</legend>
                {group.inputs.map((input) => (
                  <Further
                    key={keyOf(input)}
                    input={input}
                    value={shownValue(draft, input)}
                    error={wrong(input)}
                    onValue={(value) => set(input, value)}
                  />
                ))}
              </fieldset>
            ))}
          </details>
        </Row>
      )}
    </InputsSection>
  );
}

function Further({
  input,
  value,
  error,
  onValue,
}: {
  input: WorkflowInput;
  value: string | boolean;
  error: string | null;
  onValue: (value: string | boolean) => void;
}): ReactNode {
  const label = input.input.replaceAll('_', ' ');
  if (typeof value === 'boolean') return <Checkbox label={label} checked={value} onCheckedChange={onValue} />;
  const long = typeof input.value === 'string' && (input.value.includes('\n') || input.value.length > 60);
  return (
    <Field label={label} error={error}>
      {(control) =>
        long ? (
          <TextArea {...control} rows={2} value={value} onChange={(event) => onValue(event.currentTarget.value)} />
        ) : (
          <TextInput
            {...control}
            {...(typeof input.value === 'number' ? { type: 'number', step: 'any' } : {})}
            value={value}
            onChange={(event) => onValue(event.currentTarget.value)}
          />
        )
      }
    </Field>
  );
}

/** How many; a fixed seed is one of the workflow's own inputs. */
export function WorkflowSeeds({ draft, inputs: { seeds }, onChange }: SubmitPartProps): ReactNode {
  return (
    <SubmitSeeds
      seeds={draft.seeds}
      plan={planOfSeeds(draft.seeds)}
      onChange={(next) => onChange({ seeds: { ...draft.seeds, ...next } })}
      fixed={
        seeds.length === 0
          ? null
          : seeds.map((input) => (
              <FixedSeed
                key={keyOf(input)}
                aria-label={submitText.seedOf(input.nodeTitle)}
                {...(sentValue(draft, input) === null ? { 'aria-invalid': true } : {})}
                {...(seeds.length > 1 ? { unit: input.nodeTitle } : {})}
                value={String(shownValue(draft, input))}
                onChange={(event) =>
                  onChange({ values: { ...draft.values, [keyOf(input)]: event.currentTarget.value } })
                }
              />
            ))
      }
      note={draft.seeds.mode !== 'fixed' && seeds.length > 1 ? submitText.seedsShared(seeds.length) : null}
    />
  );
}
