/** Search and filters above History's list. Holds no rows; tells what is to be shown. */
import { useState } from 'react';
import type { ReactNode, Ref } from 'react';
import type { HistoryFilter } from '../../shared/history.ts';
import type { ServerId } from '../../shared/ids.ts';
import { Button } from '../components/button.tsx';
import { Chip } from '../components/chip.tsx';
import { TextInput } from '../components/field.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { Icon } from '../components/icons.tsx';
import { KeyHint } from '../components/key-hint.tsx';
import { Menu } from '../components/menu.tsx';
import { Popover } from '../components/popover.tsx';
import { historyText } from '../text/history.ts';
import { startOfDay } from './layout.ts';
import styles from './filters.module.css';

const DAY_MS = 86_400_000;
export const SHOWS = ['all', 'done', 'cancelled', 'failed', 'foreign'] as const;
export type Show = (typeof SHOWS)[number];
export const SPANS = ['any', 'today', 'yesterday', 'week', 'month'] as const;
export type Span = (typeof SPANS)[number];

/** What the artist chose, in the words of the chips. */
export interface HistoryChoice {
  text: string;
  show: Show;
  serverId: ServerId | null;
  span: Span;
}
export const NO_CHOICE: HistoryChoice = { text: '', show: 'all', serverId: null, span: 'any' };

/** The contract's filter for a choice. Days are those of this computer. */
export function filterOf(choice: HistoryChoice, nowMs: number): HistoryFilter {
  const { show, serverId, span } = choice;
  const today = startOfDay(nowMs);
  const times: Record<Span, { from?: number; to?: number }> = {
    any: {},
    today: { from: today },
    yesterday: { from: startOfDay(today - 1), to: today },
    week: { from: startOfDay(today - 6 * DAY_MS) },
    month: { from: startOfDay(today - 29 * DAY_MS) },
  };
  return {
    // Foreign work has no words, and no states of ours.
    foreign: show === 'foreign' ? 'only' : show === 'all' && choice.text.trim() === '' ? 'with' : 'without',
    ...(show === 'all' || show === 'foreign' ? {} : { states: [show] }),
    ...(serverId === null ? {} : { serverId }),
    ...times[span],
  };
}

export interface HistoryFiltersProps {
  choice: HistoryChoice;
  onChoice: (choice: HistoryChoice) => void;
  servers: readonly { id: ServerId; name: string }[];
  onGoToDay: (dayMs: number) => void;
  searchRef: Ref<HTMLInputElement>;
  onLeaveSearch: () => void;
}

export function HistoryFilters({
  choice,
  onChoice,
  servers,
  onGoToDay,
  searchRef,
  onLeaveSearch,
}: HistoryFiltersProps): ReactNode {
  const server = servers.find(({ id }) => id === choice.serverId);
  return (
    <div className={styles['tools']} role="search">
      <TextInput
        ref={searchRef}
        className={styles['search'] ?? ''}
        type="text"
        inputMode="search"
        aria-label={historyText.search}
        placeholder={historyText.search}
        value={choice.text}
        lead={<Icon name="search" size={14} />}
        unit={
          choice.text === '' ? (
            <KeyHint>/</KeyHint>
          ) : (
            <IconButton
              name={historyText.clearSearch}
              icon="close"
              className={styles['clear']}
              onClick={() => {
                onChoice({ ...choice, text: '' });
              }}
            />
          )
        }
        onChange={(event) => {
          const text = event.currentTarget.value;
          onChoice({ ...choice, text, show: text.trim() !== '' && choice.show === 'foreign' ? 'all' : choice.show });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && choice.text !== '') {
            event.stopPropagation();
            onChoice({ ...choice, text: '' });
          } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
            event.preventDefault();
            onLeaveSearch();
          }
        }}
      />
      <div className={styles['chips']} role="group" aria-label={historyText.chipsLabel}>
        {SHOWS.map((show) => (
          <Chip
            key={show}
            on={choice.show === show}
            onClick={() => {
              onChoice({ ...choice, show, text: show === 'foreign' ? '' : choice.text });
            }}
          >
            {historyText.chips[show]}
          </Chip>
        ))}
        <Menu
          trigger={
            <Chip opens on={choice.serverId !== null}>
              {server?.name ?? historyText.anyServer}
            </Chip>
          }
          items={[
            {
              type: 'check',
              label: historyText.anyServer,
              checked: choice.serverId === null,
              onSelect: () => onChoice({ ...choice, serverId: null }),
            },
            ...servers.map(({ id, name }) => ({
              type: 'check' as const,
              label: name,
              checked: id === choice.serverId,
              onSelect: () => onChoice({ ...choice, serverId: id }),
            })),
          ]}
        />
        <TimeChip choice={choice} onChoice={onChoice} onGoToDay={onGoToDay} />
      </div>
    </div>
  );
}

function TimeChip({
  choice,
  onChoice,
  onGoToDay,
}: Pick<HistoryFiltersProps, 'choice' | 'onChoice' | 'onGoToDay'>): ReactNode {
  const [open, setOpen] = useState(false);
  const [day, setDay] = useState('');
  const labels: Record<Span, string> = { any: historyText.anyTime, ...historyText.times };
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      label={historyText.timeLabel}
      trigger={
        <Chip opens on={choice.span !== 'any'}>
          {labels[choice.span]}
        </Chip>
      }
    >
      <div className={styles['times']}>
        <div className={styles['spans']}>
          {SPANS.map((span) => (
            <Chip
              key={span}
              on={choice.span === span}
              onClick={() => {
                onChoice({ ...choice, span });
                setOpen(false);
              }}
            >
              {labels[span]}
            </Chip>
          ))}
        </div>
        <form
          className={styles['day']}
          onSubmit={(event) => {
            event.preventDefault();
            if (day === '') return;
            onGoToDay(new Date(year, month - 1, date).getTime());
            setOpen(false);
          }}
        >
          <TextInput
            type="date"
            aria-label={historyText.goToDay}
            value={day}
            onChange={(event) => {
              setDay(event.currentTarget.value);
            }}
          />
          <Button type="submit" disabled={day === ''}>
            {historyText.goToDay}
          </Button>
        </form>
      </div>
    </Popover>
  );
}
