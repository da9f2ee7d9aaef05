/**
 * Menus, as a drop-down from a button or as a context menu over anything, from one list of items. Arrow keys, typing
 * ahead and Esc come from radix.
 */
import { ContextMenu as RadixContext, DropdownMenu } from 'radix-ui';
import { Fragment } from 'react';
import type { ReactNode } from 'react';
import type { IconName } from './icons.tsx';
import { Icon } from './icons.tsx';
import { KeyHint } from './key-hint.tsx';
import styles from './menu.module.css';

export type MenuItem =
  | {
      type?: 'item';
      label: string;
      onSelect: () => void;
      icon?: IconName;
      keyHint?: string;
      disabled?: boolean;
      /** Second line: what it does, or why it can't. */
      hint?: string;
    }
  | { type: 'check'; label: string; checked: boolean; onSelect: () => void }
  | { type: 'line' }
  | { type: 'title'; label: string };

type Parts = Pick<typeof DropdownMenu, 'Item' | 'CheckboxItem' | 'ItemIndicator' | 'Separator' | 'Label'>;

function items(list: readonly MenuItem[], Part: Parts): ReactNode {
  // Where one item has a glyph before its words, all words begin behind that place.
  const withIcons = list.some((item) => 'icon' in item);
  return list.map((item, index) => {
    // Items of a menu have no identity beyond their place in it.
    if (item.type === 'line') return <Part.Separator key={index} className={styles['line']} />;
    if (item.type === 'title') {
      return (
        <Part.Label key={index} className={styles['label']}>
          {item.label}
        </Part.Label>
      );
    }
    if (item.type === 'check') {
      return (
        <Part.CheckboxItem key={index} className={styles['item']} checked={item.checked} onSelect={item.onSelect}>
          <span className={styles['words']}>{item.label}</span>
          <span className={styles['tick']}>
            <Part.ItemIndicator>
              <Icon name="check" size={14} />
            </Part.ItemIndicator>
          </span>
        </Part.CheckboxItem>
      );
    }
    return (
      <Part.Item key={index} className={styles['item']} disabled={item.disabled === true} onSelect={item.onSelect}>
        {withIcons && (
          <span className={styles['lead']}>{item.icon !== undefined && <Icon name={item.icon} size={14} />}</span>
        )}
        <span className={styles['words']}>
          {item.label}
          {item.hint !== undefined && <span className={styles['hint']}>{item.hint}</span>}
        </span>
        {item.keyHint !== undefined && (
          <span className={styles['key']}>
            <KeyHint>{item.keyHint}</KeyHint>
          </span>
        )}
      </Part.Item>
    );
  });
}

export interface MenuProps {
  /** A button; gets aria-haspopup and aria-expanded. */
  trigger: ReactNode;
  items: readonly MenuItem[];
  align?: 'start' | 'end';
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

export function Menu({ trigger, items: list, align = 'end', open, onOpenChange }: MenuProps): ReactNode {
  return (
    <DropdownMenu.Root
      modal={false}
      {...(open === undefined ? {} : { open })}
      {...(onOpenChange === undefined ? {} : { onOpenChange })}
    >
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles['menu']} align={align} sideOffset={4} collisionPadding={8} loop>
          {items(list, DropdownMenu)}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export interface ContextMenuProps {
  items: readonly MenuItem[] | (() => readonly MenuItem[]);
  onOpenChange?: (open: boolean) => void;
  /** One element; the menu opens over it with the right button, a long press, or the menu key. */
  children: ReactNode;
}

/** `items` as a function is asked when the menu opens, so that rows need not build menus nobody looks at. */
export function ContextMenu({ items: list, onOpenChange, children }: ContextMenuProps): ReactNode {
  return (
    <RadixContext.Root modal={false} {...(onOpenChange === undefined ? {} : { onOpenChange })}>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal>
        <RadixContext.Content className={styles['menu']} collisionPadding={8} loop>
          <LateItems list={list} />
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}

function LateItems({ list }: { list: ContextMenuProps['items'] }): ReactNode {
  const made = typeof list === 'function' ? list() : list;
  return <Fragment>{items(made, RadixContext)}</Fragment>;
}
