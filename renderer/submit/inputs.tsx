/** What a workflow lets one set: prompts, size, sampler and the like first, all other literal inputs folded by node. */
import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Checkbox, Field, TextArea, TextInput } from '../components/field.tsx';
import { submitText } from '../text/submit.ts';
import { keyOf } from '../../shared/workflow/inputs.ts';
import type { WorkflowInput, WorkflowInputs } from '../../shared/workflow/inputs.ts';
import { sentValue, shownValue } from './draft.ts';
import type { Draft } from './draft.ts';
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
      <TextInput
        key={keyOf(input)}
        type="number"
        step="any"
        aria-label={unit}
        {...(wrong(input) === null ? {} : { 'aria-invalid': true })}
        unit={unit}
        value={text(input)}
        onChange={(event) => set(input, event.currentTarget.value)}
      />
    );

  return (
    <section className={styles['inputs']} aria-label={submitText.inputs}>
      <div className={styles['head']}>
        <h2 className={styles['heading']}>{submitText.inputs}</h2>
        {Object.keys(draft.values).length > 0 && (
          <Button look="quiet" size="s" onClick={() => onChange({ values: {} })}>
            {submitText.reset}
          </Button>
        )}
      </div>
      {draft.workflow.inexact.map((where) => (
        <p key={where} className={styles['warning']}>
          {submitText.inexact(where)}
        </p>
      ))}
      {!anything && <p className={styles['note']}>{submitText.nothingToSet}</p>}
      {prompts.map((input, index) => (
        <Field
          key={keyOf(input)}
          label={prompts.length > 1 ? submitText.promptOf(input.nodeTitle, input.input) : submitText.prompt}
          hint={index === 0 ? submitText.promptHint : undefined}
        >
          {(control) => (
            <TextArea
              {...control}
              rows={index === 0 ? 3 : 2}
              value={text(input)}
              onChange={(event) => set(input, event.currentTarget.value)}
            />
          )}
        </Field>
      ))}
      {negatives.map((input) => (
        <Field
          key={keyOf(input)}
          label={negatives.length > 1 ? submitText.promptOf(input.nodeTitle, input.input) : submitText.negative}
        >
          {(control) => (
            <TextArea
              {...control}
              className={styles['low'] ?? ''}
              rows={1}
              value={text(input)}
              onChange={(event) => set(input, event.currentTarget.value)}
            />
          )}
        </Field>
      ))}
      {(width ?? height ?? steps) !== null && (
        <Row label={submitText.size}>
          <div className={styles['trio']}>
            {numbered(width, submitText.width)}
            {numbered(height, submitText.height)}
            {numbered(steps, submitText.steps)}
          </div>
        </Row>
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
      {images !== null && (
        <Row label={submitText.images}>
          <div className={styles['trio']}>{numbered(images, submitText.imagesUnit)}</div>
        </Row>
      )}
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
    </section>
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

/** A label beside several controls that have names of their own. */
export function Row({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div className={styles['row']} role="group" aria-label={label}>
      <span className={styles['label']} aria-hidden="true">
        {label}
      </span>
      <div className={styles['controls']}>{children}</div>
    </div>
  );
}
