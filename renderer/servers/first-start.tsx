/** The first start, while there is no server: what was found on this computer, an address field, the demo. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { isAbort, toWire } from '../../shared/errors.ts';
import type { ProbeReport } from '../../shared/server.ts';
import { Button } from '../components/button.tsx';
import { TextInput } from '../components/field.tsx';
import { useApi } from '../hooks/use-api.ts';
import { useApp } from '../state/stores.ts';
import { probeText, reasonText, serversText, startText } from '../text/servers.ts';
import { addressOf } from './form.tsx';
import { ServersFound, useDiscovery } from './found.tsx';
import styles from './first-start.module.css';

export function FirstStart({ onLater }: { onLater?: () => void }): ReactNode {
  const api = useApi();
  const demo = useApp((state) => state.info?.demo ?? false);
  const discovery = useDiscovery(true);
  const [url, setUrl] = useState('');
  const [probe, setProbe] = useState<{ url: string; report: ProbeReport } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const address = addressOf(url);
  const tested = probe !== null && probe.url === address ? probe.report : null;
  const usable = tested?.error === null && tested.kind !== null ? tested.kind : null;

  const go = async (): Promise<void> => {
    if (address === '') return;
    setBusy(true);
    setError(null);
    try {
      if (usable === null) setProbe({ url: address, report: (await api.servers.probe({ url: address })).probe });
      else await api.servers.add({ url: address, kind: usable });
    } catch (thrown) {
      if (!isAbort(thrown)) setError(reasonText(toWire(thrown)));
    } finally {
      setBusy(false);
    }
  };

  const answer = error ?? (tested === null ? '' : probeText(tested).text);
  return (
    <section className={styles['start']} aria-labelledby="first-start-title">
      <div className={styles['column']}>
        <svg
          className={styles['track']}
          viewBox="0 0 560 88"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          aria-hidden="true"
        >
          <path d="M0 66h560" />
          <path d="M120 66c60 0 60-44 120-44h200" strokeDasharray="6 5" />
          <circle cx="300" cy="66" r="7" fill="var(--bg)" />
          <circle cx="360" cy="66" r="7" fill="var(--bg)" />
          <circle cx="440" cy="22" r="7" fill="var(--bg)" />
          <circle cx="470" cy="66" r="8" fill="var(--go)" stroke="none" />
        </svg>
        <h1 id="first-start-title" className={styles['title']}>
          {startText.title}
        </h1>
        <p className={styles['lead']}>{startText.lead}</p>
        <ServersFound discovery={discovery} />
        {!discovery.busy && (
          <Button look="quiet" icon="refresh" className={styles['again']} onClick={discovery.search}>
            {startText.searchAgain}
          </Button>
        )}
        <form
          className={styles['address']}
          onSubmit={(event) => {
            event.preventDefault();
            void go();
          }}
        >
          <TextInput
            className={styles['field'] ?? ''}
            inputMode="url"
            aria-label={startText.addressLabel}
            placeholder={startText.addressPlaceholder}
            value={url}
            onChange={(event) => {
              setUrl(event.currentTarget.value);
              setError(null);
            }}
          />
          <Button type="submit" look={usable === null ? 'plain' : 'solid'} disabled={busy || address === ''}>
            {busy ? serversText.testing : usable === null ? startText.test : startText.add}
          </Button>
        </form>
        <p
          className={styles['answer']}
          role="status"
          data-tone={error !== null ? 'bad' : tested === null ? undefined : probeText(tested).tone}
        >
          {answer}
        </p>
        {!demo && (
          <p className={styles['demo']}>
            {startText.demo}
            <br />
            <code className={styles['command']}>{startText.demoCommand}</code>
          </p>
        )}
        {onLater !== undefined && (
          <Button look="quiet" className={styles['again']} onClick={onLater}>
            {startText.later}
          </Button>
        )}
      </div>
    </section>
  );
}
