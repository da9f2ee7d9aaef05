/**
 * A labelled control in a form, and the plain inputs. Field gives the control its id and ties hint and error to it;
 * it does not know what is in it.
 */
import { useId } from 'react';
import type { ComponentPropsWithRef, ReactNode } from 'react';
import { cx } from './class-names.ts';
import styles from './field.module.css';

export interface FieldControl {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: true;
}

export interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong and what to do, or null. */
  error?: string | null;
  /** `side` puts the label left of the control where there is room. */
  layout?: 'side' | 'above';
  children: (control: FieldControl) => ReactNode;
}

export function Field({ label, hint, error = null, layout = 'side', children }: FieldProps): ReactNode {
  const id = useId();
  const noteId = `${id}-note`;
  const told = error ?? hint;
  const hasNote = told !== undefined && told !== null && told !== '';
  const control: FieldControl = {
    id,
    ...(hasNote ? { 'aria-describedby': noteId } : {}),
    ...(error === null ? {} : { 'aria-invalid': true as const }),
  };
  return (
    <div className={cx(styles['field'], layout === 'above' && styles['above'])}>
      <label className={styles['label']} htmlFor={id}>
        {label}
      </label>
      <div className={styles['control']}>
        {children(control)}
        {hasNote && (
          <p id={noteId} className={cx(styles['note'], error !== null && styles['error'])}>
            {told}
          </p>
        )}
      </div>
    </div>
  );
}

export interface TextInputProps extends ComponentPropsWithRef<'input'> {
  /** Unit or key hint inside the right edge. */
  unit?: ReactNode;
  /** Glyph inside the left edge. */
  lead?: ReactNode;
}

export function TextInput({ unit, lead, className, type = 'text', ...rest }: TextInputProps): ReactNode {
  return (
    <span className={cx(styles['box'], className)}>
      {lead !== undefined && <span className={styles['lead']}>{lead}</span>}
      <input type={type} className={styles['input']} autoComplete="off" spellCheck={false} {...rest} />
      {unit !== undefined && <span className={styles['unit']}>{unit}</span>}
    </span>
  );
}

export function TextArea({ className, rows = 3, ...rest }: ComponentPropsWithRef<'textarea'>): ReactNode {
  return <textarea rows={rows} className={cx(styles['area'], className)} dir="auto" {...rest} />;
}

export interface CheckboxProps extends Omit<ComponentPropsWithRef<'input'>, 'type' | 'onChange'> {
  label: ReactNode;
  onCheckedChange: (checked: boolean) => void;
}

export function Checkbox({ label, onCheckedChange, className, ...rest }: CheckboxProps): ReactNode {
  return (
    <label className={cx(styles['check'], className)}>
      <input
        type="checkbox"
        onChange={(event) => {
          onCheckedChange(event.currentTarget.checked);
        }}
        {...rest}
      />
      <span>{label}</span>
    </label>
  );
}
