/** Where it goes: one server by name, or the first of its kind that is free; with what is before us there. And a note. */
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import { Field, TextInput } from '../components/field.tsx';
import { Select } from '../components/select.tsx';
import { useNow } from '../hooks/use-now.ts';
import { useJobs, useServers, useStores } from '../state/stores.ts';
import { useStore } from 'zustand';
import { common } from '../text/common.ts';
import { submitText } from '../text/submit.ts';
import type { Draft } from './submit-draft.ts';
import { freeInMs, jobsFor } from './submit-estimate.ts';
import styles from './submit-seeds.module.css';

const ANY = '';

export function SubmitWhere({
  draft,
  onChange,
}: {
  draft: Draft;
  onChange: (next: Partial<Draft>) => void;
}): ReactNode {
  const stores = useStores();
  const order = useServers((state) => state.order);
  const byId = useServers((state) => state.byId);
  const jobs = useJobs((state) => state.byId);
  const foreign = useStore(stores.foreign, (state) => state.byServer);
  const nowMs = useNow(5_000);
  const servers = order.flatMap((id) => byId.get(id) ?? []).filter(({ kind }) => kind === 'comfy');
  const chosen = servers.find(({ id }) => id === draft.serverId);

  const describe = (id: ServerId): string => {
    const server = byId.get(id);
    if (server === undefined) return '';
    if (server.status.contact !== 'online') return submitText.notOnline;
    if (server.paused) return submitText.pausedServer;
    const ours = jobsFor(jobs.values(), id);
    const others = foreign.get(id)?.total ?? 0;
    return submitText.load(ours.length + others, freeInMs(ours, others, nowMs));
  };

  return (
    <section className={styles['seeds']} aria-label={submitText.where}>
      <h2 className={styles['heading']}>{submitText.where}</h2>
      <Field
        label={submitText.server}
        hint={
          servers.length === 0
            ? submitText.noServer
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
              { value: ANY, label: `${common.anyServerOf('comfy')}  ·  ${submitText.anyServerHint}` },
              ...servers.map(({ id, name }) => ({ value: id, label: `${name}  ·  ${describe(id)}` })),
            ]}
            onValueChange={(value) => onChange({ serverId: value === ANY ? null : value })}
          />
        )}
      </Field>
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
