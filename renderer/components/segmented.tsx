/** One of two to five, all in sight. Arrow keys move the choice (radix RadioGroup). */
import { RadioGroup } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './segmented.module.css';

export interface SegmentedProps<Value extends string> {
  /** Spoken name of the whole. */
  label: string;
  value: Value;
  options: readonly { value: Value; label: string; disabled?: boolean }[];
  onValueChange: (value: Value) => void;
}

export function Segmented<Value extends string>({
  label,
  value,
  options,
  onValueChange,
}: SegmentedProps<Value>): ReactNode {
  return (
    <RadioGroup.Root
      className={styles['group']}
      aria-label={label}
      orientation="horizontal"
      value={value}
      onValueChange={(next) => {
        const chosen = options.find((option) => option.value === next);
        if (chosen !== undefined) onValueChange(chosen.value);
      }}
    >
      {options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          disabled={option.disabled === true}
          className={styles['item']}
        >
          {option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
