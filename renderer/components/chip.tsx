/** A filter that is on or off. For one of several use Segmented; for a choice in a list use Menu with a Chip as trigger. */
import type { ComponentPropsWithRef, ReactNode } from 'react';
import { cx } from './class-names.ts';
import { Icon } from './icons.tsx';
import styles from './chip.module.css';

export interface ChipProps extends ComponentPropsWithRef<'button'> {
  /** Leave out for a chip that opens a menu. */
  on?: boolean;
  /** Draws the small arrow of a chip that opens a menu. */
  opens?: boolean;
}

export function Chip({ on, opens = false, className, children, ...rest }: ChipProps): ReactNode {
  return (
    <button
      type="button"
      {...(on === undefined || opens ? {} : { 'aria-pressed': on })}
      className={cx(styles['chip'], on === true && styles['on'], className)}
      {...rest}
    >
      {children}
      {opens && <Icon name="down" size={12} />}
    </button>
  );
}
