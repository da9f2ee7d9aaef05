/** The button. Four looks: plain (edge), quiet (no edge until hovered), solid (the main thing here), stop (confirms a cancel). */
import type { ComponentPropsWithRef, ReactNode } from 'react';
import { cx } from './class-names.ts';
import type { IconName } from './icons.tsx';
import { Icon } from './icons.tsx';
import { KeyHint } from './key-hint.tsx';
import styles from './button.module.css';

export type ButtonLook = 'plain' | 'quiet' | 'solid' | 'stop';

export interface ButtonProps extends ComponentPropsWithRef<'button'> {
  look?: ButtonLook;
  /** s fits a row (28), m a bar (30), l a dialog (36), xl a thumb (48). */
  size?: 's' | 'm' | 'l' | 'xl';
  icon?: IconName;
  /** The key that does the same, as shown; give `aria-keyshortcuts` too. */
  keyHint?: ReactNode;
  wide?: boolean;
}

export function Button({
  look = 'plain',
  size = 'm',
  icon,
  keyHint,
  wide = false,
  className,
  children,
  type = 'button',
  ...rest
}: ButtonProps): ReactNode {
  return (
    <button
      type={type}
      className={cx(styles['button'], styles[look], styles[size], wide && styles['wide'], className)}
      {...rest}
    >
      {icon !== undefined && <Icon name={icon} size={14} />}
      {children}
      {keyHint !== undefined && <KeyHint>{keyHint}</KeyHint>}
    </button>
  );
}
