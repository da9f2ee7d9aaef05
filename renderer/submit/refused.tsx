/** What servers refused of the jobs that were just queued from here, by node, so that it can be put right in the form. */
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import { useJobs, useServers } from '../state/stores.ts';
import { submitText } from '../text/submit.ts';
import { nodeErrorsOf } from '../../shared/workflow/node-errors.ts';
import styles from './answer.module.css';

export function SubmitRefused({ ids, graph }: { ids: readonly JobId[]; graph: ComfyGraph }): ReactNode {
  const jobs = useJobs((state) => state.byId);
  const servers = useServers((state) => state.byId);
  const refused = useMemo(
    () =>
      ids
        .map((id) => jobs.get(id))
        .find((job): job is JobView => job?.state === 'failed' && job.error?.code === 'server_rejected'),
    [ids, jobs],
  );
  if (refused === undefined || refused.error === null) return null;
  const server = refused.onServerId ?? refused.serverId;
  const faults = nodeErrorsOf(refused.error, graph);
  return (
    <div className={styles['answer']} role="alert">
      <h2 className={styles['title']}>
        {submitText.refused((server === null ? undefined : servers.get(server)?.name) ?? submitText.aServer)}
      </h2>
      {faults.length === 0 ? (
        <p>{refused.error.message}</p>
      ) : (
        <ul>
          {faults.map(({ node, message }, index) => (
            <li key={index}>{submitText.refusedNode(node, message)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
