/** How many: seeds fixed, random or a range, set in every sampler alike. */
import type { ReactNode } from 'react';
import { TextInput } from '../components/field.tsx';
import { Segmented } from '../components/segmented.tsx';
import { submitText } from '../text/submit.ts';
import { keyOf } from '../../shared/workflow/inputs.ts';
import { seedPlanOf, sentValue, shownValue } from './draft.ts';
import { Row } from './inputs.tsx';
import type { SubmitPartProps } from './inputs.tsx';
import styles from './seeds.module.css';

export function SubmitSeeds({ draft, inputs, onChange }: SubmitPartProps): ReactNode {
  const { seeds } = draft;
  const plan = seedPlanOf(draft);
  const set = (next: Partial<typeof seeds>): void => {
    onChange({ seeds: { ...seeds, ...next } });
  };
  const invalid = plan === null ? { 'aria-invalid': true as const } : {};
  return (
    <section className={styles['seeds']} aria-label={submitText.howMany}>
      <h2 className={styles['heading']}>{submitText.howMany}</h2>
      {inputs.seeds.length === 0 ? (
        <p className={styles['note']}>{submitText.noSeeds}</p>
      ) : (
        <Row label={submitText.seeds}>
          <div className={styles['line']}>
            <Segmented
              label={submitText.seeds}
              value={seeds.mode}
              options={(['fixed', 'random', 'range'] as const).map((mode) => ({
                value: mode,
                label: submitText.seedModes[mode],
              }))}
              onValueChange={(mode) => set({ mode })}
            />
            {seeds.mode !== 'fixed' && (
              <TextInput
                className={styles['count'] ?? ''}
                type="number"
                min={1}
                max={10_000}
                aria-label={submitText.seedsPerPrompt}
                {...invalid}
                unit={submitText.perPrompt}
                value={seeds.count}
                onChange={(event) => set({ count: event.currentTarget.value })}
              />
            )}
            {seeds.mode === 'range' && (
              <TextInput
                className={styles['from'] ?? ''}
                type="number"
                min={0}
                aria-label={submitText.seedFrom}
                {...invalid}
                lead={submitText.seedFrom}
                value={seeds.from}
                onChange={(event) => set({ from: event.currentTarget.value })}
              />
            )}
            {seeds.mode === 'fixed' &&
              inputs.seeds.map((input) => (
                <TextInput
                  key={keyOf(input)}
                  className={styles['from'] ?? ''}
                  type="number"
                  min={0}
                  aria-label={submitText.seedOf(input.nodeTitle)}
                  {...(sentValue(draft, input) === null ? { 'aria-invalid': true } : {})}
                  {...(inputs.seeds.length > 1 ? { unit: input.nodeTitle } : {})}
                  value={String(shownValue(draft, input))}
                  onChange={(event) =>
                    onChange({ values: { ...draft.values, [keyOf(input)]: event.currentTarget.value } })
                  }
                />
              ))}
          </div>
          {seeds.mode === 'range' && plan?.mode === 'range' && plan.count > 1 && (
            <p className={styles['note']}>{submitText.seedRange(plan.from, plan.from + plan.count - 1)}</p>
          )}
          {seeds.mode !== 'fixed' && inputs.seeds.length > 1 && (
            <p className={styles['note']}>{submitText.seedsShared(inputs.seeds.length)}</p>
          )}
        </Row>
      )}
    </section>
  );
}
