/** A button that is only a glyph. Its name is spoken and shown as a tooltip. */
import type { ComponentPropsWithRef, ReactNode } from 'react';
import { cx } from './class-names.ts';
import type { IconName } from './icons.tsx';
import { Icon } from './icons.tsx';
import styles from './icon-button.module.css';

export interface IconButtonProps extends Omit<ComponentPropsWithRef<'button'>, 'children' | 'aria-label'> {
  name: string;
  icon: IconName;
}

export function IconButton({ name, icon, className, type = 'button', ...rest }: IconButtonProps): ReactNode {
  return (
    <button type={type} className={cx(styles['button'], className)} aria-label={name} title={name} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
