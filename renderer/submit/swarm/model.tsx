/**
 * Picks a model from a server's list, which may hold thousands: type words, choose with arrows or the pointer. An input
 * with a list below it (ARIA combobox); nothing is chosen by typing alone.
 */
import { useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { Icon } from '../../components/icons.tsx';
import { common } from '../../text/common.ts';
import { swarmForm } from '../../text/swarm.ts';
import type { Model } from './draft.ts';
import styles from './model.module.css';

const SHOWN = 60;

/** Models that have every typed word in name, title or architecture, in the server's order. */
export function findModels(models: readonly Model[], typed: string): Model[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return models.filter((model) => {
    const text = `${model.name} ${model.title} ${model.architecture ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

const sizeOf = ({ width, height }: Model): string | null =>
  width === null || height === null ? null : common.size(width, height);

export interface ModelPickerProps {
  /** Of the label, for the input. */
  id: string;
  models: readonly Model[];
  value: Model | null;
  /** Shown while nothing is chosen, e.g. a name this server does not have. */
  missing: string;
  describedBy: string | undefined;
  invalid: boolean;
  onValue: (model: Model) => void;
}

export function ModelPicker({
  id,
  models,
  value,
  missing,
  describedBy,
  invalid,
  onValue,
}: ModelPickerProps): ReactNode {
  const listId = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const open = typed !== null;
  const found = open ? findModels(models, typed) : [];
  const shown = found.slice(0, SHOWN);
  const active = shown[Math.min(at, shown.length - 1)];

  const begin = (): void => {
    if (open) return;
    setTyped('');
    setAt(
      Math.max(
        0,
        models.slice(0, SHOWN).findIndex(({ name }) => name === value?.name),
      ),
    );
  };
  const close = (): void => setTyped(null);
  const choose = (model: Model): void => {
    onValue(model);
    close();
  };
  const go = (to: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, to));
    setAt(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        if (open) go(Math.min(at, shown.length - 1) + (event.key === 'ArrowDown' ? 1 : -1));
        else begin();
        break;
      case 'Enter':
        if (!open) return;
        if (active !== undefined) choose(active);
        break;
      case 'Escape':
        if (!open) return;
        close();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      className={styles['picker']}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) close();
      }}
    >
      <span className={styles['box']}>
        <input
          id={id}
          className={styles['input']}
          role="combobox"
          autoComplete="off"
          spellCheck={false}
          aria-expanded={open}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          aria-activedescendant={
            open && active !== undefined ? `${listId}-${String(shown.indexOf(active))}` : undefined
          }
          placeholder={open ? (value?.title ?? swarmForm.modelPlaceholder) : swarmForm.modelPlaceholder}
          value={typed ?? value?.title ?? missing}
          onClick={begin}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <span className={styles['arrow']}>
          <Icon name={open ? 'search' : 'down'} size={14} />
        </span>
      </span>
      <div className={styles['drop']} hidden={!open}>
        <ul ref={list} id={listId} role="listbox" aria-label={swarmForm.models} className={styles['list']}>
          {shown.map((model, index) => (
            <li
              key={model.name}
              id={`${listId}-${String(index)}`}
              role="option"
              aria-selected={model.name === value?.name}
              data-active={model === active ? '' : undefined}
              className={styles['option']}
              onPointerDown={(event) => event.preventDefault()}
              onPointerMove={() => setAt(index)}
              onClick={() => choose(model)}
            >
              <span className={styles['name']}>{model.title}</span>
              <span className={styles['size']}>{sizeOf(model)}</span>
              {model.title !== model.name && <span className={styles['file']}>{model.name}</span>}
            </li>
          ))}
        </ul>
        {(found.length === 0 || found.length > shown.length) && (
          <p className={styles['note']} role="status">
            {found.length === 0 ? swarmForm.noModelFound : swarmForm.moreModels(found.length - shown.length)}
          </p>
        )}
      </div>
    </div>
  );
}
