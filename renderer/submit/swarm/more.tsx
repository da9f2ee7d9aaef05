/** All other parameters of a SwarmUI server, folded, by its own groups. Only what is touched is sent; emptied means untouched. */
import type { ReactNode } from 'react';
import type { CatalogueView, ParamView } from '../../../shared/server-manage.ts';
import { Field, TextArea, TextInput } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import { submitText } from '../../text/submit.ts';
import { swarmForm } from '../../text/swarm.ts';
import { Row } from '../parts.tsx';
import { choicesOf, furtherOf } from './draft.ts';
import type { SwarmDraft } from './draft.ts';
import styles from '../inputs.module.css';

const UNTOUCHED = '';

export interface SwarmMoreProps {
  draft: SwarmDraft;
  catalogue: CatalogueView;
  faults: ReadonlyMap<string, string>;
  onValue: (id: string, typed: string) => void;
}

export function SwarmMore({ draft, catalogue, faults, onValue }: SwarmMoreProps): ReactNode {
  const { groups, count, pictures } = furtherOf(catalogue);
  if (count === 0) return null;
  const touchedIn = (params: readonly ParamView[]): number =>
    params.filter(({ id }) => (draft.values[id] ?? '') !== '').length;
  const touched = touchedIn(groups.flatMap(({ params }) => params));
  return (
    <Row label={submitText.more}>
      <details className={styles['more']}>
        <summary>
          {swarmForm.further(count, groups.length)}
          {touched > 0 && swarmForm.touched(touched)}
        </summary>
        <p className={styles['note']}>
          {swarmForm.onlyTouched}
          {pictures > 0 && ` ${swarmForm.pictures(pictures)}`}
        </p>
        {groups.map((group) => (
          <details key={group.id} className={styles['more']}>
            <summary>
              {group.name}
              {touchedIn(group.params) > 0 && swarmForm.touched(touchedIn(group.params))}
            </summary>
            {group.params.map((param) => (
              <Parameter
                key={param.id}
                param={param}
                catalogue={catalogue}
                typed={draft.values[param.id] ?? UNTOUCHED}
                fault={faults.get(param.id) ?? null}
                onValue={(typed) => onValue(param.id, typed)}
              />
            ))}
          </details>
        ))}
      </details>
    </Row>
  );
}

interface ParameterProps {
  param: ParamView;
  catalogue: CatalogueView;
  typed: string;
  fault: string | null;
  onValue: (typed: string) => void;
}

function Parameter({ param, catalogue, typed, fault, onValue }: ParameterProps): ReactNode {
  const choices =
    param.type === 'boolean'
      ? [
          { value: 'true', label: swarmForm.on },
          { value: 'false', label: swarmForm.off },
        ]
      : choicesOf(param, catalogue);
  const usual = param.type === 'boolean' ? (param.default === 'true' ? swarmForm.on : swarmForm.off) : param.default;
  const several = param.type === 'list';
  return (
    <Field label={param.name} error={fault} hint={firstSentence(param.description)}>
      {(control) =>
        choices !== null && !several ? (
          <Select
            {...control}
            value={typed}
            options={[
              {
                value: UNTOUCHED,
                label: swarmForm.asServer(choices.find(({ value }) => value === param.default)?.label ?? usual),
              },
              ...choices,
              // What was set for another server, or has gone since, stays in sight.
              ...(typed === UNTOUCHED || choices.some(({ value }) => value === typed)
                ? []
                : [{ value: typed, label: typed }]),
            ]}
            onValueChange={onValue}
          />
        ) : param.type === 'text' ? (
          <TextArea
            {...control}
            rows={1}
            className={styles['low'] ?? ''}
            placeholder={swarmForm.asServer(usual)}
            value={typed}
            onChange={(event) => onValue(event.currentTarget.value)}
          />
        ) : (
          <TextInput
            {...control}
            {...(param.type === 'integer' || param.type === 'decimal' ? { type: 'number', step: 'any' } : {})}
            placeholder={swarmForm.asServer(usual)}
            value={typed}
            onChange={(event) => onValue(event.currentTarget.value)}
          />
        )
      }
    </Field>
  );
}

/** Descriptions run to paragraphs with markup; the first sentence says what it is. */
function firstSentence(description: string): string {
  const plain = description
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^.{8,160}?[.!?](?=\s|$)/.exec(plain)?.[0] ?? (plain.length > 160 ? `${plain.slice(0, 159)}…` : plain);
}
