/**
 * A question before something is stopped or removed: title with verb, count and object; the safe button has the focus
 * and Esc means it. Buttons are named by their verbs. What the question says is the caller's.
 */
import { AlertDialog as Radix } from 'radix-ui';
import { useRef } from 'react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import styles from './dialog.module.css';

export interface AlertDialogProps {
  open: boolean;
  title: string;
  /** The sentences; read out with the title. */
  children: ReactNode;
  /** Inputs between the sentences and the buttons (note, checkbox); not read out with the title. */
  extra?: ReactNode;
  keepLabel: string;
  actLabel: string;
  /** `stop` (red) for what ends work, `solid` for the rest. */
  look?: 'stop' | 'solid';
  /** The act is not possible (yet): still loading, or nothing to do. */
  disabled?: boolean;
  onKeep: () => void;
  onAct: () => void;
  /** Where the focus goes afterwards; without it, back to where it was. */
  returnFocus?: () => HTMLElement | null;
}

export function AlertDialog(props: AlertDialogProps): ReactNode {
  const keep = useRef<HTMLButtonElement>(null);
  return (
    <Radix.Root
      open={props.open}
      onOpenChange={(open) => {
        if (!open) props.onKeep();
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className={styles['veil']} />
        <Radix.Content
          className={styles['dialog']}
          aria-modal="true"
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            keep.current?.focus({ focusVisible: true });
          }}
          onCloseAutoFocus={(event) => {
            const target = props.returnFocus?.() ?? null;
            if (target === null) return;
            event.preventDefault();
            target.focus();
          }}
        >
          <Radix.Title className={styles['title']}>{props.title}</Radix.Title>
          <Radix.Description asChild>
            <div className={styles['body']}>{props.children}</div>
          </Radix.Description>
          {props.extra !== undefined && <div className={styles['extra']}>{props.extra}</div>}
          <footer className={styles['foot']}>
            <Button ref={keep} size="l" onClick={props.onKeep}>
              {props.keepLabel}
            </Button>
            <Button size="l" look={props.look ?? 'stop'} disabled={props.disabled === true} onClick={props.onAct}>
              {props.actLabel}
            </Button>
          </footer>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
