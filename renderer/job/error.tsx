/** What went wrong, in the server's words: the node by its title, refused inputs one by one, the traceback folded. */
import type { ReactNode } from 'react';
import type { WireError } from '../../shared/errors.ts';
import type { JobDetail } from '../../shared/job.ts';
import { specOf } from '../../shared/kinds/kinds.ts';
import { detailText } from '../text/history.ts';
import { nodeTitle } from '../../shared/workflow/links.ts';
import { nodeErrorsOf } from '../../shared/workflow/node-errors.ts';
import styles from './error.module.css';

export function JobError({ error, detail }: { error: WireError | null; detail: JobDetail }): ReactNode {
  if (error === null || error.code === 'stopped_elsewhere' || error.code === 'lost') return null;
  if (error.code === 'outputs_unavailable' && detail.job.outputs.stored > 0) return null;
  const graph = specOf(detail.payload).graph(detail.payload) ?? {};
  const nodeId = error.details?.['nodeId'];
  const traceback = error.details?.['traceback'];
  const refused = nodeErrorsOf(error, graph);
  return (
    <section className={styles['error']} aria-label={detailText.error}>
      <h3 className={styles['heading']}>
        {typeof nodeId === 'string' && nodeId !== '' ? detailText.errorIn(nodeTitle(graph, nodeId)) : detailText.error}
      </h3>
      {refused.length === 0 && error.message !== '' && <p className={styles['message']}>{error.message}</p>}
      {refused.length > 0 && (
        <ul className={styles['list']}>
          {refused.map(({ node, message }, index) => (
            <li key={index}>
              <b>{node}</b>: {message}
            </li>
          ))}
        </ul>
      )}
      {typeof traceback === 'string' && traceback.trim() !== '' && (
        <details className={styles['fold']}>
          <summary>{detailText.traceback}</summary>
          <pre className={styles['trace']} tabIndex={0}>
            {traceback}
          </pre>
        </details>
      )}
    </section>
  );
}
