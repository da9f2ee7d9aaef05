/** A dialog that holds a form or a sheet. For a question before a cancel or a removal use AlertDialog. */
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { common } from '../text/common.ts';
import { cx } from './class-names.ts';
import { IconButton } from './icon-button.tsx';
import styles from './dialog.module.css';

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** One sentence under the title, spoken with it. */
  description?: string;
  /** Buttons at the bottom right. */
  footer?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  footer,
  wide = false,
  children,
}: DialogProps): ReactNode {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={styles['veil']} />
        <Radix.Content
          className={cx(styles['dialog'], wide && styles['wide'])}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <header className={styles['head']}>
            <Radix.Title className={styles['title']}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton name={common.close} icon="close" />
            </Radix.Close>
          </header>
          {description !== undefined && (
            <Radix.Description className={styles['description']}>{description}</Radix.Description>
          )}
          <div className={styles['body']}>{children}</div>
          {footer !== undefined && <footer className={styles['foot']}>{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
