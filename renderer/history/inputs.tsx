/** What was sent: prompts, the main inputs, and the whole payload folded. Read only. */
import type { ReactNode } from 'react';
import type { JobPayload } from '../../shared/job.ts';
import { specOf } from '../../shared/kinds/kinds.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import { detailText } from '../text/history.ts';
import { roleLabel } from '../text/submit.ts';
import { findInputs, keyOf } from '../../shared/workflow/inputs.ts';
import type { WorkflowInput } from '../../shared/workflow/inputs.ts';
import styles from './inputs.module.css';

export function HistoryInputs({ payload }: { payload: JobPayload }): ReactNode {
  const spec = specOf(payload);
  const graph = spec.graph(payload);
  const values = spec.values(payload);
  const rows =
    graph !== null
      ? graphRows(graph)
      : Object.entries(values).map(([name, value]) => ({
          key: name,
          label: name,
          value: typeof value === 'string' ? value : JSON.stringify(value),
        }));
  return (
    <section aria-label={detailText.inputs}>
      <h3 className={styles['heading']}>{detailText.inputs}</h3>
      <dl>
        {rows.map(({ key, label, value }) => (
          <div key={key} className={styles['input']}>
            <dt>{label}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      <details className={styles['fold']}>
        <summary>{detailText.payload}</summary>
        <pre className={styles['payload']} tabIndex={0}>
          {JSON.stringify(values, null, 2)}
        </pre>
      </details>
    </section>
  );
}

function graphRows(graph: ComfyGraph): { key: string; label: string; value: string }[] {
  const found = findInputs(graph);
  const single = [found.steps, found.cfg, found.sampler, found.scheduler, found.images].filter(
    (input): input is WorkflowInput => input !== null,
  );
  return [...found.prompts, ...found.negatives, ...single]
    .filter(({ value }) => value !== '')
    .map((input) => ({ key: keyOf(input), label: roleLabel(input.role, input.input), value: String(input.value) }));
}
