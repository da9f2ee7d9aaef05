/** What both submit forms are made of: a section of inputs, rows of them, prompts and numbers. */
import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Field, TextArea, TextInput } from '../components/field.tsx';
import { submitText } from '../text/submit.ts';
import styles from './inputs.module.css';

/** Inputs under a heading, with the way back once something was changed. */
export function InputsSection({
  title,
  changed,
  onReset,
  children,
}: {
  title: string;
  changed: boolean;
  onReset: () => void;
  children: ReactNode;
}): ReactNode {
  return (
    <section className={styles['inputs']} aria-label={title}>
      <div className={styles['head']}>
        <h2 className={styles['heading']}>{title}</h2>
        {changed && (
          <Button look="quiet" size="s" onClick={onReset}>
            {submitText.reset}
          </Button>
        )}
      </div>
      {children}
    </section>
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

/** Up to three controls side by side. */
export function Trio({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <Row label={label}>
      <div className={styles['trio']}>{children}</div>
    </Row>
  );
}

/** A prompt; a negative one has a single line. */
export function PromptField({
  label,
  hint,
  rows,
  value,
  onValue,
}: {
  label: string;
  hint?: string | undefined;
  rows: 1 | 2 | 3;
  value: string;
  onValue: (value: string) => void;
}): ReactNode {
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <TextArea
          {...control}
          {...(rows === 1 ? { className: styles['low'] ?? '' } : {})}
          rows={rows}
          value={value}
          onChange={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A number that is named by its unit. */
export function NumberInput({
  unit,
  value,
  wrong,
  title,
  onValue,
}: {
  unit: string;
  value: string;
  wrong: boolean;
  /** What is wrong, where that can be said. */
  title?: string | undefined;
  onValue: (value: string) => void;
}): ReactNode {
  return (
    <TextInput
      type="number"
      step="any"
      aria-label={unit}
      {...(wrong ? { 'aria-invalid': true, title } : {})}
      unit={unit}
      value={value}
      onChange={(event) => onValue(event.currentTarget.value)}
    />
  );
}
