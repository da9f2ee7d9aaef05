/** How many: seeds fixed, random or a range. What a fixed seed is differs by kind: each form brings its own fields. */
import type { ReactNode } from 'react';
import { TextInput } from '../components/field.tsx';
import { Segmented } from '../components/segmented.tsx';
import { submitText } from '../text/submit.ts';
import type { SeedPlan } from '../../shared/workflow/variants.ts';
import { Row } from './parts.tsx';
import type { Seeds } from './seed-plan.ts';
import styles from './seeds.module.css';

export interface SubmitSeedsProps {
  seeds: Seeds;
  /** Null while a number is none. */
  plan: SeedPlan | null;
  onChange: (next: Partial<Seeds>) => void;
  /** The fields of fixed seeds; null where there is no seed to set. */
  fixed: ReactNode;
  /** What else there is to know of them. */
  note?: string | null;
}

export function SubmitSeeds({ seeds, plan, onChange, fixed, note = null }: SubmitSeedsProps): ReactNode {
  const field = (key: 'count' | 'from', label: string, props: Parameters<typeof TextInput>[0]): ReactNode => (
    <TextInput
      className={styles[key] ?? ''}
      type="number"
      aria-label={label}
      {...(plan === null ? { 'aria-invalid': true } : {})}
      value={seeds[key]}
      onChange={(event) => onChange({ [key]: event.currentTarget.value })}
      {...props}
    />
  );
  return (
    <section className={styles['seeds']} aria-label={submitText.howMany}>
      <h2 className={styles['heading']}>{submitText.howMany}</h2>
      {fixed === null ? (
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
              onValueChange={(mode) => onChange({ mode })}
            />
            {seeds.mode === 'fixed'
              ? fixed
              : field('count', submitText.seedsPerPrompt, { min: 1, max: 10_000, unit: submitText.perPrompt })}
            {seeds.mode === 'range' && field('from', submitText.seedFrom, { min: 0, lead: submitText.seedFrom })}
          </div>
          {seeds.mode === 'range' && plan?.mode === 'range' && plan.count > 1 && (
            <p className={styles['note']}>{submitText.seedRange(plan.from, plan.from + plan.count - 1)}</p>
          )}
          {note !== null && <p className={styles['note']}>{note}</p>}
        </Row>
      )}
    </section>
  );
}

/** One fixed seed. */
export function FixedSeed(props: Parameters<typeof TextInput>[0]): ReactNode {
  return <TextInput className={styles['from'] ?? ''} type="number" min={0} {...props} />;
}
