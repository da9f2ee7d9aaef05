/** Where it goes: one server by name, or the first of its kind that is free; with what is before us there. And a note. */
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import type { Kind } from '../../shared/job.ts';
import type { ServerView } from '../../shared/server.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import { Field, TextInput } from '../components/field.tsx';
import { Select } from '../components/select.tsx';
import { useNow } from '../hooks/use-now.ts';
import { othersOf } from '../state/foreign-store.ts';
import { useForeign, useJobs, useServerList } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { submitText } from '../text/submit.ts';
import { freeInMs, jobsFor } from './estimate.ts';
import { submitKinds } from './kinds.ts';
import styles from './seeds.module.css';

const ANY = '';

/** The part of a draft that is chosen here. */
interface Place {
  serverId: ServerId | null;
  note: string;
}

export interface SubmitWhereProps {
  /** What may take it; "any" is of the first. */
  kinds: readonly [Kind, ...Kind[]];
  draft: Place;
  /** A workflow, which may go into another kind's own queue. */
  graph?: ComfyGraph;
  onChange: (next: Partial<Place>) => void;
}

export function SubmitWhere({ kinds, draft, graph, onChange }: SubmitWhereProps): ReactNode {
  const jobs = useJobs((state) => state.byId);
  const foreign = useForeign((state) => state.byServer);
  const nowMs = useNow(5_000);
  const servers = useServerList().filter(({ kind }) => kinds.includes(kind));
  const chosen = servers.find(({ id }) => id === draft.serverId);

  const describe = (server: ServerView): string => {
    const { id } = server;
    if (server.status.contact !== 'online') return submitText.notOnline;
    if (server.paused) return submitText.pausedServer;
    const ours = jobsFor(jobs.values(), id);
    const others = othersOf(foreign.get(id));
    return submitText.load(ours.length + others, freeInMs(ours, others, nowMs));
  };

  const inside = ({ kind }: ServerView): string => (graph === undefined ? '' : submitKinds[kind].inside);
  const notes =
    graph === undefined || chosen === undefined
      ? []
      : submitKinds[chosen.kind].notes(graph, chosen.status.capabilities);

  return (
    <section className={styles['seeds']} aria-label={submitText.where}>
      <h2 className={styles['heading']}>{submitText.where}</h2>
      <Field
        label={submitText.server}
        hint={
          servers.length === 0
            ? submitKinds[kinds[0]].noServer
            : chosen !== undefined && chosen.status.contact !== 'online'
              ? submitText.notOnline
              : undefined
        }
      >
        {(control) => (
          <Select
            {...control}
            value={chosen?.id ?? ANY}
            options={[
              { value: ANY, label: `${common.anyServerOf(kinds[0])}  ·  ${submitText.anyServerHint}` },
              ...servers.map((server) => ({
                value: server.id,
                label: `${server.name}  ·  ${inside(server)}${describe(server)}`,
              })),
            ]}
            onValueChange={(value) => onChange({ serverId: value === ANY ? null : value })}
          />
        )}
      </Field>
      {notes.map((note) => (
        <p key={note} className={styles['raw']}>
          {note}
        </p>
      ))}
      <Field label={submitText.note}>
        {(control) => (
          <TextInput
            {...control}
            maxLength={2_000}
            placeholder={submitText.notePlaceholder}
            value={draft.note}
            onChange={(event) => onChange({ note: event.currentTarget.value })}
          />
        )}
      </Field>
    </section>
  );
}
