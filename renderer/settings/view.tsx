/** Settings, each taking effect at once. Only what has an effect today is here. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Settings } from '../../shared/settings.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Segmented } from '../components/segmented.tsx';
import { Select } from '../components/select.tsx';
import { Switch } from '../components/switch.tsx';
import { useApi } from '../hooks/use-api.ts';
import { sayTrouble } from '../state/actions.ts';
import { useApp, useToasts } from '../state/stores.ts';
import { settingsText as text } from '../text/settings.ts';
import { PageBar } from '../components/page-bar.tsx';
import { DesktopSettings } from './desktop.tsx';
import { Group, Line } from './parts.tsx';
import page from '../components/page.module.css';
import styles from './view.module.css';

const DAYS = ['0', '7', '30', '90', '365'] as const;

export function SettingsView(): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const settings = useApp((state) => state.settings);
  const info = useApp((state) => state.info);
  const [keepDays, setKeepDays] = useState<number | null>(null);
  const set = (change: Partial<Settings>): void => {
    api.settings.set({ settings: change }).catch((error: unknown) => {
      sayTrouble(toasts, error, text.failed);
    });
  };
  if (settings === null) return <p className={styles['loading']}>{text.loading}</p>;
  const days = String(settings.keepHistoryDays);
  const toggle = (
    key:
      | 'askForOne'
      | 'singleKeys'
      | 'discardPartial'
      | 'notifyFailures'
      | 'notifyQueueDone'
      | 'notifyCancelLate'
      | 'freeMemoryWhenDone',
    label: string,
    hint?: string,
  ): ReactNode => (
    <Switch
      label={label}
      {...(hint === undefined ? {} : { hint })}
      checked={settings[key]}
      onCheckedChange={(on) => set({ [key]: on })}
    />
  );
  return (
    <section className={page['view']} aria-label={text.title}>
      <PageBar title={text.title} />
      <div className={page['scroll']}>
        <div className={styles['page']}>
          <Group title={text.look}>
            <Line label={text.theme}>
              <Segmented
                label={text.theme}
                value={settings.theme}
                options={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: text.themes[value] }))}
                onValueChange={(theme) => set({ theme })}
              />
            </Line>
            <Line label={text.density}>
              <Segmented
                label={text.density}
                value={settings.density}
                options={(['normal', 'tight'] as const).map((value) => ({ value, label: text.densities[value] }))}
                onValueChange={(density) => set({ density })}
              />
            </Line>
          </Group>
          <Group title={text.cancelling}>
            {toggle('askForOne', text.askForOne, text.askForOneHint)}
            {toggle('discardPartial', text.discardPartial, text.discardPartialHint)}
          </Group>
          <Group title={text.keys}>{toggle('singleKeys', text.singleKeys, text.singleKeysHint)}</Group>
          <Group title={text.notify}>
            {toggle('notifyFailures', text.notifyFailures)}
            {toggle('notifyQueueDone', text.notifyQueueDone)}
            {toggle('notifyCancelLate', text.notifyCancelLate)}
          </Group>
          <Group title={text.whenDone}>
            {toggle('freeMemoryWhenDone', text.freeMemoryWhenDone, text.freeMemoryWhenDoneHint)}
          </Group>
          <Group title={text.history}>
            <Line label={text.keepHistory} hint={text.keepHistoryHint}>
              <Select
                aria-label={text.keepHistory}
                value={days}
                options={[
                  ...DAYS.map((value) => ({ value: value, label: text.keepFor[value] })),
                  ...(DAYS.some((value) => value === days)
                    ? []
                    : [{ value: days, label: text.keepDays(settings.keepHistoryDays) }]),
                ]}
                onValueChange={(value) => {
                  const next = Number(value);
                  // Keeping less deletes: that asks. Keeping more does not.
                  if (next !== 0 && (settings.keepHistoryDays === 0 || next < settings.keepHistoryDays))
                    setKeepDays(next);
                  else set({ keepHistoryDays: next });
                }}
              />
            </Line>
          </Group>
          <DesktopSettings settings={settings} set={set} />
          {info !== null && (
            <Group title={text.about}>
              <dl className={styles['about']}>
                <dt>{text.version}</dt>
                <dd>
                  Switchyard {info.version} · Node {info.node}
                </dd>
                {info.dataDir !== null && (
                  <>
                    <dt>{text.data}</dt>
                    <dd>
                      <code className={styles['path']}>{info.dataDir}</code>
                    </dd>
                  </>
                )}
                <dt>{text.secrets}</dt>
                <dd>{text.secretsWords[info.secrets]}</dd>
              </dl>
            </Group>
          )}
        </div>
      </div>
      <AlertDialog
        open={keepDays !== null}
        title={text.keepTitle(keepDays ?? 0)}
        keepLabel={text.keepNot}
        actLabel={text.keepDo}
        onKeep={() => setKeepDays(null)}
        onAct={() => {
          if (keepDays !== null) set({ keepHistoryDays: keepDays });
          setKeepDays(null);
        }}
      >
        {text.keepText}
      </AlertDialog>
    </section>
  );
}
